//! Hints for SQLite errors, by result code.

use crate::database::ServerError;
use crate::database::error::remedy::Who;

/// Returns a hint, with the name of the file.
pub(super) fn remedy(error: &ServerError) -> Option<String> {
    let Who { place, origin, .. } = Who::of(error);
    Some(match error.code()?.as_str() {
        "SQLITE_FULL" => format!(
            "The disk of {place} is full, or the file has reached PRAGMA max_page_count: make room there."
        ),
        "SQLITE_READONLY" => format!(
            "{place} cannot be written to: let this user write to the file and to its directory, or open it without `mode=ro` or `immutable=1` ({origin})."
        ),
        "SQLITE_CANTOPEN" => {
            "SQLite creates files beside the database, with WAL also to read it: let this user write to its directory. On a read-only file \
             system open it as file:PATH?immutable=1, or leave WAL before (PRAGMA journal_mode = DELETE)."
                .to_owned()
        }
        "SQLITE_BUSY" => {
            format!("Another process has held the lock of {place} for longer than the busy timeout.")
        }
        "SQLITE_IOERR" => {
            format!("The system could not read or write {place}: check the disk and the system's log.")
        }
        "SQLITE_CORRUPT" | "SQLITE_NOTADB" => {
            format!("The file of {place} is damaged, or is not an SQLite database: restore a backup.")
        }
        _ => return None,
    })
}
