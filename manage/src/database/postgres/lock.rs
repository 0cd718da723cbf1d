//! The lock of a PostgreSQL database: an advisory lock, held by a separate connection.
//!
//! A session-level lock needs a server session of its own. Behind transaction pooling the lock is
//! transaction-level, in a transaction that stays open and so keeps its server session.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

use super::pooler::MarkedSession;
use crate::database::lock::error::LockError;
use crate::database::lock::holder::LockHolder;
use crate::database::lock::name::LockName;
use crate::database::lock::session::{ANSWER, HeldLock, LockSession, SILENCE_SECONDS};
use crate::database::{ConnectError, Connection};
use crate::settings::DatabaseSettings;

pub(super) struct PostgresSession {
    session: MarkedSession,
    name: LockName,
    /// Identifies this session, or its transaction behind a pooler.
    identity: Option<String>,
}

impl PostgresSession {
    pub(super) fn open(settings: &DatabaseSettings, name: LockName, owner: &str) -> Result<Self, LockError> {
        let mut settings = settings.clone();
        name_session(&mut settings, owner);
        let session = MarkedSession::open(&settings)?;
        let mut session = Self { session, name, identity: None };
        session.find_out()?;
        Ok(session)
    }

    /// Fails on a standby, where locks have no effect on the primary, and configures the session so that its
    /// locks end with this process.
    fn find_out(&mut self) -> Result<(), LockError> {
        if self.ask("SELECT pg_is_in_recovery()::text")? != [Some("false".to_owned())] {
            return Err(LockError::Standby);
        }
        if !self.is_pooled() {
            // The server ends the session of an unreachable client, but not because the session is idle.
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
        self.session.plain.ask(sql, ANSWER)
    }

    fn is_pooled(&self) -> bool {
        self.session.is_pooled
    }

    /// Returns a text that changes when the server session or the transaction changes.
    fn identify(&mut self) -> Result<Option<String>, ConnectError> {
        let sql = if self.is_pooled() {
            "SELECT pg_backend_pid() || ' ' || extract(epoch FROM now())".to_owned()
        } else {
            format!("SELECT pg_backend_pid() || ' ' || {}", MarkedSession::mark_in_sql())
        };
        Ok(self.ask(&sql)?.into_iter().next().flatten())
    }
}

impl LockSession for PostgresSession {
    fn try_take(&mut self) -> Result<bool, LockError> {
        let number = self.name.number;
        let sql = if self.is_pooled() {
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
        if self.is_pooled() {
            // A waiting process needs no server session.
            self.ask("ROLLBACK")?;
        }
        Ok(false)
    }

    fn holder(&mut self) -> Option<String> {
        let answer = self.ask(&holder_sql(&self.name)).ok()?;
        let [pid, application, user, address, connected, began] = <[_; 6]>::try_from(answer).ok()?;
        let holder = Holder { pid: pid?, application, user, address, connected, began };
        Some(holder.describe().text)
    }

    fn check(&mut self) -> Result<(), String> {
        let identity = self.identify().map_err(|error| error.to_string())?;
        if identity.is_some() && identity == self.identity {
            return Ok(());
        }
        Err("the connection now has another server session".to_owned())
    }

    fn has_ended(&mut self) -> bool {
        self.session.plain.has_ended()
    }

    fn release(&mut self) {
        let sql = if self.is_pooled() {
            "ROLLBACK".to_owned()
        } else {
            format!("SELECT pg_advisory_unlock({})::text", self.name.number)
        };
        // If this fails, the connection has failed and the lock has ended with it.
        let _ = self.ask(&sql);
    }
}

/// Shows the owner of a session in `pg_stat_activity`, which cuts names off after 63 bytes.
pub(super) fn name_session(settings: &mut DatabaseSettings, owner: &str) {
    settings.parameters.insert("application_name".to_owned(), owner.chars().take(63).collect());
}

/// The session that holds a lock. PostgreSQL shows all of it to the same user and to `pg_read_all_stats`.
#[derive(QueryableByName)]
struct Holder {
    #[diesel(sql_type = Text)]
    pid: String,
    #[diesel(sql_type = Nullable<Text>)]
    application: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    user: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    address: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    connected: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    began: Option<String>,
}

fn holder_sql(name: &LockName) -> String {
    let bits = name.number.cast_unsigned();
    sessions_sql(&format!(
        "l.locktype = 'advisory' AND l.objsubid = 1 AND l.classid = {} AND l.objid = {}",
        bits >> 32,
        bits & 0xffff_ffff
    ))
}

/// Returns a query for the sessions that hold a lock in this database, those with an old transaction first.
fn sessions_sql(which: &str) -> String {
    let time = |column| format!("to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')");
    format!(
        "SELECT l.pid::text AS pid, nullif(a.application_name, '') AS application, a.usename::text AS user,
            host(a.client_addr) AS address, {} AS connected, {} AS began
        FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
        WHERE l.granted AND l.pid <> pg_backend_pid()
            AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
            AND {which}
        ORDER BY a.xact_start NULLS LAST LIMIT 1",
        time("a.backend_start"),
        time("a.xact_start"),
    )
}

/// Returns the text of an array.
fn array(texts: &[String]) -> String {
    let quoted = texts.iter().map(|text| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")));
    format!("{{{}}}", quoted.collect::<Vec<_>>().join(","))
}

/// Returns a session that has a lock on something with one of these names.
pub(super) fn blocker(connection: &mut Connection, names: &[String]) -> Option<LockHolder> {
    let query = diesel::sql_query(sessions_sql(
        "l.relation IN (SELECT oid FROM pg_catalog.pg_class WHERE relname = ANY($1::text[]))",
    ));
    let query = query.bind::<Text, _>(array(names));
    let found: QueryResult<Holder> = connection.with_short_answers(|connection| query.get_result(connection));
    found.ok().map(Holder::describe)
}

impl Holder {
    fn describe(self) -> LockHolder {
        let mut text = self.application.unwrap_or_else(|| "a session".to_owned());
        for (before, value, after) in [
            ("user ", self.user, ""),
            ("from ", self.address, ""),
            ("connected since ", self.connected, " UTC"),
            ("in a transaction since ", self.began, " UTC"),
        ] {
            if let Some(value) = value {
                text.push_str(&format!(", {before}{value}{after}"));
            }
        }
        text.push_str(&format!(" (process {} of the server)", self.pid));
        LockHolder { text, end_sql: Some(format!("SELECT pg_terminate_backend({})", self.pid)) }
    }
}

/// Returns the session that holds a lock.
pub(super) fn holder(connection: &mut Connection, name: &LockName) -> Option<LockHolder> {
    let query = diesel::sql_query(holder_sql(name));
    let found: QueryResult<Holder> = connection.with_short_answers(|connection| query.get_result(connection));
    found.ok().map(Holder::describe)
}

/// Takes a session-level lock on this connection if it is free.
pub(super) fn try_lock(connection: &mut Connection, name: &LockName) -> Result<Option<HeldLock>, LockError> {
    let lock = diesel::dsl::sql::<Bool>("pg_try_advisory_lock(").bind::<BigInt, _>(name.number).sql(")");
    let query = diesel::select(lock);
    let is_taken: bool = connection.with_short_answers(|connection| query.get_result(connection))?;
    Ok(is_taken.then_some(HeldLock::BY_SESSION))
}

/// Releases the lock of [`try_lock`].
pub(super) fn unlock(connection: &mut Connection, name: &LockName) -> QueryResult<()> {
    let unlock = diesel::dsl::sql::<Bool>("pg_advisory_unlock(").bind::<BigInt, _>(name.number).sql(")");
    let query = diesel::select(unlock);
    connection.with_short_answers(|connection| query.get_result::<bool>(connection)).map(drop)
}
