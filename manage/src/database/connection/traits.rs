//! Diesel's traits of a connection, for whichever backend it has.

use diesel::connection::{
    CacheSize, Connection as DieselConnection, ConnectionSealed, Instrumentation, LoadConnection,
    SimpleConnection, TransactionManager, TransactionManagerStatus,
};
use diesel::expression::QueryMetadata;
use diesel::migration::MigrationConnection;
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::sql_types::Untyped;
use diesel::{ConnectionError, ConnectionResult, QueryResult};

use super::Connection;
use super::multi::MultiBackend;
use super::query::{OneBackend, Variant};
use super::row::{Cursor, Row};
use crate::settings::{DatabaseSettings, Origin};

/// Evaluates an expression for the inner connection.
macro_rules! each {
    ($connection:expr, $inner:ident => $result:expr) => {
        match $connection {
            #[cfg(feature = "sqlite")]
            Connection::Sqlite($inner) => $result,
            #[cfg(feature = "postgres")]
            Connection::Postgres($inner) => $result,
            #[cfg(feature = "mysql")]
            Connection::Mysql($inner) => $result,
        }
    };
}

impl SimpleConnection for Connection {
    fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        each!(self, inner => inner.batch_execute(query))
    }
}

impl ConnectionSealed for Connection {}

impl DieselConnection for Connection {
    type Backend = MultiBackend;
    type TransactionManager = Self;

    /// Connects to the database of a URL, or to the SQLite file of a path.
    ///
    /// The scheme chooses the backend. [`Connection::open`] has settings for what a URL cannot say, and an error
    /// with a reason.
    fn establish(url: &str) -> ConnectionResult<Self> {
        let settings = match DatabaseSettings::from_url("default", url, Origin::Code) {
            Ok(settings) => settings,
            // A plain path, as Diesel's own connection to SQLite takes it.
            #[cfg(feature = "sqlite")]
            Err(_) if !url.contains("://") => DatabaseSettings::sqlite("default", url, Origin::Code),
            Err(error) => return Err(ConnectionError::InvalidConnectionUrl(error.problem.to_string())),
        };
        Self::open(&settings).map_err(|error| ConnectionError::BadConnection(error.to_string()))
    }

    fn execute_returning_count<T>(&mut self, source: &T) -> QueryResult<usize>
    where
        T: QueryFragment<MultiBackend> + QueryId,
    {
        each!(self, inner => execute(inner, source))
    }

    fn transaction_state(&mut self) -> &mut Self {
        self
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        each!(self, inner => inner.instrumentation())
    }

    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        each!(self, inner => inner.set_instrumentation(instrumentation));
    }

    fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
        each!(self, inner => inner.set_prepared_statement_cache_size(size));
    }

    fn begin_test_transaction(&mut self) -> QueryResult<()> {
        each!(self, inner => inner.begin_test_transaction())
    }
}

impl LoadConnection for Connection {
    type Cursor<'conn, 'query> = Cursor<'conn, 'query>;
    type Row<'conn, 'query> = Row<'conn, 'query>;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> QueryResult<Cursor<'conn, 'query>>
    where
        T: Query + QueryFragment<MultiBackend> + QueryId + 'query,
        MultiBackend: QueryMetadata<T::SqlType>,
    {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(inner) => load(inner, source).map(Cursor::Sqlite),
            #[cfg(feature = "postgres")]
            Self::Postgres(inner) => load_from_server(inner, source, Cursor::Postgres),
            #[cfg(feature = "mysql")]
            Self::Mysql(inner) => load_from_server(inner, source, Cursor::Mysql),
        }
    }
}

fn execute<C: Variant, T>(connection: &mut C, source: &T) -> QueryResult<usize>
where
    T: QueryFragment<MultiBackend> + QueryId,
{
    connection.execute_returning_count(&OneBackend::<_, T, C>::new(source))
}

fn load<'conn, 'query, C, T>(connection: &'conn mut C, source: T) -> QueryResult<C::Cursor<'conn, 'query>>
where
    C: Variant + LoadConnection + 'query,
    C::Backend: QueryMetadata<Untyped>,
    T: Query + QueryFragment<MultiBackend> + QueryId + 'query,
{
    LoadConnection::load(connection, OneBackend::<_, T, C>::new(source))
}

/// Loads from a server; a function of its own for the reason that `row.rs` gives.
#[cfg(any(feature = "postgres", feature = "mysql"))]
#[inline(never)]
fn load_from_server<'conn, 'query, C, T>(
    connection: &'conn mut C,
    source: T,
    wrap: impl FnOnce(C::Cursor<'conn, 'query>) -> Cursor<'conn, 'query>,
) -> QueryResult<Cursor<'conn, 'query>>
where
    C: Variant + LoadConnection + 'query,
    C::Backend: QueryMetadata<Untyped>,
    T: Query + QueryFragment<MultiBackend> + QueryId + 'query,
{
    load(connection, source).map(wrap)
}

/// The transaction manager of a connection.
type Manager<C> = <C as DieselConnection>::TransactionManager;

fn begin<C: DieselConnection>(connection: &mut C) -> QueryResult<()> {
    Manager::<C>::begin_transaction(connection)
}

fn roll_back<C: DieselConnection>(connection: &mut C) -> QueryResult<()> {
    Manager::<C>::rollback_transaction(connection)
}

fn commit<C: DieselConnection>(connection: &mut C) -> QueryResult<()> {
    Manager::<C>::commit_transaction(connection)
}

fn status<C: DieselConnection>(connection: &mut C) -> &mut TransactionManagerStatus {
    Manager::<C>::transaction_manager_status_mut(connection)
}

fn is_broken<C: DieselConnection>(connection: &mut C) -> bool {
    Manager::<C>::is_broken_transaction_manager(connection)
}

impl TransactionManager<Self> for Connection {
    type TransactionStateData = Self;

    fn begin_transaction(connection: &mut Self) -> QueryResult<()> {
        each!(connection, inner => begin(inner))
    }

    fn rollback_transaction(connection: &mut Self) -> QueryResult<()> {
        each!(connection, inner => roll_back(inner))
    }

    fn commit_transaction(connection: &mut Self) -> QueryResult<()> {
        each!(connection, inner => commit(inner))
    }

    fn transaction_manager_status_mut(connection: &mut Self) -> &mut TransactionManagerStatus {
        each!(connection, inner => status(inner))
    }

    fn is_broken_transaction_manager(connection: &mut Self) -> bool {
        each!(connection, inner => is_broken(inner))
    }
}

impl MigrationConnection for Connection {
    fn setup(&mut self) -> QueryResult<usize> {
        each!(self, inner => inner.setup())
    }
}

#[cfg(feature = "r2d2")]
impl diesel::r2d2::R2D2Connection for Connection {
    fn ping(&mut self) -> QueryResult<()> {
        each!(self, inner => inner.ping())
    }

    fn is_broken(&mut self) -> bool {
        Self::is_broken(self)
    }
}
