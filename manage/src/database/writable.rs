//! Whether a database that answers also takes changes. Asking changes nothing.

use std::time::Duration;

use super::asking::Asking;
use super::{ConnectError, Reason};
use crate::settings::{Backend, DatabaseSettings};

/// A standby, or a session that is read-only by a setting of the server's, the database's or the user's.
const POSTGRES: &str = "SELECT CASE WHEN pg_is_in_recovery() THEN 'it is in recovery: a standby' \
     WHEN current_setting('transaction_read_only') = 'on' THEN 'transactions are read-only there' END AS text";

/// Of these variables each server has some, and says `OFF` where it takes changes.
const MYSQL: &str = "SHOW VARIABLES WHERE Variable_name IN \
     ('read_only', 'super_read_only', 'tx_read_only', 'transaction_read_only')";

/// Fails with 1290 on a server that is `read_only`, unless this user may write all the same. Which privilege that takes differs
/// between MySQL and MariaDB and between their versions, and it may come from a role: so the server is asked, not its list.
const MYSQL_BEGIN: &str = "START TRANSACTION READ WRITE";

impl Asking {
    /// Fails if the database takes no changes.
    pub(super) fn is_writable(
        &mut self,
        settings: &DatabaseSettings,
        limit: Duration,
    ) -> Result<(), ConnectError> {
        let read_only = |code: &str, why: &str| {
            Err(ConnectError::new(settings, Reason::ReadOnly, why).with_code(Some(code)))
        };
        match self.backend() {
            Backend::Sqlite => self.try_write(settings, limit),
            Backend::Postgres => match self.texts(settings, limit, POSTGRES)?.first() {
                Some(why) => read_only("25006", why),
                None => Ok(()),
            },
            Backend::Mysql => {
                let variables = self.variables(settings, limit, MYSQL)?;
                let is_on =
                    |name: &str| variables.iter().any(|(known, value)| known == name && value != "OFF");
                if is_on("super_read_only") {
                    return read_only("1290", "super_read_only is on");
                }
                if is_on("read_only") {
                    self.texts(settings, limit, MYSQL_BEGIN)?;
                    self.texts(settings, limit, "ROLLBACK")?;
                }
                if is_on("tx_read_only") || is_on("transaction_read_only") {
                    return read_only("1792", "transactions are read-only there");
                }
                Ok(())
            }
        }
    }
}
