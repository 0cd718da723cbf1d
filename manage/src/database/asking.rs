//! A connection of which a probe asks something: Diesel's, or for PostgreSQL the driver's own, which is sooner there.

use std::time::Duration;

#[cfg(feature = "postgres")]
use super::Reason;
use super::{ConnectError, Connection};
use crate::settings::{Backend, DatabaseSettings};

pub(super) enum Asking {
    Diesel(Box<Connection>),
    #[cfg(feature = "postgres")]
    Bare(super::postgres::Bare),
}

impl Asking {
    pub(super) fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        #[cfg(feature = "postgres")]
        if settings.backend == Backend::Postgres {
            return super::postgres::Bare::open(settings).map(Self::Bare);
        }
        Connection::open(settings).map(|connection| Self::Diesel(Box::new(connection)))
    }

    pub(super) fn backend(&self) -> Backend {
        match self {
            Self::Diesel(connection) => connection.backend(),
            #[cfg(feature = "postgres")]
            Self::Bare(_) => Backend::Postgres,
        }
    }

    /// The product and its version. It gives up after a time, as the others.
    pub(super) fn version(
        &mut self,
        settings: &DatabaseSettings,
        limit: Duration,
    ) -> Result<String, ConnectError> {
        match self {
            Self::Diesel(connection) => connection.ask_version(settings, limit),
            #[cfg(feature = "postgres")]
            Self::Bare(connection) => {
                let answer = connection.ask(settings, limit, "SELECT current_setting('server_version')")?;
                let [answer] = answer.as_slice() else {
                    return Err(ConnectError::new(settings, Reason::Closed, "it answered without a row"));
                };
                Ok(super::connection::version(Backend::Postgres, answer))
            }
        }
    }

    /// The column `text` of the rows that a question has for an answer.
    pub(super) fn texts(
        &mut self,
        settings: &DatabaseSettings,
        limit: Duration,
        question: &str,
    ) -> Result<Vec<String>, ConnectError> {
        match self {
            Self::Diesel(connection) => connection.ask_texts(settings, limit, question),
            #[cfg(feature = "postgres")]
            Self::Bare(connection) => connection.ask(settings, limit, question),
        }
    }

    /// The names and values that MySQL's `SHOW VARIABLES` lists; none from other servers.
    pub(super) fn variables(
        &mut self,
        settings: &DatabaseSettings,
        limit: Duration,
        question: &str,
    ) -> Result<Vec<(String, String)>, ConnectError> {
        match self {
            Self::Diesel(connection) => connection.ask_variables(settings, limit, question),
            #[cfg(feature = "postgres")]
            Self::Bare(_) => Ok(Vec::new()),
        }
    }
}
