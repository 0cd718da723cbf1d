//! A connection of which a probe asks something: for PostgreSQL and MySQL the driver's session, whose errors have a code, and
//! which becomes Diesel's in the end; Diesel's for SQLite.

use std::time::Duration;

#[cfg(feature = "network")]
use super::Reason;
use super::{ConnectError, Connection};
use crate::settings::{Backend, DatabaseSettings};

pub(super) enum Asking {
    Diesel(Box<Connection>),
    #[cfg(feature = "postgres")]
    Plain(Box<super::PlainSession>),
    #[cfg(feature = "mysql")]
    BareMysql(super::mysql::Bare),
}

impl Asking {
    /// Fails where the settings themselves make every attempt fail.
    pub(super) fn check(settings: &DatabaseSettings) -> Result<(), ConnectError> {
        match settings.backend {
            #[cfg(feature = "postgres")]
            Backend::Postgres => super::postgres::check(settings),
            #[cfg(feature = "mysql")]
            Backend::Mysql => super::mysql::check(settings),
            _ => Ok(()),
        }
    }

    pub(super) fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        #[cfg(feature = "postgres")]
        if settings.backend == Backend::Postgres {
            return super::PlainSession::open(settings).map(|session| Self::Plain(Box::new(session)));
        }
        #[cfg(feature = "mysql")]
        if settings.backend == Backend::Mysql {
            return super::mysql::Bare::open(settings).map(Self::BareMysql);
        }
        #[cfg(feature = "sqlite")]
        if settings.backend == Backend::Sqlite {
            let connection = super::sqlite::open_unchanged(settings)?;
            return Ok(Self::Diesel(Box::new(Connection::Sqlite(connection))));
        }
        Connection::open(settings).map(|connection| Self::Diesel(Box::new(connection)))
    }

    pub(super) fn backend(&self) -> Backend {
        match self {
            Self::Diesel(connection) => connection.backend(),
            #[cfg(feature = "postgres")]
            Self::Plain(_) => Backend::Postgres,
            #[cfg(feature = "mysql")]
            Self::BareMysql(_) => Backend::Mysql,
        }
    }

    /// Tries a write to SQLite's file and rolls it back.
    pub(super) fn try_write(
        &mut self,
        settings: &DatabaseSettings,
        limit: Duration,
    ) -> Result<(), ConnectError> {
        let _ = (settings, limit);
        match self {
            #[cfg(feature = "sqlite")]
            Self::Diesel(connection) => match &mut **connection {
                Connection::Sqlite(connection) => super::sqlite::try_write(connection, settings, limit),
                #[expect(clippy::allow_attributes, reason = "the next one depends on the features")]
                #[allow(unreachable_patterns)]
                _ => Ok(()),
            },
            #[expect(clippy::allow_attributes, reason = "the next one depends on the features")]
            #[allow(unreachable_patterns)]
            _ => Ok(()),
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
            Self::Plain(connection) => {
                let answer = connection.ask("SELECT current_setting('server_version')", limit)?;
                let [Some(answer)] = answer.as_slice() else {
                    return Err(ConnectError::new(settings, Reason::Closed, "it answered without a row"));
                };
                Ok(super::connection::version(Backend::Postgres, answer))
            }
            #[cfg(feature = "mysql")]
            Self::BareMysql(connection) => {
                let rows = connection.ask(settings, limit, "SELECT version()")?;
                let Some(answer) = rows.first().and_then(|row| row.first()) else {
                    return Err(ConnectError::new(settings, Reason::Closed, "it answered without a row"));
                };
                Ok(super::connection::version(Backend::Mysql, answer))
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
            Self::Plain(connection) => {
                let rows = connection.rows(question, limit)?;
                Ok(rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect())
            }
            #[cfg(feature = "mysql")]
            Self::BareMysql(connection) => {
                let rows = connection.ask(settings, limit, question)?;
                Ok(rows.into_iter().filter_map(|row| row.into_iter().next()).collect())
            }
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
            Self::Plain(_) => Ok(Vec::new()),
            #[cfg(feature = "mysql")]
            Self::BareMysql(connection) => {
                let rows = connection.ask(settings, limit, question)?;
                let pair =
                    |row: Vec<String>| <[String; 2]>::try_from(row).ok().map(|[name, value]| (name, value));
                Ok(rows.into_iter().filter_map(pair).collect())
            }
        }
    }
    /// Does what is left to do until the session is one of a command's, and closes it: so what a probe accepts, a command
    /// can use. A driver's session becomes Diesel's, by prepared statements, which not every pooler takes.
    pub(super) fn try_set_up(self, settings: &DatabaseSettings, limit: Duration) -> Result<(), ConnectError> {
        let _ = (settings, limit);
        match self {
            Self::Diesel(_) => Ok(()),
            #[cfg(feature = "postgres")]
            Self::Plain(session) => session.try_set_up(limit),
            #[cfg(feature = "mysql")]
            Self::BareMysql(connection) => connection.try_set_up(settings, limit),
        }
    }
}
