//! One macro that makes a type a Diesel connection by delegating everything to the connection inside it.

/// Implements Diesel's connection traits for `$outer`, whose method `driver(&mut self)` gives the `$inner` inside, and whose
/// `details(&self)` gives the [`ErrorDetails`] of its errors.
///
/// `$manager` is a unit struct for the transactions, and `|$url| $establish` is the body of `Connection::establish`. `$begin`
/// and `$commit` begin and commit a transaction of the connection inside; they are [`begin`] and [`commit`] unless the backend
/// needs something else.
macro_rules! delegate_connection {
    ($outer:ty => $inner:ty, $details:ty, $manager:ident, $begin:path, $commit:path, |$url:ident| $establish:expr) => {
        impl diesel::connection::SimpleConnection for $outer {
            fn batch_execute(&mut self, query: &str) -> diesel::QueryResult<()> {
                let details = self.details();
                self.driver().batch_execute(query).map_err(|error| details.explain(error))
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
                let details = self.details();
                self.driver().execute_returning_count(source).map_err(|error| details.explain(error))
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
            type Cursor<'conn, 'query> = $crate::database::DetailedCursor<
                <$inner as diesel::connection::LoadConnection>::Cursor<'conn, 'query>,
                $details,
            >;
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
                let details = self.details();
                match diesel::connection::LoadConnection::load(self.driver(), source) {
                    Ok(cursor) => Ok($crate::database::DetailedCursor::new(cursor, details)),
                    Err(error) => Err(details.explain(error)),
                }
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
                let details = conn.details();
                $begin(conn.driver()).map_err(|error| details.explain(error))
            }

            fn rollback_transaction(conn: &mut $outer) -> diesel::QueryResult<()> {
                let details = conn.details();
                <$inner as diesel::connection::Connection>::TransactionManager::rollback_transaction(conn.driver())
                    .map_err(|error| details.explain(error))
            }

            fn commit_transaction(conn: &mut $outer) -> diesel::QueryResult<()> {
                let details = conn.details();
                $commit(conn.driver()).map_err(|error| details.explain(error))
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
                let details = self.details();
                self.driver().setup().map_err(|error| details.explain(error))
            }
        }
    };
}

/// Begins a transaction, as the connection itself does it.
pub(super) fn begin<C: diesel::Connection>(connection: &mut C) -> diesel::QueryResult<()> {
    <C::TransactionManager as diesel::connection::TransactionManager<C>>::begin_transaction(connection)
}

/// What a driver's errors have lost when they are Diesel's, for a connection that knows it.
pub(super) trait ErrorDetails {
    /// The same error with its details, if there are any.
    fn explain(&self, error: diesel::result::Error) -> diesel::result::Error;
}

/// For a connection whose inside has explained its errors already.
#[derive(Clone, Copy, Debug)]
pub struct NoDetails;

impl ErrorDetails for NoDetails {
    fn explain(&self, error: diesel::result::Error) -> diesel::result::Error {
        error
    }
}

/// Rows, with the details of an error among them: most statements fail only while their rows arrive.
#[expect(missing_debug_implementations, reason = "the drivers' cursors have none")]
pub struct DetailedCursor<C, D> {
    cursor: C,
    details: D,
}

impl<C, D> DetailedCursor<C, D> {
    pub(super) fn new(cursor: C, details: D) -> Self {
        Self { cursor, details }
    }
}

impl<C, D, R> Iterator for DetailedCursor<C, D>
where
    C: Iterator<Item = diesel::QueryResult<R>>,
    D: ErrorDetails,
{
    type Item = diesel::QueryResult<R>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.cursor.next()?.map_err(|error| self.details.explain(error)))
    }
}

/// Commits, as the connection itself does it.
pub(super) fn commit<C: diesel::Connection>(connection: &mut C) -> diesel::QueryResult<()> {
    <C::TransactionManager as diesel::connection::TransactionManager<C>>::commit_transaction(connection)
}
