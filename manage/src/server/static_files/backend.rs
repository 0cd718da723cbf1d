//! Gives tower-http's `ServeDir` the files that rust-embed has.

use std::future::{Ready, ready};
use std::io;
use std::path::{Component, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rust_embed::EmbeddedFile;
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use tower_http::services::fs::{Backend, File, Metadata};

use super::registration::StaticRegistration;

/// The files of one app.
#[derive(Clone, Copy)]
pub(super) struct Files(pub(super) &'static StaticRegistration);

impl Files {
    fn find(self, path: PathBuf) -> io::Result<OpenFile> {
        let mut parts = Vec::new();
        for component in path.components() {
            match component {
                Component::CurDir => {}
                Component::Normal(part) => parts.push(part.to_str().ok_or(io::ErrorKind::NotFound)?),
                _ => return Err(io::ErrorKind::NotFound.into()),
            }
        }
        let file = self.0.file(&parts.join("/")).ok_or(io::ErrorKind::NotFound)?;
        Ok(OpenFile { facts: FileFacts::of(&file), content: io::Cursor::new(file.data) })
    }
}

impl Backend for Files {
    type File = OpenFile;
    type Metadata = FileFacts;
    type OpenFuture = Ready<io::Result<OpenFile>>;
    type MetadataFuture = Ready<io::Result<FileFacts>>;

    fn open(&self, path: PathBuf) -> Self::OpenFuture {
        ready(self.find(path))
    }

    fn metadata(&self, path: PathBuf) -> Self::MetadataFuture {
        ready(self.find(path).map(|file| file.facts))
    }
}

/// The size and the time of a file.
#[derive(Clone, Copy)]
pub(super) struct FileFacts {
    length: u64,
    modified: Option<SystemTime>,
}

impl FileFacts {
    fn of(file: &EmbeddedFile) -> Self {
        let modified = file.metadata.last_modified().map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds));
        Self { length: file.data.len() as u64, modified }
    }
}

impl Metadata for FileFacts {
    fn is_dir(&self) -> bool {
        false
    }

    fn modified(&self) -> io::Result<SystemTime> {
        self.modified.ok_or_else(|| io::ErrorKind::Unsupported.into())
    }

    fn len(&self) -> u64 {
        self.length
    }
}

/// A file in memory.
pub(super) struct OpenFile {
    facts: FileFacts,
    content: io::Cursor<std::borrow::Cow<'static, [u8]>>,
}

impl AsyncRead for OpenFile {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.content).poll_read(cx, buffer)
    }
}

impl AsyncSeek for OpenFile {
    fn start_seek(mut self: Pin<&mut Self>, position: io::SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.content).start_seek(position)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Pin::new(&mut self.content).poll_complete(cx)
    }
}

impl File for OpenFile {
    type Metadata = FileFacts;
    type MetadataFuture<'a> = Ready<io::Result<FileFacts>>;

    fn metadata(&self) -> Self::MetadataFuture<'_> {
        ready(Ok(self.facts))
    }
}
