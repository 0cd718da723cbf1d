//! One connection type for every backend.

mod batch;
mod multi;
mod query;
mod row;
mod traits;

use std::time::{Duration, Instant};

#[cfg(feature = "postgres")]
use diesel::connection::SimpleConnection as _;
use diesel::dsl;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::operations::{Operations, operations, operations_for};
use super::{ConnectError, Reason};
use crate::settings::{Backend, DatabaseSettings};

pub use batch::InsertReturning;
pub use multi::MultiBackend;

/// A Diesel connection to any of the backends that this program was built with.
///
/// [`Connection::open`] chooses by the settings.
///
/// # Many rows
///
/// `diesel::insert_into(table).values(&rows)` with a slice, an array or a `Vec` inserts all rows, or none if one
/// of them fails. It is one statement, except where the database takes no more: PostgreSQL and MySQL allow
/// 65,535 parameters in a statement, SQLite 32,766, and on SQLite the rows of a statement have the same columns
/// (a field that is `None` leaves out its column, unless `treat_none_as_default_value = false`). Then it is
/// several statements in one transaction. `execute` returns the number of all rows, and without rows it is 0.
/// A server's limit for the size of one statement still holds: MySQL's `max_allowed_packet`.
///
/// Diesel's methods that load rows, such as `get_results`, do not take many rows here:
/// [`Connection::insert_returning`] returns their columns.
///
/// # A lost connection
///
/// If the server or the network closes the connection, every further statement fails: it is not opened again.
/// Diesel's kind of the error is `ClosedConnection`, or on PostgreSQL also `UnableToSendCommand`. A
/// [`Pool`](super::Pool) replaces such a connection.
#[non_exhaustive]
pub enum Connection {
    /// An SQLite file.
    #[cfg(feature = "sqlite")]
    Sqlite(super::SqliteConnection),
    /// A PostgreSQL server.
    #[cfg(feature = "postgres")]
    Postgres(super::PostgresConnection),
    /// A MySQL or MariaDB server.
    #[cfg(feature = "mysql")]
    Mysql(super::MysqlConnection),
}

impl Connection {
    /// Connects to the database of the settings, within their time limit.
    ///
    /// It blocks the thread; inside an `async` function use `tokio::task::spawn_blocking`.
    ///
    /// # Errors
    ///
    /// [`Reason::is_transient`] says whether a later attempt may succeed. This function makes one only: see
    /// [`wait`](crate::wait). If this program was built without the backend, the reason is
    /// [`Reason::NotCompiledIn`].
    ///
    /// ```no_run
    /// # use manage::database::Connection;
    /// # fn opens(settings: &manage::settings::DatabaseSettings) -> manage::Result<Option<Connection>> {
    /// match Connection::open(settings) {
    ///     Ok(connection) => Ok(Some(connection)),
    ///     Err(error) if error.reason.is_transient() => Ok(None),
    ///     Err(error) => Err(error.into()),
    /// }
    /// # }
    /// ```
    pub fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        operations_for(settings)?.open(settings)
    }

    /// Like [`Connection::open`], for reading only: an SQLite file that does not exist is not created, and
    /// appears empty.
    pub(crate) fn open_to_read(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        operations_for(settings)?.open_to_read(settings)
    }

    /// Runs a closure in a transaction: Diesel's own method of that name.
    ///
    /// On SQLite it takes the write lock when it begins, and waits for another writer up to 30 s;
    /// [`Connection::read_transaction`] does not wait.
    ///
    /// It is repeated here because this type's name hides the trait `Connection` of `diesel::prelude`.
    ///
    /// # Errors
    ///
    /// A transaction that conflicts with another one is rolled back, and not tried again. Diesel's kind of
    /// the error is `SerializationFailure`, but not for a deadlock on PostgreSQL and for SQLite's write lock
    /// after 30 s: their [`ServerError::code`](super::ServerError::code) is `40P01` and `SQLITE_BUSY`.
    pub fn transaction<T, E, F>(&mut self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Self) -> Result<T, E>,
        E: From<diesel::result::Error>,
    {
        diesel::Connection::transaction(self, work)
    }

    /// Inserts many rows and loads what the `RETURNING` clause names of each, in whichever order the database
    /// returns them.
    ///
    /// ```no_run
    /// # #[cfg(all(feature = "postgres", not(feature = "sqlite"), not(feature = "mysql")))] {
    /// # use diesel::prelude::*;
    /// # use manage::database::Connection;
    /// diesel::table! {
    ///     articles (id) { id -> Integer, title -> Text, }
    /// }
    ///
    /// # fn inserts(mut connection: Connection) -> QueryResult<()> {
    /// let rows = [articles::title.eq("One"), articles::title.eq("Two")];
    /// let insert = diesel::insert_into(articles::table).values(&rows);
    /// let ids: Vec<i32> = connection.insert_returning(insert.returning(articles::id))?;
    /// assert_eq!(ids.len(), 2);
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    ///
    /// Diesel supports `RETURNING` if none of the program's backends is MySQL, and on SQLite by its feature
    /// `returning_clauses_for_sqlite_3_35`. Rows that do not fit into one statement are divided as described
    /// [above](Connection#many-rows).
    ///
    /// # Errors
    ///
    /// A row that cannot be loaded is a `DeserializationError`. The rows may be inserted nevertheless if they
    /// fit into one statement, which runs without a transaction of its own.
    pub fn insert_returning<U>(&mut self, insert: impl InsertReturning<U>) -> QueryResult<Vec<U>> {
        insert.load_all(self)
    }

    /// Returns the kind of database of this connection.
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

    fn multi_backend(&self) -> MultiBackend {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => MultiBackend::Sqlite(Default::default()),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => MultiBackend::Postgres(Default::default()),
            #[cfg(feature = "mysql")]
            Self::Mysql(_) => MultiBackend::Mysql(Default::default()),
        }
    }

    /// Returns whether the connection has an open transaction, or the server closed it.
    pub(super) fn is_broken(&mut self) -> bool {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(connection) => connection.is_broken(),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => connection.is_broken(),
            #[cfg(feature = "mysql")]
            Self::Mysql(connection) => connection.is_lost(),
        }
    }

    /// Returns the product and its version: `PostgreSQL 15.18`, `MariaDB 10.11.19`, `SQLite 3.50.4`.
    pub fn server_version(&mut self) -> QueryResult<String> {
        let operations = self.operations();
        let query = diesel::select(dsl::sql::<Text>(operations.version_expression()));
        let answer: String = self.with_short_answers(|connection| query.get_result(connection))?;
        Ok(operations.product(&answer))
    }

    /// Returns a function that cancels, over another connection, the statement that the server runs for this
    /// one. A SQLite statement cannot be cancelled.
    pub(crate) fn statement_canceller(&mut self) -> Option<Box<dyn Fn() + Send>> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => None,
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => connection.statement_canceller(),
            #[cfg(feature = "mysql")]
            Self::Mysql(connection) => connection.statement_canceller(),
        }
    }

    /// Returns the operations of the backend.
    pub(crate) fn operations(&self) -> &'static dyn Operations {
        operations(self.backend()).expect("a connection is of a backend that this program was built with")
    }

    /// Calls a function that runs this crate's own statements, whose results are short. If the server sends
    /// more, the connection is closed.
    pub(crate) fn with_short_answers<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => work(self),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => {
                self.expect_few_rows(true);
                let result = work(self);
                self.expect_few_rows(false);
                result
            }
            #[cfg(feature = "mysql")]
            Self::Mysql(connection) => {
                let details = connection.details();
                details.answering_shortly(|| work(self))
            }
        }
    }

    #[cfg(feature = "postgres")]
    fn expect_few_rows(&self, few: bool) {
        match self {
            Self::Postgres(connection) => connection.expect_few_rows(few),
            #[cfg(any(feature = "sqlite", feature = "mysql"))]
            _ => {}
        }
    }

    /// Runs a query with a time limit.
    pub(crate) fn ask(&mut self, settings: &DatabaseSettings, limit: Duration) -> Result<(), ConnectError> {
        self.run(settings, limit, "SELECT 1")
    }

    /// Like [`Self::ask`], for a used connection: on MySQL it also restores the session.
    pub(super) fn ask_used(
        &mut self,
        settings: &DatabaseSettings,
        limit: Duration,
    ) -> Result<(), ConnectError> {
        match self {
            #[cfg(feature = "mysql")]
            Self::Mysql(_) => self.run(settings, limit, crate::database::mysql::session::RESTORE),
            #[expect(clippy::allow_attributes, reason = "the next one depends on the features")]
            #[allow(unreachable_patterns)]
            _ => self.ask(settings, limit),
        }
    }

    /// Runs SQL and ignores the result. For SQLite it only checks that the file exists.
    fn run(&mut self, settings: &DatabaseSettings, limit: Duration, sql: &str) -> Result<(), ConnectError> {
        let _ = sql;
        let started = Instant::now();
        let answer = match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(connection) => {
                Some(crate::database::sqlite::file::within(connection, limit, |_| Ok(())))
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => {
                connection.within(limit, |connection| connection.batch_execute(sql))
            }
            #[cfg(feature = "mysql")]
            Self::Mysql(connection) => connection.run_within(limit, sql),
        };
        reported(settings, answer, limit, started)
    }
}

pub(super) fn reported<T>(
    settings: &DatabaseSettings,
    answer: Option<QueryResult<T>>,
    limit: Duration,
    started: Instant,
) -> Result<T, ConnectError> {
    match answer {
        Some(Ok(answer)) => Ok(answer),
        #[cfg(feature = "sqlite")]
        Some(Err(error)) if settings.backend == Backend::Sqlite => {
            Err(crate::database::sqlite::file::failed(settings, limit, started.elapsed(), &error.to_string()))
        }
        Some(Err(error)) => Err(match super::ServerError::of(&error) {
            Some(answer) if answer.code().is_some() => ConnectError::of_answer(settings, &answer),
            // A server's error has a code. An error without one means that the connection has ended.
            _ => ConnectError::new(settings, Reason::Closed, error.to_string()),
        }),
        None => {
            let _ = (limit, started);
            Err(ConnectError::unanswered(settings))
        }
    }
}
