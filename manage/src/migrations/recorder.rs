//! Extracts the SQL of a migration, which Diesel's trait passes only to a connection.

use diesel::connection::{
    AnsiTransactionManager, CacheSize, Connection, ConnectionSealed, Instrumentation, SimpleConnection,
    TransactionManager,
};
use diesel::migration::Migration;
use diesel::query_builder::{QueryFragment, QueryId};
use diesel::{ConnectionResult, QueryResult};

use super::Direction;
use crate::database::MultiBackend;

/// Returns the SQL of one direction; `None` if the migration has no `down.sql`.
pub(super) fn record(migration: &dyn Migration<MultiBackend>, direction: Direction) -> Option<String> {
    let mut recorder = Recorder::default();
    // This fails only if the file is missing; a missing `up.sql` is a compile error.
    let recorded = match direction {
        Direction::Apply => migration.run(&mut recorder),
        Direction::Revert => migration.revert(&mut recorder),
    };
    recorded.is_ok().then_some(recorder.sql)
}

/// A connection without a database, which records its SQL.
#[derive(Default)]
struct Recorder {
    sql: String,
    transactions: AnsiTransactionManager,
    instrumentation: Option<Box<dyn Instrumentation>>,
}

impl SimpleConnection for Recorder {
    fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        self.sql.push_str(query);
        Ok(())
    }
}

impl ConnectionSealed for Recorder {}

impl Connection for Recorder {
    type Backend = MultiBackend;
    type TransactionManager = AnsiTransactionManager;

    fn establish(_: &str) -> ConnectionResult<Self> {
        Ok(Self::default())
    }

    fn execute_returning_count<T>(&mut self, _: &T) -> QueryResult<usize>
    where
        T: QueryFragment<Self::Backend> + QueryId,
    {
        Ok(0)
    }

    fn transaction_state(
        &mut self,
    ) -> &mut <AnsiTransactionManager as TransactionManager<Self>>::TransactionStateData {
        &mut self.transactions
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        &mut self.instrumentation
    }

    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        self.instrumentation = Some(Box::new(instrumentation));
    }

    fn set_prepared_statement_cache_size(&mut self, _: CacheSize) {}
}
