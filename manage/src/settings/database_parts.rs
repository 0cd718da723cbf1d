//! What every source of a database's settings shares: addresses, words, and where relative paths start.

use std::path::{Path, PathBuf};

use super::{Address, Backend, DatabaseSettings, SettingsError, SslMode};

/// A host's address: an absolute path is the folder of a Unix socket.
pub(super) fn address(host: &str, port: u16) -> Address {
    if host.starts_with('/') {
        return Address::Unix(PathBuf::from(host), port);
    }
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    Address::Tcp(bare.to_owned(), port)
}

/// One of libpq's words.
pub(super) fn parse_mode(text: &str, place: &str) -> Result<SslMode, SettingsError> {
    SslMode::parse(text).ok_or_else(|| {
        // The value is not repeated: it may be a password that slipped into the wrong line.
        SettingsError::new(format!("{place}: The value is no sslmode."))
            .hint(format!("It is one of {}.", SslMode::NAMES.join(", ")))
    })
}

/// Relative paths of a file's settings start from the file's folder.
pub(super) fn beside(
    mut settings: DatabaseSettings,
    folder: &Path,
) -> Result<DatabaseSettings, SettingsError> {
    let is_file = settings.backend == Backend::Sqlite
        && settings.name != ":memory:"
        && !settings.name.starts_with("file:");
    if is_file && !folder.as_os_str().is_empty() {
        settings.name = file_beside(&settings, folder)?;
    }
    let tls = &mut settings.tls;
    for path in [&mut tls.root_cert, &mut tls.client_cert, &mut tls.client_key].into_iter().flatten() {
        // `system` is libpq's word for the authorities of the operating system.
        if path.as_os_str() != "system" {
            *path = folder.join(&*path);
        }
    }
    Ok(settings)
}

/// The path of an SQLite file. Diesel takes a text; a directory's name may be none.
fn file_beside(settings: &DatabaseSettings, folder: &Path) -> Result<String, SettingsError> {
    let path = folder.join(&settings.name);
    if let Some(text) = path.to_str() {
        return Ok(text.to_owned());
    }
    // The way up from the working directory needs no names.
    let here = std::env::current_dir().ok();
    let below = here.as_deref().and_then(|here| here.strip_prefix(folder).ok());
    let up = below.map(|below| below.components().map(|_| "..").collect::<PathBuf>().join(&settings.name));
    up.and_then(|path| path.into_os_string().into_string().ok()).ok_or_else(|| {
        let problem = format!("{}: the path of the directory is not valid UTF-8.", settings.origin);
        SettingsError::new(problem)
            .hint("Write an absolute path of an SQLite file that is, or rename the directory.")
    })
}
