//! The one connection type for every backend.

use std::time::{Duration, Instant};

use diesel::dsl;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
#[cfg(feature = "network")]
use diesel_async::SimpleAsyncConnection as _;

use super::{ConnectError, Reason};
use crate::settings::{Backend, DatabaseSettings};

pub use multi::{AnyConnection as Connection, MultiBackend, MultiField, MultiRawValue, MultiRow};

/// The derive's code would take an enum named `Connection` for Diesel's trait.
#[expect(missing_docs, reason = "the derive documents nothing of what it makes")]
mod multi {
    /// A Diesel connection to any of the backends that this program was built with.
    ///
    /// [`AnyConnection::open`] chooses by the settings. `AnyConnection::establish`, which Diesel's derive writes, tries every
    /// variant in turn and hides every error: use it nowhere.
    #[derive(diesel::MultiConnection)]
    pub enum AnyConnection {
        /// An SQLite file.
        #[cfg(feature = "sqlite")]
        Sqlite(crate::database::SqliteConnection),
        /// A PostgreSQL server.
        #[cfg(feature = "postgres")]
        Postgres(crate::database::PostgresConnection),
        /// A MySQL or MariaDB server.
        #[cfg(feature = "mysql")]
        Mysql(crate::database::MysqlConnection),
    }
}

impl Connection {
    /// Connects to the database of the settings, within their time limit.
    ///
    /// It blocks, also inside an `async` function: there `tokio::task::spawn_blocking` keeps the others going.
    pub fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        match settings.backend {
            #[cfg(feature = "sqlite")]
            Backend::Sqlite => super::sqlite::open(settings).map(Self::Sqlite),
            #[cfg(feature = "postgres")]
            Backend::Postgres => super::PostgresConnection::open(settings).map(Self::Postgres),
            #[cfg(feature = "mysql")]
            Backend::Mysql => super::MysqlConnection::open(settings).map(Self::Mysql),
            #[expect(clippy::allow_attributes, reason = "the next one depends on the features")]
            #[allow(unreachable_patterns)]
            backend => {
                let message = format!("it was built without {backend}");
                Err(ConnectError::new(settings, Reason::NotCompiledIn, message))
            }
        }
    }

    /// As [`AnyConnection::open`], for one who only reads: an SQLite file that does not exist is not created, and appears empty.
    pub(crate) fn open_to_read(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        #[cfg(feature = "sqlite")]
        if settings.backend == Backend::Sqlite {
            return super::sqlite::open_to_read(settings).map(Self::Sqlite);
        }
        Self::open(settings)
    }

    /// Runs a closure in a transaction: Diesel's own method of that name.
    ///
    /// On SQLite it takes the write lock when it begins, and waits for another writer up to 30 s;
    /// [`Connection::read_transaction`] does not wait.
    ///
    /// It is here as well because this type's name hides the trait `Connection` of `diesel::prelude`.
    pub fn transaction<T, E, F>(&mut self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Self) -> Result<T, E>,
        E: From<diesel::result::Error>,
    {
        diesel::Connection::transaction(self, work)
    }

    /// The kind of database that it is connected to.
    pub fn backend(&self) -> Backend {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => Backend::Sqlite,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => Backend::Postgres,
            #[cfg(feature = "mysql")]
            Self::Mysql(_) => Backend::Mysql,
        }
    }

    /// The product and its version: `PostgreSQL 15.18`, `MariaDB 10.11.19`, `SQLite 3.50.4`.
    pub fn server_version(&mut self) -> QueryResult<String> {
        let backend = self.backend();
        let answer: String = version_query(backend).get_result(self)?;
        Ok(version(backend, &answer))
    }

    /// Asks the database something, and gives up after a time.
    pub(crate) fn ask(&mut self, settings: &DatabaseSettings, limit: Duration) -> Result<(), ConnectError> {
        self.run(settings, limit, "SELECT 1")
    }

    /// The same for a connection that was used before: on MySQL its session is restored.
    pub(super) fn ask_used(
        &mut self,
        settings: &DatabaseSettings,
        limit: Duration,
    ) -> Result<(), ConnectError> {
        match self {
            #[cfg(feature = "mysql")]
            Self::Mysql(_) => self.run(settings, limit, super::mysql_session::RESTORE),
            #[expect(clippy::allow_attributes, reason = "the next one depends on the features")]
            #[allow(unreachable_patterns)]
            _ => self.ask(settings, limit),
        }
    }

    /// Runs SQL whose result is of no interest. SQLite has none to run: only its file is looked for.
    fn run(&mut self, settings: &DatabaseSettings, limit: Duration, sql: &str) -> Result<(), ConnectError> {
        let _ = sql;
        let started = Instant::now();
        let answer = match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(connection) => Some(super::sqlite::within(connection, limit, |_| Ok(()))),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => {
                connection.within(limit, async |driver| driver.batch_execute(sql).await)
            }
            #[cfg(feature = "mysql")]
            Self::Mysql(connection) => {
                connection.within(limit, async |driver| driver.batch_execute(sql).await)
            }
        };
        told(settings, answer, limit, started)
    }

    /// As [`Connection::server_version`], and gives up after a time.
    pub(super) fn ask_version(
        &mut self,
        settings: &DatabaseSettings,
        limit: Duration,
    ) -> Result<String, ConnectError> {
        let question = version_query(self.backend());
        let started = Instant::now();
        let answer = match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(connection) => {
                Some(super::sqlite::within(connection, limit, |driver| question.get_result(driver)))
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => connection
                .within(limit, async |driver| diesel_async::RunQueryDsl::get_result(question, driver).await),
            #[cfg(feature = "mysql")]
            Self::Mysql(connection) => connection
                .within(limit, async |driver| diesel_async::RunQueryDsl::get_result(question, driver).await),
        };
        let answer: String = told(settings, answer, limit, started)?;
        Ok(version(self.backend(), &answer))
    }

    /// Asks a question whose answer is a column `text`, and gives up after a time.
    pub(crate) fn ask_texts(
        &mut self,
        settings: &DatabaseSettings,
        limit: Duration,
        question: &str,
    ) -> Result<Vec<String>, ConnectError> {
        let question = diesel::sql_query(question);
        let started = Instant::now();
        let answer: Option<QueryResult<Vec<Row>>> = match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(connection) => {
                Some(super::sqlite::within(connection, limit, |driver| question.load(driver)))
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => connection
                .within(limit, async |driver| diesel_async::RunQueryDsl::load(question, driver).await),
            #[cfg(feature = "mysql")]
            Self::Mysql(connection) => connection
                .within(limit, async |driver| diesel_async::RunQueryDsl::load(question, driver).await),
        };
        Ok(told(settings, answer, limit, started)?.into_iter().filter_map(|row| row.text).collect())
    }

    /// The names and values that MySQL's `SHOW VARIABLES` lists; none from other servers.
    pub(super) fn ask_variables(
        &mut self,
        settings: &DatabaseSettings,
        limit: Duration,
        question: &str,
    ) -> Result<Vec<(String, String)>, ConnectError> {
        let _ = (settings, limit, question);
        match self {
            #[cfg(feature = "mysql")]
            Self::Mysql(connection) => {
                let question = diesel::sql_query(question);
                let started = Instant::now();
                let answer: Option<QueryResult<Vec<Variable>>> = connection
                    .within(limit, async |driver| diesel_async::RunQueryDsl::load(question, driver).await);
                let rows = told(settings, answer, limit, started)?;
                Ok(rows.into_iter().map(|row| (row.name, row.value)).collect())
            }
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            _ => Ok(Vec::new()),
        }
    }
}

/// One row with one text, or none in it.
#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = Nullable<Text>)]
    text: Option<String>,
}

/// A row of MySQL's `SHOW VARIABLES`.
#[cfg(feature = "mysql")]
#[derive(diesel::QueryableByName)]
struct Variable {
    #[diesel(sql_type = Text, column_name = "Variable_name")]
    name: String,
    #[diesel(sql_type = Text, column_name = "Value")]
    value: String,
}

fn version_query(backend: Backend) -> dsl::select<SqlLiteral<Text>> {
    diesel::select(dsl::sql::<Text>(match backend {
        Backend::Sqlite => "sqlite_version()",
        Backend::Postgres => "current_setting('server_version')",
        Backend::Mysql => "version()",
    }))
}

/// The product and the number in the answer. Builders put names of their own behind it: `15.18 (Debian …)`.
pub(super) fn version(backend: Backend, answer: &str) -> String {
    let number = answer.split([' ', '-']).next().unwrap_or_default();
    match backend {
        Backend::Mysql if answer.contains("MariaDB") => format!("MariaDB {number}"),
        backend => format!("{backend} {number}"),
    }
}

fn told<T>(
    settings: &DatabaseSettings,
    answer: Option<QueryResult<T>>,
    limit: Duration,
    started: Instant,
) -> Result<T, ConnectError> {
    match answer {
        Some(Ok(answer)) => Ok(answer),
        #[cfg(feature = "sqlite")]
        Some(Err(error)) if settings.backend == Backend::Sqlite => {
            Err(super::sqlite::failed(settings, limit, started.elapsed(), &error.to_string()))
        }
        Some(Err(error)) => Err(match super::ServerError::of(&error) {
            Some(answer) if answer.code().is_some() => ConnectError::of_answer(settings, &answer),
            // A server's answer has a code: this is the end of the connection.
            _ => ConnectError::new(settings, Reason::Closed, error.to_string()),
        }),
        None => {
            let _ = (limit, started);
            Err(ConnectError::unanswered(settings))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_without_what_builders_add() {
        assert_eq!(version(Backend::Postgres, "15.18 (Debian 15.18-0+deb12u1)"), "PostgreSQL 15.18");
        assert_eq!(version(Backend::Postgres, "17beta1"), "PostgreSQL 17beta1");
        assert_eq!(version(Backend::Mysql, "10.11.19-MariaDB-0+deb12u1"), "MariaDB 10.11.19");
        assert_eq!(version(Backend::Mysql, "8.4.2"), "MySQL 8.4.2");
    }
}
