//! The errors of a session, and what they are for Diesel and for [`ConnectError`].

use std::io;
use std::sync::Arc;

use diesel::result::{DatabaseErrorKind as Kind, Error as QueryError};

use super::super::guard::Refusal;
use crate::database::error::server_error::{ErrorFields, ServerError};
use crate::database::network::contained::{Panicked, unreadable};
use crate::database::{ConnectError, Reason};
use crate::settings::DatabaseSettings;

/// Why a statement failed.
#[derive(Debug)]
pub(in crate::database::mysql) enum Error {
    /// The server refused it. The session goes on, unless the server ends it.
    Server { number: u16, message: String },
    /// The statement is longer than the server accepts, so it was not sent.
    TooLong { length: usize, limit: usize },
    /// The number of values is not that of the statement's parameters.
    Parameters { expected: usize, bound: usize },
    /// The server violated the protocol, which ended the session.
    Invalid(Option<Refusal>),
    /// The connection failed, which ended the session.
    Io(io::Error),
    /// The session had ended before.
    Ended,
}

pub(super) type Result<T, E = Error> = std::result::Result<T, E>;

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Invalid(Some(refusal))
    }
}

/// What a packet is that does not have the promised content.
pub(super) const MALFORMED: Error = Error::Invalid(None);

impl Error {
    /// Parses an error packet. Before a login is complete it has no SQLSTATE.
    pub(in crate::database::mysql) fn read(packet: &[u8]) -> Self {
        let Some(&[low, high]) = packet.get(1..3) else { return MALFORMED };
        let text = match packet.get(3..) {
            Some([b'#', text @ ..]) => text.get(5..).unwrap_or_default(),
            text => text.unwrap_or_default(),
        };
        Self::Server {
            number: u16::from_le_bytes([low, high]),
            message: String::from_utf8_lossy(text).into_owned(),
        }
    }

    /// Returns whether the session cannot be used again.
    pub(super) fn is_fatal(&self) -> bool {
        matches!(self, Self::Invalid(_) | Self::Io(_) | Self::Ended)
    }

    pub(in crate::database::mysql) fn has_timed_out(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::TimedOut)
    }

    /// Returns the error number of the server.
    pub(super) fn number(&self) -> Option<u16> {
        match self {
            Self::Server { number, .. } => Some(*number),
            _ => None,
        }
    }

    pub(in crate::database::mysql) fn into_connect_error(self, settings: &DatabaseSettings) -> ConnectError {
        match self {
            Self::Server { number, message } => {
                ConnectError::new(settings, Reason::of_mysql(number), message)
                    .with_code(Some(number.to_string()))
            }
            Self::Invalid(refusal) => {
                unreadable(settings, refusal.map(|refusal| refusal.to_string()).as_deref())
            }
            Self::Io(error) if is_end(&error) => ConnectError::new(settings, Reason::Closed, ""),
            Self::Io(error) => ConnectError::of_io(settings, &error),
            Self::Ended => ConnectError::new(settings, Reason::Closed, ""),
            error @ (Self::TooLong { .. } | Self::Parameters { .. }) => {
                ConnectError::new(settings, Reason::Other, error.message())
            }
        }
    }

    pub(super) fn into_diesel(self, settings: &Arc<DatabaseSettings>) -> QueryError {
        let closed = |message: String| QueryError::DatabaseError(Kind::ClosedConnection, Box::new(message));
        match self {
            Self::Server { number, message } => {
                let error = QueryError::DatabaseError(kind(number), Box::new(String::new()));
                let answer = ServerError::new(settings, ErrorFields { message, ..ErrorFields::default() });
                answer.set_number(number);
                answer.into_diesel(error)
            }
            Self::Parameters { .. } => QueryError::SerializationError(self.message().into()),
            Self::TooLong { .. } => {
                let error = QueryError::DatabaseError(Kind::UnableToSendCommand, Box::new(String::new()));
                let fields = ErrorFields { message: self.message(), ..ErrorFields::default() };
                ServerError::new(settings, fields).into_diesel(error)
            }
            Self::Invalid(None) => Panicked.into_diesel(),
            Self::Invalid(Some(refusal)) => closed(unreadable(settings, Some(&refusal.to_string())).message),
            error => closed(error.message()),
        }
    }

    fn message(&self) -> String {
        match self {
            Self::TooLong { length, limit } => format!(
                "the statement has {length} bytes, and the server accepts at most {limit} (max_allowed_packet)"
            ),
            Self::Parameters { expected, bound } => {
                format!("the statement has {expected} parameters, and {bound} values were bound to it")
            }
            Self::Io(error) if !is_end(error) => format!("the connection to the server failed: {error}"),
            _ => "the connection to the server is closed".to_owned(),
        }
    }
}

/// Returns whether the server, or somebody in between, closed the connection.
fn is_end(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe)
}

/// Returns Diesel's kind of an error, as its own MySQL connection does.
fn kind(number: u16) -> Kind {
    match number {
        1062 | 1586 | 1859 => Kind::UniqueViolation,
        1216 | 1217 | 1451 | 1452 | 1830 | 1834 => Kind::ForeignKeyViolation,
        1792 => Kind::ReadOnlyTransaction,
        1048 | 1364 => Kind::NotNullViolation,
        3819 => Kind::CheckViolation,
        1213 => Kind::SerializationFailure,
        _ => Kind::Unknown,
    }
}
