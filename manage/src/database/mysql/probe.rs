//! The queries of a MySQL or MariaDB probe.

use std::time::{Duration, Instant};

use super::connection::RawConnection;
use super::operations::Mysql;
use crate::database::operations::{Operations as _, ProbeConnection};
use crate::database::{ConnectError, Reason, ServerInstance};
use crate::settings::DatabaseSettings;

/// Each server has some of these variables. Their value is `OFF` if it accepts writes.
const READ_ONLY: &str = "SHOW VARIABLES WHERE Variable_name IN \
     ('read_only', 'super_read_only', 'tx_read_only', 'transaction_read_only')";

/// Fails with 1290 on a server that is `read_only`, unless this user may write anyway. The required privilege
/// differs between MySQL and MariaDB and between their versions, and it may come from a role. So this tries a
/// transaction instead of reading the user's privileges.
const BEGIN: &str = "START TRANSACTION READ WRITE";

/// A session without Diesel, whose errors have a code.
pub(super) struct MysqlProbe {
    session: RawConnection,
    settings: DatabaseSettings,
}

impl MysqlProbe {
    /// Connects, within the settings' time limit.
    pub(super) fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        Ok(Self { session: RawConnection::open(settings)?, settings: settings.clone() })
    }

    fn rows(&mut self, limit: Duration, query: &str) -> Result<Vec<Vec<String>>, ConnectError> {
        self.session.ask(limit, query)
    }

    /// Returns the names and values that `SHOW VARIABLES` or `SHOW STATUS` lists.
    fn variables(&mut self, limit: Duration, query: &str) -> Result<Vec<(String, String)>, ConnectError> {
        let pair = |row: Vec<String>| <[String; 2]>::try_from(row).ok().map(|[name, value]| (name, value));
        Ok(self.rows(limit, query)?.into_iter().filter_map(pair).collect())
    }
}

impl ProbeConnection for MysqlProbe {
    fn version(&mut self, limit: Duration) -> Result<String, ConnectError> {
        let answer = self.texts(limit, &format!("SELECT {}", Mysql.version_expression()))?;
        let Some(answer) = answer.first() else {
            return Err(ConnectError::new(&self.settings, Reason::Closed, "it answered without a row"));
        };
        Ok(Mysql.product(answer))
    }

    fn require_writable(&mut self, limit: Duration) -> Result<(), ConnectError> {
        let variables = self.variables(limit, READ_ONLY)?;
        let is_on = |name: &str| variables.iter().any(|(known, value)| known == name && value != "OFF");
        let read_only = |settings, code: &str, why: &str| {
            Err(ConnectError::new(settings, Reason::ReadOnly, why).with_code(Some(code)))
        };
        if is_on("super_read_only") {
            return read_only(&self.settings, "1290", "super_read_only is on");
        }
        if is_on("read_only") {
            self.rows(limit, BEGIN)?;
            self.rows(limit, "ROLLBACK")?;
        }
        if is_on("tx_read_only") || is_on("transaction_read_only") {
            return read_only(&self.settings, "1792", "transactions are read-only there");
        }
        Ok(())
    }

    fn texts(&mut self, limit: Duration, query: &str) -> Result<Vec<String>, ConnectError> {
        Ok(self.rows(limit, query)?.into_iter().filter_map(|row| row.into_iter().next()).collect())
    }

    fn server_instance(&mut self, limit: Duration) -> Option<ServerInstance> {
        let up = self.variables(limit, "SHOW GLOBAL STATUS LIKE 'Uptime'").ok()?;
        let number = "SELECT CAST(CONNECTION_ID() AS CHAR) AS text";
        let number = self.texts(limit, number).ok()?.pop()?;
        let uptime = up.first()?.1.parse().ok()?;
        Some(ServerInstance::Counted { uptime, connection: number.parse().ok()?, at: Instant::now() })
    }

    fn try_set_up(self: Box<Self>, limit: Duration) -> Result<(), ConnectError> {
        self.session.try_set_up(limit)
    }
}
