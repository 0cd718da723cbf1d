//! Diesel's traits of a connection.

use std::any::Any;

use diesel::connection::{
    AnsiTransactionManager, CacheSize, Connection, ConnectionSealed, Instrumentation, LoadConnection,
    MultiConnectionHelper, SimpleConnection, TransactionManager, TransactionManagerStatus,
};
use diesel::expression::QueryMetadata;
use diesel::migration::{CREATE_MIGRATIONS_TABLE, MigrationConnection};
use diesel::pg::{GetPgMetadataCache, Pg, PgMetadataCache, PgMetadataLookup};
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::sql_types::TypeMetadata;
use diesel::{ConnectionError, ConnectionResult, QueryResult, RunQueryDsl as _};

use super::answers::SessionState;
use super::connection::PostgresConnection;
use super::cursor::PostgresCursor;
use super::row::PostgresRow;
use crate::settings::{Backend, DatabaseSettings, Origin};

impl SimpleConnection for PostgresConnection {
    fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        self.batch(query)
    }
}

impl ConnectionSealed for PostgresConnection {}

impl Connection for PostgresConnection {
    type Backend = Pg;
    type TransactionManager = AnsiTransactionManager;

    fn establish(url: &str) -> ConnectionResult<Self> {
        let settings = DatabaseSettings::from_url("default", url, Origin::Code)
            .map_err(|error| ConnectionError::InvalidConnectionUrl(error.problem.to_string()))?;
        if settings.backend != Backend::Postgres {
            let message = "not the URL of a PostgreSQL database";
            return Err(ConnectionError::InvalidConnectionUrl(message.to_owned()));
        }
        Self::open(&settings).map_err(|error| ConnectionError::BadConnection(error.to_string()))
    }

    fn execute_returning_count<T>(&mut self, source: &T) -> QueryResult<usize>
    where
        T: QueryFragment<Pg> + QueryId,
    {
        Ok(usize::try_from(self.execute(source)?).unwrap_or(usize::MAX))
    }

    fn transaction_state(&mut self) -> &mut AnsiTransactionManager {
        &mut self.transactions
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        &mut *self.instrumentation
    }

    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        self.instrumentation = instrumentation.into();
        self.is_observed = true;
    }

    fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
        self.statements.enable(size != CacheSize::Disabled);
    }
}

impl LoadConnection for PostgresConnection {
    type Cursor<'conn, 'query> = PostgresCursor<'conn, 'query>;
    type Row<'conn, 'query> = PostgresRow;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> QueryResult<Self::Cursor<'conn, 'query>>
    where
        T: Query + QueryFragment<Pg> + QueryId + 'query,
        Pg: QueryMetadata<T::SqlType>,
    {
        PostgresCursor::open(self, Box::new(source))
    }
}

impl PostgresConnection {
    /// Updates Diesel's state of the transaction by the server's, as Diesel's connection by libpq does.
    pub(super) fn settle(&mut self, is_failed: bool) {
        let (is_lost, state) = (self.protocol.is_lost(), self.protocol.state());
        let status = AnsiTransactionManager::transaction_manager_status_mut(self);
        match state {
            _ if is_lost => status.set_in_error(),
            SessionState::Failed => status.set_requires_rollback_maybe_up_to_top_level(true),
            SessionState::Idle => *status = TransactionManagerStatus::default(),
            // The statement may have begun or repaired it.
            SessionState::Transaction if !is_failed => {
                status.set_requires_rollback_maybe_up_to_top_level(false);
            }
            SessionState::Transaction => {
                if !matches!(status.transaction_depth(), Ok(Some(_))) {
                    status.set_in_error();
                }
            }
        }
    }

    pub(crate) fn ping(&mut self) -> QueryResult<()> {
        self.batch("SELECT 1")
    }

    /// Returns whether the connection has an open transaction, or the server closed it.
    pub(crate) fn is_broken(&mut self) -> bool {
        let is_in_test = matches!(
            AnsiTransactionManager::transaction_manager_status_mut(self).transaction_depth(),
            Ok(Some(_))
        );
        AnsiTransactionManager::is_broken_transaction_manager(self)
            || !is_in_test && self.protocol.state() != SessionState::Idle
            || self.protocol.has_ended()
    }
}

#[cfg(feature = "r2d2")]
impl diesel::r2d2::R2D2Connection for PostgresConnection {
    fn ping(&mut self) -> QueryResult<()> {
        Self::ping(self)
    }

    fn is_broken(&mut self) -> bool {
        Self::is_broken(self)
    }
}

impl MigrationConnection for PostgresConnection {
    fn setup(&mut self) -> QueryResult<usize> {
        diesel::sql_query(CREATE_MIGRATIONS_TABLE).execute(self)
    }
}

impl GetPgMetadataCache for PostgresConnection {
    fn get_metadata_cache(&mut self) -> &mut PgMetadataCache {
        &mut self.types
    }
}

impl MultiConnectionHelper for PostgresConnection {
    #[inline]
    fn to_any<'a>(lookup: &mut <Pg as TypeMetadata>::MetadataLookup) -> &mut (dyn Any + 'a) {
        lookup.as_any()
    }

    #[inline]
    fn from_any(lookup: &mut dyn Any) -> Option<&mut <Pg as TypeMetadata>::MetadataLookup> {
        lookup.downcast_mut::<Self>().map(|connection| connection as &mut dyn PgMetadataLookup)
    }
}
