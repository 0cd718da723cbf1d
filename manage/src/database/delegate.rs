//! One macro that makes a type a Diesel connection by delegating everything to the connection inside it.

/// Implements Diesel's connection traits for `$outer`, which may have a parameter (`[C: Bound]` before it).
/// Its method `driver(&mut self)` returns the inner `$inner`, and its `details(&self)` returns the
/// [`ErrorDetails`] of its errors.
///
/// `$manager` is a unit struct for the transactions, and `|$url| $establish` is the body of
/// `Connection::establish`.
macro_rules! delegate_connection {
    ([$($C:ident: $bound:ident)?] $outer:ty => $inner:ty, $details:ty, $manager:ident, |$url:ident| $establish:expr) => {
        impl$(<$C: $bound + diesel::connection::SimpleConnection>)? diesel::connection::SimpleConnection for $outer {
            fn batch_execute(&mut self, query: &str) -> diesel::QueryResult<()> {
                let details = self.details();
                details.contain(|| self.driver().batch_execute(query))
            }
        }

        impl$(<$C: $bound>)? diesel::connection::ConnectionSealed for $outer {}

        impl$(<$C: $bound + diesel::connection::Connection>)? diesel::connection::Connection for $outer {
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
                details.contain(|| self.driver().execute_returning_count(source))
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

        impl$(<$C: $bound + diesel::connection::LoadConnection>)? diesel::connection::LoadConnection for $outer {
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
                let cursor =
                    details.contain(|| diesel::connection::LoadConnection::load(self.driver(), source))?;
                Ok($crate::database::DetailedCursor::new(cursor, details))
            }
        }

        /// Forwards transactions to the inner connection.
        #[derive(Clone, Copy, Debug)]
        pub struct $manager;

        impl$(<$C: $bound + diesel::connection::Connection>)? diesel::connection::TransactionManager<$outer> for $manager {
            type TransactionStateData =
                <<$inner as diesel::connection::Connection>::TransactionManager as diesel::connection::TransactionManager<
                    $inner,
                >>::TransactionStateData;

            fn begin_transaction(conn: &mut $outer) -> diesel::QueryResult<()> {
                let details = conn.details();
                details.contain(|| {
                    <$inner as diesel::connection::Connection>::TransactionManager::begin_transaction(conn.driver())
                })
            }

            fn rollback_transaction(conn: &mut $outer) -> diesel::QueryResult<()> {
                let details = conn.details();
                details.contain(|| {
                    <$inner as diesel::connection::Connection>::TransactionManager::rollback_transaction(conn.driver())
                })
            }

            fn commit_transaction(conn: &mut $outer) -> diesel::QueryResult<()> {
                let details = conn.details();
                details.contain(|| {
                    <$inner as diesel::connection::Connection>::TransactionManager::commit_transaction(conn.driver())
                })
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

        /// The methods of `diesel::r2d2::R2D2Connection`. If a project enables Diesel's feature `r2d2`
        /// without this crate's, the code that Diesel's derive generates for the private enum in
        /// `connection/multi.rs` calls these.
        #[expect(clippy::allow_attributes, reason = "whether they are used depends on the type and on Diesel's features")]
        #[allow(dead_code)]
        impl$(<$C: $bound + diesel::connection::LoadConnection>)? $outer {
            pub(crate) fn ping(&mut self) -> diesel::QueryResult<()> {
                diesel::connection::SimpleConnection::batch_execute(self, "SELECT 1")
            }

            /// Returns whether the connection has an open transaction, or the server closed it.
            pub(crate) fn is_broken(&mut self) -> bool {
                <$manager as diesel::connection::TransactionManager<Self>>::is_broken_transaction_manager(self)
                    || self.details().has_ended()
            }
        }

        #[cfg(feature = "r2d2")]
        impl$(<$C: $bound + diesel::connection::LoadConnection>)? diesel::r2d2::R2D2Connection for $outer {
            fn ping(&mut self) -> diesel::QueryResult<()> {
                Self::ping(self)
            }

            fn is_broken(&mut self) -> bool {
                Self::is_broken(self)
            }
        }

        impl$(<$C: $bound + diesel::migration::MigrationConnection>)? diesel::migration::MigrationConnection for $outer {
            fn setup(&mut self) -> diesel::QueryResult<usize> {
                let details = self.details();
                details.contain(|| self.driver().setup())
            }
        }
    };
    ($outer:ty => $inner:ty, $($rest:tt)+) => {
        delegate_connection!([] $outer => $inner, $($rest)+);
    };
}

/// Adds the details of a driver's errors that Diesel's errors lack.
pub(super) trait ErrorDetails {
    /// Adds the details to an error, if any exist.
    fn explain(&self, error: diesel::result::Error) -> diesel::result::Error;

    /// Returns whether the connection is known to have ended.
    fn has_ended(&self) -> bool {
        false
    }

    /// Abandons the connection after its driver panicked.
    #[cfg(feature = "_network")]
    fn give_up(&self) {}

    /// Runs a function of the driver, converts a panic into an error, and adds the details to an error.
    fn contain<T>(&self, work: impl FnOnce() -> diesel::QueryResult<T>) -> diesel::QueryResult<T> {
        #[cfg(feature = "_network")]
        let result = super::network::contained::expecting(work).unwrap_or_else(|panicked| {
            self.give_up();
            Err(panicked.into_diesel())
        });
        #[cfg(not(feature = "_network"))]
        let result = work();
        result.map_err(|error| self.explain(error))
    }
}

/// For a connection whose inner connection already adds the details to its errors.
#[derive(Clone, Copy, Debug)]
pub struct NoDetails;

impl ErrorDetails for NoDetails {
    fn explain(&self, error: diesel::result::Error) -> diesel::result::Error {
        error
    }

    /// The inner connection contains its driver's panics itself.
    fn contain<T>(&self, work: impl FnOnce() -> diesel::QueryResult<T>) -> diesel::QueryResult<T> {
        work()
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
        self.details.contain(|| self.cursor.next().transpose()).transpose()
    }
}
