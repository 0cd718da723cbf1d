//! The errors of statements.

use std::ffi::CString;
use std::io;

use bytes::Bytes;
use diesel::result::{DatabaseErrorKind, Error as QueryError};

use super::connection::PostgresConnection;
use super::protocol::Lost;
use super::wire::fields;
use crate::database::ServerError;
use crate::database::delegate::ErrorDetails as _;
use crate::database::network::contained::Panicked;

/// An error that the server reported.
#[derive(Debug)]
pub(super) struct Failure {
    body: Bytes,
    /// Whether the server reported it before it executed anything of the statement.
    pub(super) is_before_execution: bool,
    has_closed: bool,
}

impl Failure {
    pub(super) fn new(body: Bytes, is_before_execution: bool) -> Self {
        Self { body, is_before_execution, has_closed: false }
    }

    /// Notes that the server closed the connection after it.
    pub(super) fn and_closed(self) -> Self {
        Self { has_closed: true, ..self }
    }

    fn sqlstate(&self) -> &[u8] {
        let mut fields = self.body.split(|byte| *byte == 0);
        fields.find_map(|field| field.strip_prefix(b"C")).unwrap_or_default()
    }

    /// Returns whether the server does not have the statement: it was deallocated, or belongs to another
    /// server session of a pooler.
    pub(super) fn is_lost_statement(&self) -> bool {
        // invalid_sql_statement_name, duplicate_prepared_statement
        matches!(self.sqlstate(), b"26000" | b"42P05")
    }

    /// Returns whether the error may be due to the server keeping the statement. A statement's result cannot
    /// change its columns while it is kept.
    pub(super) fn is_of_kept_statement(&self) -> bool {
        self.is_lost_statement() || self.sqlstate() == b"0A000"
    }
}

/// Returns the error for a statement that cannot be sent.
pub(super) fn unsent(sql: &str, error: &io::Error) -> QueryError {
    match CString::new(sql) {
        Err(zero) => QueryError::InvalidCString(zero),
        Ok(_) => {
            QueryError::DatabaseError(DatabaseErrorKind::UnableToSendCommand, Box::new(error.to_string()))
        }
    }
}

impl PostgresConnection {
    /// Returns the error of a statement, with all that the server said.
    pub(super) fn failed(&mut self, failure: Failure, sql: &str) -> QueryError {
        let kind = match failure.sqlstate() {
            _ if failure.has_closed => DatabaseErrorKind::ClosedConnection,
            b"23001" => DatabaseErrorKind::RestrictViolation,
            b"23502" => DatabaseErrorKind::NotNullViolation,
            b"23503" => DatabaseErrorKind::ForeignKeyViolation,
            b"23505" => DatabaseErrorKind::UniqueViolation,
            b"23514" => DatabaseErrorKind::CheckViolation,
            b"23P01" => DatabaseErrorKind::ExclusionViolation,
            b"25006" => DatabaseErrorKind::ReadOnlyTransaction,
            b"40001" => DatabaseErrorKind::SerializationFailure,
            b"08000" | b"08001" | b"08004" | b"08006" => DatabaseErrorKind::ClosedConnection,
            _ => DatabaseErrorKind::Unknown,
        };
        let error = ServerError::new(self.wire.settings(), fields(&failure.body, Some(sql)));
        error.into_diesel(QueryError::DatabaseError(kind, Box::new(String::new())))
    }

    /// Returns the error for a lost connection. Nothing of its session is left.
    pub(super) fn lost(&mut self, lost: Lost) -> QueryError {
        self.statements.forget_all();
        let error = match lost {
            Lost::Io(error) => match error.kind() {
                io::ErrorKind::InvalidData | io::ErrorKind::Other => error.to_string(),
                _ => "connection closed".to_owned(),
            },
            Lost::Unanswered => {
                if self.cancels {
                    self.cancel();
                }
                "the server did not answer in time".to_owned()
            }
            Lost::Panicked => return Panicked.into_diesel(),
        };
        self.wire.explain(QueryError::DatabaseError(DatabaseErrorKind::UnableToSendCommand, Box::new(error)))
    }
}
