//! Takes the SQL out of a migration: Diesel's trait gives it to a connection alone.

use diesel::connection::{
    AnsiTransactionManager, CacheSize, Connection, ConnectionSealed, Instrumentation, SimpleConnection,
    TransactionManager,
};
use diesel::migration::Migration;
use diesel::query_builder::{QueryFragment, QueryId};
use diesel::{ConnectionResult, QueryResult};

use super::Direction;
use crate::database::MultiBackend;

/// The SQL of one direction; none where the migration has no `down.sql`.
pub(super) fn record(migration: &dyn Migration<MultiBackend>, direction: Direction) -> Option<String> {
    let mut recorder = Recorder::default();
    // Nothing of it fails but a file that does not exist; without an `up.sql` the program does not compile.
    let recorded = match direction {
        Direction::Apply => migration.run(&mut recorder),
        Direction::Revert => migration.revert(&mut recorder),
    };
    recorded.is_ok().then_some(recorder.sql)
}

/// A connection to nothing, which records the SQL that it is given.
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
