//! The lock of a PostgreSQL database: an advisory lock, held by a connection of its own.
//!
//! A lock of a session needs a server session that is the connection's own. A pooler such as PgBouncer hands each transaction
//! to whichever server session is free. So the session is given a mark as it starts, which poolers refuse or drop: where the
//! server does not know the mark, the lock is one of a transaction, which stays open and so keeps its server session.

use super::session::{ANSWER, SILENCE_SECONDS, Session};
use super::{IsolationError, LockName};
use crate::database::{ConnectError, PlainSession};
use crate::settings::DatabaseSettings;

/// What the server calls the mark.
const MARK: &str = "manage.session";

/// How poolers refuse a mark: a startup parameter that they do not know (protocol_violation), or do not pass on
/// (feature_not_supported).
const REFUSALS: [&str; 2] = ["08P01", "0A000"];

pub(super) struct PostgresSession {
    plain: PlainSession,
    name: LockName,
    mark: String,
    is_pooled: bool,
    /// What tells our session, or our transaction, from any other.
    identity: Option<String>,
}

impl PostgresSession {
    pub(super) fn open(
        settings: &DatabaseSettings,
        name: LockName,
        owner: &str,
    ) -> Result<Self, IsolationError> {
        let mark = mark();
        let mut settings = settings.clone();
        settings.parameters.insert("application_name".to_owned(), owner.chars().take(63).collect());
        let mut marked = settings.clone();
        let options = marked.parameters.entry("options".to_owned()).or_default();
        *options = format!("{options} -c {MARK}={mark}").trim_start().to_owned();
        let plain = match PlainSession::open(&marked) {
            Err(error) if error.code.as_deref().is_some_and(|code| REFUSALS.contains(&code)) => {
                PlainSession::open(&settings)
            }
            other => other,
        };
        let plain = plain.map_err(IsolationError::Connect)?;
        let mut session = Self { plain, name, mark, is_pooled: false, identity: None };
        session.find_out()?;
        Ok(session)
    }

    /// Whose server session it is, and whether locks of that server mean anything.
    fn find_out(&mut self) -> Result<(), IsolationError> {
        let answer =
            self.ask(&format!("SELECT current_setting('{MARK}', true), pg_is_in_recovery()::text"))?;
        self.is_pooled = answer.first() != Some(&Some(self.mark.clone()));
        if answer.get(1) != Some(&Some("false".to_owned())) {
            return Err(IsolationError::Standby);
        }
        if !self.is_pooled {
            // Silence ends the session, and a limit that was set for idle ones does not.
            self.ask(&format!(
                "SELECT set_config(name, CASE name
                    WHEN 'tcp_keepalives_idle' THEN '{idle}' WHEN 'tcp_keepalives_interval' THEN '2'
                    WHEN 'tcp_keepalives_count' THEN '5' WHEN 'tcp_user_timeout' THEN '{SILENCE_SECONDS}000'
                    ELSE '0' END, false)
                FROM pg_settings WHERE name IN ('tcp_keepalives_idle', 'tcp_keepalives_interval',
                    'tcp_keepalives_count', 'tcp_user_timeout', 'idle_session_timeout')",
                idle = SILENCE_SECONDS - 10
            ))?;
        }
        Ok(())
    }

    fn ask(&mut self, sql: &str) -> Result<Vec<Option<String>>, ConnectError> {
        self.plain.ask(sql, ANSWER)
    }

    /// An answer that changes with the session or with the transaction.
    fn identify(&mut self) -> Result<Option<String>, ConnectError> {
        let sql = if self.is_pooled {
            "SELECT pg_backend_pid() || ' ' || extract(epoch FROM now())".to_owned()
        } else {
            format!("SELECT pg_backend_pid() || ' ' || current_setting('{MARK}', true)")
        };
        Ok(self.ask(&sql)?.into_iter().next().flatten())
    }
}

/// The text is new for each session, so that a pooler that passes it on has no other session with the same.
fn mark() -> String {
    use std::hash::{BuildHasher, Hasher, RandomState};
    format!("m{:016x}{:x}", RandomState::new().build_hasher().finish(), std::process::id())
}

impl Session for PostgresSession {
    fn try_take(&mut self) -> Result<bool, IsolationError> {
        let number = self.name.number;
        let sql = if self.is_pooled {
            self.ask("BEGIN")?;
            self.ask(
                "SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN
                    ('idle_in_transaction_session_timeout', 'transaction_timeout')",
            )?;
            format!("SELECT pg_try_advisory_xact_lock({number})::text")
        } else {
            format!("SELECT pg_try_advisory_lock({number})::text")
        };
        if self.ask(&sql)? == [Some("true".to_owned())] {
            self.identity = self.identify()?;
            return Ok(true);
        }
        if self.is_pooled {
            // Who waits needs no server session.
            self.ask("ROLLBACK")?;
        }
        Ok(false)
    }

    fn holder(&mut self) -> Option<String> {
        let bits = self.name.number.cast_unsigned();
        let sql = format!(
            "SELECT a.pid, nullif(a.application_name, ''), host(a.client_addr),
                to_char(CASE a.state WHEN 'idle in transaction' THEN a.xact_start ELSE a.backend_start END
                    AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')
            FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
            WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
                AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND l.classid = {} AND l.objid = {}",
            bits >> 32,
            bits & 0xffff_ffff
        );
        let answer = self.ask(&sql).ok()?;
        let [pid, application, address, since] = answer.as_slice() else { return None };
        let mut text = application.clone().unwrap_or_else(|| "a session".to_owned());
        if let Some(address) = address {
            text.push_str(&format!(", from {address}"));
        }
        if let Some(since) = since {
            text.push_str(&format!(", since {since} UTC"));
        }
        Some(format!("{text} (process {} of the server)", pid.as_deref()?))
    }

    fn look(&mut self) -> Result<(), String> {
        let identity = self.identify().map_err(|error| error.to_string())?;
        if identity.is_some() && identity == self.identity {
            return Ok(());
        }
        Err("the connection has another session of the server now".to_owned())
    }

    fn release(&mut self) {
        let sql = if self.is_pooled {
            "ROLLBACK".to_owned()
        } else {
            format!("SELECT pg_advisory_unlock({})::text", self.name.number)
        };
        // If that fails, so did the connection, and the lock ended with it.
        let _ = self.ask(&sql);
    }
}
