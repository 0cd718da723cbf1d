//! One macro that makes a type a Diesel connection by handing everything on to the connection inside it.

/// Implements Diesel's connection traits for `$outer`, whose method `driver(&mut self)` gives the `$inner` inside.
///
/// `$manager` is a unit struct for the transactions, and `|$url| $establish` is the body of `Connection::establish`. `$begin`
/// and `$commit` begin and commit a transaction of the connection inside; they are [`begin`] and [`commit`] unless the backend
/// needs something else.
macro_rules! delegate_connection {
    ($outer:ty => $inner:ty, $manager:ident, $begin:path, $commit:path, |$url:ident| $establish:expr) => {
        impl diesel::connection::SimpleConnection for $outer {
            fn batch_execute(&mut self, query: &str) -> diesel::QueryResult<()> {
                self.driver().batch_execute(query)
            }
        }

        impl diesel::connection::ConnectionSealed for $outer {}

        impl diesel::connection::Connection for $outer {
            type Backend = <$inner as diesel::connection::Connection>::Backend;
            type TransactionManager = $manager;

            fn establish($url: &str) -> diesel::ConnectionResult<Self> {
                $establish
            }

            fn execute_returning_count<T>(&mut self, source: &T) -> diesel::QueryResult<usize>
            where
                T: diesel::query_builder::QueryFragment<Self::Backend> + diesel::query_builder::QueryId,
            {
                self.driver().execute_returning_count(source)
            }

            fn transaction_state(
                &mut self,
            ) -> &mut <Self::TransactionManager as diesel::connection::TransactionManager<Self>>::TransactionStateData
            {
                self.driver().transaction_state()
            }

            fn instrumentation(&mut self) -> &mut dyn diesel::connection::Instrumentation {
                self.driver().instrumentation()
            }

            fn set_instrumentation(&mut self, instrumentation: impl diesel::connection::Instrumentation) {
                self.driver().set_instrumentation(instrumentation);
            }

            fn set_prepared_statement_cache_size(&mut self, size: diesel::connection::CacheSize) {
                self.driver().set_prepared_statement_cache_size(size);
            }
        }

        impl diesel::connection::LoadConnection for $outer {
            type Cursor<'conn, 'query> = <$inner as diesel::connection::LoadConnection>::Cursor<'conn, 'query>;
            type Row<'conn, 'query> = <$inner as diesel::connection::LoadConnection>::Row<'conn, 'query>;

            fn load<'conn, 'query, T>(
                &'conn mut self,
                source: T,
            ) -> diesel::QueryResult<Self::Cursor<'conn, 'query>>
            where
                T: diesel::query_builder::Query
                    + diesel::query_builder::QueryFragment<Self::Backend>
                    + diesel::query_builder::QueryId
                    + 'query,
                Self::Backend: diesel::expression::QueryMetadata<T::SqlType>,
            {
                diesel::connection::LoadConnection::load(self.driver(), source)
            }
        }

        /// Hands transactions on to the connection inside.
        #[derive(Clone, Copy, Debug)]
        pub struct $manager;

        impl diesel::connection::TransactionManager<$outer> for $manager {
            type TransactionStateData =
                <<$inner as diesel::connection::Connection>::TransactionManager as diesel::connection::TransactionManager<
                    $inner,
                >>::TransactionStateData;

            fn begin_transaction(conn: &mut $outer) -> diesel::QueryResult<()> {
                $begin(conn.driver())
            }

            fn rollback_transaction(conn: &mut $outer) -> diesel::QueryResult<()> {
                <$inner as diesel::connection::Connection>::TransactionManager::rollback_transaction(conn.driver())
            }

            fn commit_transaction(conn: &mut $outer) -> diesel::QueryResult<()> {
                $commit(conn.driver())
            }

            fn transaction_manager_status_mut(
                conn: &mut $outer,
            ) -> &mut diesel::connection::TransactionManagerStatus {
                <$inner as diesel::connection::Connection>::TransactionManager::transaction_manager_status_mut(
                    conn.driver(),
                )
            }

            fn is_broken_transaction_manager(conn: &mut $outer) -> bool {
                <$inner as diesel::connection::Connection>::TransactionManager::is_broken_transaction_manager(
                    conn.driver(),
                )
            }
        }

        impl diesel::r2d2::R2D2Connection for $outer {
            fn ping(&mut self) -> diesel::QueryResult<()> {
                self.driver().ping()
            }

            fn is_broken(&mut self) -> bool {
                self.driver().is_broken()
            }
        }

        impl diesel::migration::MigrationConnection for $outer {
            fn setup(&mut self) -> diesel::QueryResult<usize> {
                self.driver().setup()
            }
        }
    };
}

/// Begins a transaction, as the connection itself does it.
pub(super) fn begin<C: diesel::Connection>(connection: &mut C) -> diesel::QueryResult<()> {
    <C::TransactionManager as diesel::connection::TransactionManager<C>>::begin_transaction(connection)
}

/// Commits, as the connection itself does it.
pub(super) fn commit<C: diesel::Connection>(connection: &mut C) -> diesel::QueryResult<()> {
    <C::TransactionManager as diesel::connection::TransactionManager<C>>::commit_transaction(connection)
}
