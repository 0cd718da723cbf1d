//! Diesel's traits for [`SqliteConnection`].
//!
//! They forward to Diesel's own connection, which runs the statements. What they add: the details of errors,
//! transactions that begin as writers, and statements that stay prepared.

use diesel::connection::{
    AnsiTransactionManager, CacheSize, Connection, ConnectionSealed, Instrumentation, LoadConnection,
    MultiConnectionHelper, SimpleConnection, TransactionManager, TransactionManagerStatus,
};
use diesel::expression::QueryMetadata;
use diesel::migration::MigrationConnection;
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::sql_types::TypeMetadata;
use diesel::sqlite::Sqlite;
use diesel::{ConnectionError, ConnectionResult, QueryResult};

use super::begin::begin_immediate;
use super::connection::{Driver, SqliteConnection};
use super::details::SqliteDetails;
use crate::database::delegate::ErrorDetails as _;
use crate::settings::{Backend, DatabaseSettings, Origin};

type DriverCursor<'conn, 'query> = <Driver as LoadConnection>::Cursor<'conn, 'query>;
type DriverRow<'conn, 'query> = <Driver as LoadConnection>::Row<'conn, 'query>;

impl SimpleConnection for SqliteConnection {
    fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        self.deadline.check()?;
        self.busy_timeout.forget_if_named(query);
        self.explained(|driver| driver.batch_execute(query))
    }
}

impl ConnectionSealed for SqliteConnection {}

impl Connection for SqliteConnection {
    type Backend = Sqlite;
    type TransactionManager = SqliteTransactions;

    fn establish(url: &str) -> ConnectionResult<Self> {
        let settings = match DatabaseSettings::from_url("default", url, Origin::Code) {
            Ok(settings) if settings.backend == Backend::Sqlite => settings,
            // A plain path, as Diesel's own connection takes it.
            Err(_) if !url.contains("://") => DatabaseSettings::sqlite("default", url, Origin::Code),
            _ => {
                let message = "not the path or URL of an SQLite database".to_owned();
                return Err(ConnectionError::InvalidConnectionUrl(message));
            }
        };
        super::file::open(&settings).map_err(|error| ConnectionError::BadConnection(error.to_string()))
    }

    fn execute_returning_count<T>(&mut self, source: &T) -> QueryResult<usize>
    where
        T: QueryFragment<Sqlite> + QueryId,
    {
        self.deadline.check()?;
        let Self { driver, details, statements, busy_timeout, .. } = self;
        let count = if T::HAS_STATIC_QUERY_ID {
            driver.execute_returning_count(source)
        } else {
            let query = statements.rendered::<&T, T>(source);
            if query.may_change_session() {
                busy_timeout.forget();
            }
            driver.execute_returning_count(&query)
        };
        count.map_err(|error| details.explain(error))
    }

    fn transaction_state(&mut self) -> &mut AnsiTransactionManager {
        self.driver.transaction_state()
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        self.driver.instrumentation()
    }

    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        self.driver.set_instrumentation(instrumentation);
    }

    fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
        self.driver.set_prepared_statement_cache_size(size);
    }
}

impl LoadConnection for SqliteConnection {
    type Cursor<'conn, 'query> = SqliteRows<'conn, 'query>;
    type Row<'conn, 'query> = DriverRow<'conn, 'query>;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> QueryResult<SqliteRows<'conn, 'query>>
    where
        T: Query + QueryFragment<Sqlite> + QueryId + 'query,
        Sqlite: QueryMetadata<T::SqlType>,
    {
        self.deadline.check()?;
        let Self { driver, details, statements, busy_timeout, .. } = self;
        let rows = if T::HAS_STATIC_QUERY_ID {
            LoadConnection::load(&mut **driver, source)
        } else {
            let query = statements.rendered::<T, T>(source);
            if query.may_change_session() {
                busy_timeout.forget();
            }
            LoadConnection::load(&mut **driver, query)
        };
        match rows {
            Ok(rows) => Ok(SqliteRows { rows, details }),
            Err(error) => Err(details.explain(error)),
        }
    }
}

/// Rows, with the details of an error among them: most statements fail only while their rows arrive.
#[expect(missing_debug_implementations, reason = "Diesel's cursor has none")]
pub struct SqliteRows<'conn, 'query> {
    rows: DriverCursor<'conn, 'query>,
    details: &'conn SqliteDetails,
}

impl<'conn, 'query> Iterator for SqliteRows<'conn, 'query> {
    type Item = QueryResult<DriverRow<'conn, 'query>>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match self.rows.next() {
            Some(Err(error)) => Some(Err(self.details.explain(error))),
            row => row,
        }
    }
}

/// Forwards transactions to Diesel's connection, as writers.
#[derive(Clone, Copy, Debug)]
pub struct SqliteTransactions;

impl TransactionManager<SqliteConnection> for SqliteTransactions {
    type TransactionStateData = AnsiTransactionManager;

    fn begin_transaction(connection: &mut SqliteConnection) -> QueryResult<()> {
        let SqliteConnection { driver, details, busy_timeout, deadline, .. } = connection;
        begin_immediate(driver, busy_timeout, deadline).map_err(|error| details.explain(error))
    }

    fn rollback_transaction(connection: &mut SqliteConnection) -> QueryResult<()> {
        connection.explained(AnsiTransactionManager::rollback_transaction)
    }

    fn commit_transaction(connection: &mut SqliteConnection) -> QueryResult<()> {
        connection.explained(AnsiTransactionManager::commit_transaction)
    }

    fn transaction_manager_status_mut(connection: &mut SqliteConnection) -> &mut TransactionManagerStatus {
        AnsiTransactionManager::transaction_manager_status_mut(&mut *connection.driver)
    }
}

impl SqliteConnection {
    fn explained<T>(&mut self, work: impl FnOnce(&mut Driver) -> QueryResult<T>) -> QueryResult<T> {
        work(&mut self.driver).map_err(|error| self.details.explain(error))
    }
}

/// The methods of `diesel::r2d2::R2D2Connection`. If a project enables Diesel's feature `r2d2` without this
/// crate's, the code that Diesel's derive generates for `manage::Connection` calls these.
#[expect(clippy::allow_attributes, reason = "whether they are used depends on Diesel's features")]
#[allow(dead_code)]
impl SqliteConnection {
    pub(crate) fn ping(&mut self) -> QueryResult<()> {
        self.batch_execute("SELECT 1")
    }

    /// Returns whether the connection has an open transaction.
    pub(crate) fn is_broken(&mut self) -> bool {
        SqliteTransactions::is_broken_transaction_manager(self)
    }
}

#[cfg(feature = "r2d2")]
impl diesel::r2d2::R2D2Connection for SqliteConnection {
    fn ping(&mut self) -> QueryResult<()> {
        Self::ping(self)
    }

    fn is_broken(&mut self) -> bool {
        Self::is_broken(self)
    }
}

impl MigrationConnection for SqliteConnection {
    fn setup(&mut self) -> QueryResult<usize> {
        self.explained(Driver::setup)
    }
}

impl MultiConnectionHelper for SqliteConnection {
    #[inline]
    fn to_any<'a>(lookup: &mut <Sqlite as TypeMetadata>::MetadataLookup) -> &mut (dyn std::any::Any + 'a) {
        lookup
    }

    #[inline]
    fn from_any(lookup: &mut dyn std::any::Any) -> Option<&mut <Sqlite as TypeMetadata>::MetadataLookup> {
        lookup.downcast_mut()
    }
}
