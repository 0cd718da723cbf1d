//! SQLite's connection: Diesel's own, but its transactions take the write lock when they begin.

use diesel::QueryResult;
use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager as _};

use super::begin::{BusyTimeout, is_query_only};
use super::deadline::Deadline;
use super::details::SqliteDetails;
use super::statements::Statements;
use crate::profile::setting_up;
use crate::settings::DatabaseSettings;

pub(super) type Driver = diesel::SqliteConnection;

/// A connection to an SQLite file.
///
/// Its transactions begin with `BEGIN IMMEDIATE`: they wait for another writer at their beginning, for as
/// long as the busy timeout allows. A transaction that begins as a reader and writes later cannot wait, and
/// fails at once with `database is locked` while another process writes.
pub struct SqliteConnection {
    pub(super) driver: Box<Driver>,
    pub(super) details: SqliteDetails,
    pub(super) statements: Statements,
    pub(super) busy_timeout: BusyTimeout,
    pub(super) deadline: Deadline,
}

impl SqliteConnection {
    pub(super) fn new(driver: Driver, settings: &DatabaseSettings) -> Self {
        Self {
            driver: Box::new(driver),
            details: SqliteDetails::new(settings),
            statements: Statements::default(),
            busy_timeout: BusyTimeout::default(),
            deadline: Deadline::default(),
        }
    }

    /// Returns Diesel's own connection, for features that only it has: custom SQL functions and
    /// serialization.
    ///
    /// Transactions that it begins itself are Diesel's: use its `immediate_transaction` for those that write.
    pub fn inner_mut(&mut self) -> &mut diesel::SqliteConnection {
        // It may set the busy timeout.
        self.busy_timeout.forget();
        &mut self.driver
    }

    /// Returns Diesel's own connection.
    pub(super) fn into_inner(self) -> diesel::SqliteConnection {
        *self.driver
    }

    /// Begins a transaction as a reader; until [`SqliteConnection::end_reading`] a write is an error. Returns
    /// whether the session was read-only before.
    pub(crate) fn begin_reading(&mut self) -> QueryResult<WasQueryOnly> {
        let before = WasQueryOnly(is_query_only(&mut self.driver));
        self.set_query_only(true)?;
        AnsiTransactionManager::begin_transaction(&mut *self.driver)?;
        Ok(before)
    }

    /// Restores the write access that the session had before.
    pub(crate) fn end_reading(&mut self, before: &WasQueryOnly) -> QueryResult<()> {
        self.set_query_only(before.0)
    }

    fn set_query_only(&mut self, on: bool) -> QueryResult<()> {
        let sql = if on { "PRAGMA query_only = ON" } else { "PRAGMA query_only = OFF" };
        setting_up(|| self.driver.batch_execute(sql))
    }
}

/// Whether a session was read-only before [`SqliteConnection::begin_reading`].
pub(crate) struct WasQueryOnly(bool);
