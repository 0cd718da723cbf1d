//! Read-only transactions.

use diesel::connection::{SimpleConnection as _, TransactionManager};

use super::Connection;
use crate::settings::Backend;

type Manager = <Connection as diesel::Connection>::TransactionManager;

/// Makes a transaction read-only, with one snapshot. PostgreSQL runs this inside the transaction, MySQL and
/// MariaDB before it.
const ONE_MOMENT: &str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";

impl Connection {
    /// Runs a closure in a read-only transaction: all its queries see the same snapshot, taken at the first.
    /// A write in it is an error; a server's is of Diesel's kind `ReadOnlyTransaction`.
    ///
    /// On SQLite [`Connection::transaction`] takes the write lock when it begins; this takes none, and with
    /// WAL it does not wait. Inside another transaction it is an ordinary nested one.
    pub fn read_transaction<T, E, F>(&mut self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Self) -> Result<T, E>,
        E: From<diesel::result::Error>,
    {
        if Manager::transaction_manager_status_mut(self).transaction_depth()?.is_some() {
            return self.transaction(work);
        }
        match self.backend() {
            Backend::Sqlite => self.read_sqlite(work),
            Backend::Postgres => self.transaction(|connection| {
                connection.batch_execute(ONE_MOMENT)?;
                work(connection)
            }),
            Backend::Mysql => {
                self.batch_execute(ONE_MOMENT)?;
                self.transaction(work)
            }
        }
    }

    #[cfg(feature = "sqlite")]
    fn read_sqlite<T, E, F>(&mut self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Self) -> Result<T, E>,
        E: From<diesel::result::Error>,
    {
        let Some(connection) = self.sqlite() else { return self.transaction(work) };
        let before = connection.begin_reading()?;
        let done = work(self);
        let ended = match &done {
            Ok(_) => Manager::commit_transaction(self),
            Err(_) => Manager::rollback_transaction(self),
        };
        if let Some(connection) = self.sqlite() {
            connection.end_reading(&before)?;
        }
        // The closure's error is more informative than an error of the rollback that follows.
        let done = done?;
        ended?;
        Ok(done)
    }

    #[cfg(feature = "sqlite")]
    fn sqlite(&mut self) -> Option<&mut super::SqliteConnection> {
        match self {
            Self::Sqlite(connection) => Some(connection),
            #[expect(clippy::allow_attributes, reason = "the next one depends on the features")]
            #[allow(unreachable_patterns)]
            _ => None,
        }
    }

    #[cfg(not(feature = "sqlite"))]
    fn read_sqlite<T, E, F>(&mut self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Self) -> Result<T, E>,
        E: From<diesel::result::Error>,
    {
        self.transaction(work)
    }
}
