//! The lock of a MySQL or MariaDB database: a named lock, held by a connection of its own.

use std::time::Duration;

use super::session::{ANSWER, LOOK, SILENCE_SECONDS, Session};
use super::{IsolationError, LockName};
use crate::database::{ConnectError, Connection};
use crate::settings::DatabaseSettings;

pub(super) struct MysqlSession {
    connection: Connection,
    settings: DatabaseSettings,
    /// The name, in SQL.
    name: String,
}

impl MysqlSession {
    pub(super) fn open(settings: &DatabaseSettings, name: &LockName) -> Result<Self, IsolationError> {
        use diesel::connection::SimpleConnection as _;
        let mut connection = Connection::open(settings).map_err(IsolationError::Connect)?;
        // Looking at the lock breaks the silence; one whose machine has vanished is silent.
        let limit = format!("SET SESSION wait_timeout = {SILENCE_SECONDS}");
        connection.batch_execute(&limit).map_err(|error| IsolationError::Refused(error.to_string()))?;
        Ok(Self { connection, settings: settings.clone(), name: name.mysql() })
    }

    fn ask(&mut self, expression: &str) -> Result<Option<String>, ConnectError> {
        let sql = format!("SELECT CAST({expression} AS CHAR) AS text");
        Ok(self.connection.ask_texts(&self.settings, ANSWER, &sql)?.into_iter().next())
    }
}

impl Session for MysqlSession {
    fn try_take(&mut self) -> Result<bool, IsolationError> {
        let expression = format!("GET_LOCK({}, 0)", self.name);
        match self.ask(&expression)?.as_deref() {
            Some("1") => Ok(true),
            Some(_) => Ok(false),
            None => Err(IsolationError::Refused("GET_LOCK failed".to_owned())),
        }
    }

    fn holder(&mut self) -> Option<String> {
        let id = self.ask(&format!("IS_USED_LOCK({})", self.name)).ok()??;
        let id: u64 = id.parse().ok()?;
        // Of another user's sessions only an administrator sees more.
        let who = format!(
            "(SELECT CONCAT(user, '@', host) FROM information_schema.processlist WHERE id = {id} LIMIT 1)"
        );
        Some(match self.ask(&who) {
            Ok(Some(who)) => format!("{who} (connection {id} of the server)"),
            _ => format!("connection {id} of the server"),
        })
    }

    fn look(&mut self) -> Result<(), String> {
        let ours = format!("IS_USED_LOCK({}) = CONNECTION_ID()", self.name);
        match self.ask(&ours) {
            Ok(Some(yes)) if yes == "1" => Ok(()),
            Ok(_) => Err("the server has given the lock up".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The driver reads nothing while it is asked nothing.
    fn has_ended(&self) -> bool {
        false
    }

    fn look_every(&self) -> Duration {
        LOOK / 4
    }

    fn release(&mut self) {
        // If that fails, so did the connection, and the lock ended with it.
        let expression = format!("RELEASE_LOCK({})", self.name);
        let _ = self.ask(&expression);
    }
}
