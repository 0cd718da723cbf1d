//! SQLite's connection: Diesel's own, but its transactions take the write lock when they begin.

use diesel::QueryResult;
use diesel::connection::{MultiConnectionHelper, SimpleConnection as _};
use diesel::sql_types::TypeMetadata;
use diesel::sqlite::Sqlite;

use super::super::delegate::{self, ErrorDetails as _};
use super::super::instrument::setting_up;
use super::begin::{begin_immediate, is_query_only};
use super::details::SqliteDetails;
use crate::settings::{Backend, DatabaseSettings, Origin};

type Driver = diesel::SqliteConnection;

/// A connection to an SQLite file.
///
/// Its transactions begin with `BEGIN IMMEDIATE`: they wait for another writer at their beginning, for as long as the busy
/// timeout allows. A transaction that begins as a reader and writes later cannot wait, and fails at once with
/// `database is locked` while another process writes.
pub struct SqliteConnection {
    driver: Box<Driver>,
    details: SqliteDetails,
}

impl SqliteConnection {
    pub(super) fn new(driver: Driver, settings: &DatabaseSettings) -> Self {
        Self { driver: Box::new(driver), details: SqliteDetails::new(settings) }
    }

    /// Diesel's own connection, for what only it can do: SQL functions of the program, serialization.
    ///
    /// Transactions that it begins itself are Diesel's: use its `immediate_transaction` for those that write.
    pub fn inner_mut(&mut self) -> &mut diesel::SqliteConnection {
        &mut self.driver
    }

    /// Begins a transaction as a reader; until [`SqliteConnection::end_reading`] a write is an error. Returns what the session was
    /// allowed before.
    pub(crate) fn begin_reading(&mut self) -> QueryResult<WasQueryOnly> {
        let before = WasQueryOnly(is_query_only(&mut self.driver));
        self.set_query_only(true)?;
        delegate::begin(&mut *self.driver)?;
        Ok(before)
    }

    /// Lets the session write again, if it was before.
    pub(crate) fn end_reading(&mut self, before: &WasQueryOnly) -> QueryResult<()> {
        self.set_query_only(before.0)
    }

    fn set_query_only(&mut self, on: bool) -> QueryResult<()> {
        let sql = if on { "PRAGMA query_only = ON" } else { "PRAGMA query_only = OFF" };
        setting_up(|| self.driver.batch_execute(sql))
    }

    fn driver(&mut self) -> &mut Driver {
        &mut self.driver
    }

    fn details(&self) -> SqliteDetails {
        self.details.clone()
    }
}

/// Whether a session was read-only before [`SqliteConnection::begin_reading`].
pub(crate) struct WasQueryOnly(bool);

delegate_connection!(
    SqliteConnection => Driver, SqliteDetails, SqliteTransactions, begin_immediate, delegate::commit,
    |url| {
        let settings = match DatabaseSettings::from_url("default", url, Origin::Code) {
            Ok(settings) if settings.backend == Backend::Sqlite => settings,
            // A plain path, as Diesel's own connection takes it.
            Err(_) if !url.contains("://") => DatabaseSettings::sqlite("default", url, Origin::Code),
            _ => {
                let message = "not the path or URL of an SQLite database".to_owned();
                return Err(diesel::ConnectionError::InvalidConnectionUrl(message));
            }
        };
        super::open(&settings).map_err(|error| diesel::ConnectionError::BadConnection(error.to_string()))
    }
);

impl MultiConnectionHelper for SqliteConnection {
    fn to_any<'a>(lookup: &mut <Sqlite as TypeMetadata>::MetadataLookup) -> &mut (dyn std::any::Any + 'a) {
        lookup
    }

    fn from_any(lookup: &mut dyn std::any::Any) -> Option<&mut <Sqlite as TypeMetadata>::MetadataLookup> {
        lookup.downcast_mut()
    }
}
