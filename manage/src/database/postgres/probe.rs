//! The queries of a PostgreSQL probe, all of them simple queries.

use std::time::Duration;

use super::operations::Postgres;
use super::plain::PlainSession;
use crate::database::operations::{Operations as _, ProbeConnection};
use crate::database::{ConnectError, Reason, ServerInstance};

/// A standby, or a session that is read-only by a setting of the server, the database or the user.
const READ_ONLY: &str = "SELECT CASE WHEN pg_is_in_recovery() THEN 'it is in recovery: a standby' \
     WHEN current_setting('transaction_read_only') = 'on' THEN 'transactions are read-only there' END AS text";

impl ProbeConnection for PlainSession {
    fn version(&mut self, limit: Duration) -> Result<String, ConnectError> {
        let answer = self.ask(&format!("SELECT {}", Postgres.version_expression()), limit)?;
        let [Some(answer)] = answer.as_slice() else {
            return Err(ConnectError::new(self.settings(), Reason::Closed, "it answered without a row"));
        };
        Ok(Postgres.product(answer))
    }

    fn require_writable(&mut self, limit: Duration) -> Result<(), ConnectError> {
        match self.texts(limit, READ_ONLY)?.first() {
            Some(why) => {
                Err(ConnectError::new(self.settings(), Reason::ReadOnly, why).with_code(Some("25006")))
            }
            None => Ok(()),
        }
    }

    fn texts(&mut self, limit: Duration, query: &str) -> Result<Vec<String>, ConnectError> {
        let rows = self.rows(query, limit)?;
        Ok(rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect())
    }

    fn server_instance(&mut self, limit: Duration) -> Option<ServerInstance> {
        let query = "SELECT CAST(pg_postmaster_start_time() AS text) AS text";
        self.texts(limit, query).ok()?.pop().map(ServerInstance::Started)
    }

    fn try_set_up(self: Box<Self>, limit: Duration) -> Result<(), ConnectError> {
        PlainSession::try_set_up(*self, limit)
    }
}
