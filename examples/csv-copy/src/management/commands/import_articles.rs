use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use diesel::prelude::*;
use manage::console::Progress;
use manage::database::PostgresConnection;
use manage::prelude::*;

use crate::articles;

/// Import articles from a CSV file with the header `ean,name,cents`
#[command]
pub fn import_articles(
    cx: &mut Context,
    /// The file; `-` is stdin
    file: PathBuf,
    /// Delete all other articles
    #[arg(long)]
    replace: bool,
) -> Result<()> {
    let progress;
    let source: Box<dyn Read> = if file.as_os_str() == "-" {
        // Nobody knows how long it is.
        Box::new(cx.stdin())
    } else {
        let cannot = |error| CommandError::new(format!("{} cannot be read: {error}.", file.display()));
        let opened = File::open(&file).map_err(cannot)?;
        progress = cx.progress(opened.metadata()?.len()).bytes();
        Box::new(Counted { file: opened, progress: &progress })
    };
    let imported = cx.connect_as::<PostgresConnection>()?.transaction(|connection| {
        if replace {
            diesel::delete(articles::table).execute(connection)?;
        }
        connection
            .copy_in("COPY articles (ean, name, cents) FROM STDIN WITH (FORMAT csv, HEADER match)", source)
    })?;
    cx.success(format_args!("Imported {imported} articles."))
}

/// A file that shows how much of it has been read.
struct Counted<'a> {
    file: File,
    progress: &'a Progress,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.progress.advance(length as u64);
        Ok(length)
    }
}
