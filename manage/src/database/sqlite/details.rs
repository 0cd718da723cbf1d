//! SQLite's result codes, which Diesel does not keep.

use std::sync::Arc;

use diesel::result::{DatabaseErrorKind as Kind, Error as QueryError};

use crate::database::delegate::ErrorDetails;
use crate::database::error::server_error::{ErrorFields, ServerError};
use crate::settings::DatabaseSettings;

/// Determines the code from Diesel's error kind, or else from SQLite's fixed text for a code: SQLite is
/// linked into this program and its texts are never translated. An error with a text of its own ("no such
/// table") has the generic code SQLITE_ERROR.
#[derive(Debug)]
pub(super) struct SqliteDetails(Arc<DatabaseSettings>);

impl SqliteDetails {
    pub(super) fn new(settings: &DatabaseSettings) -> Self {
        Self(Arc::new(settings.clone()))
    }
}

impl ErrorDetails for SqliteDetails {
    fn explain(&self, error: QueryError) -> QueryError {
        let QueryError::DatabaseError(kind, information) = &error else { return error };
        let message = information.message().to_owned();
        let result_code = match kind {
            // Unique and primary keys have codes of their own, but the same kind and text.
            Kind::UniqueViolation => Some("SQLITE_CONSTRAINT"),
            Kind::ForeignKeyViolation => Some("SQLITE_CONSTRAINT_FOREIGNKEY"),
            Kind::NotNullViolation => Some("SQLITE_CONSTRAINT_NOTNULL"),
            Kind::CheckViolation => Some("SQLITE_CONSTRAINT_CHECK"),
            _ => of_text(&message),
        };
        ServerError::new(&self.0, ErrorFields { message, result_code, ..ErrorFields::default() })
            .into_diesel(error)
    }
}

/// Returns whether another process holds a lock that the statement needs.
pub(super) fn is_busy(error: &QueryError) -> bool {
    matches!(error, QueryError::DatabaseError(_, information) if of_text(information.message()) == Some("SQLITE_BUSY"))
}

fn of_text(message: &str) -> Option<&'static str> {
    Some(match message {
        "database is locked" => "SQLITE_BUSY",
        "database table is locked" => "SQLITE_LOCKED",
        "out of memory" => "SQLITE_NOMEM",
        "attempt to write a readonly database" => "SQLITE_READONLY",
        "interrupted" => "SQLITE_INTERRUPT",
        "disk I/O error" => "SQLITE_IOERR",
        "database disk image is malformed" => "SQLITE_CORRUPT",
        "database or disk is full" => "SQLITE_FULL",
        "unable to open database file" => "SQLITE_CANTOPEN",
        "string or blob too big" => "SQLITE_TOOBIG",
        "datatype mismatch" => "SQLITE_MISMATCH",
        "not authorized" => "SQLITE_AUTH",
        "file is not a database" => "SQLITE_NOTADB",
        _ => return None,
    })
}
