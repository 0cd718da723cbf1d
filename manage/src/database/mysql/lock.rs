//! The lock of a MySQL or MariaDB database: a named lock, held by a separate connection.

use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Text};

use super::connection::RawConnection;
use crate::database::lock::error::LockError;
use crate::database::lock::holder::LockHolder;
use crate::database::lock::name::LockName;
use crate::database::lock::session::{ANSWER, HeldLock, LockSession, SILENCE_SECONDS};
use crate::database::{ConnectError, Connection};
use crate::settings::DatabaseSettings;

pub(super) struct MysqlSession {
    session: RawConnection,
    /// The SQL expression for the lock's name.
    name: String,
}

impl MysqlSession {
    pub(super) fn open(settings: &DatabaseSettings, name: &LockName) -> Result<Self, LockError> {
        let mut session = RawConnection::open(settings)?;
        // The periodic check keeps the session alive. The server drops a holder whose machine has vanished,
        // since it sends nothing.
        session.ask(ANSWER, &format!("SET SESSION wait_timeout = {SILENCE_SECONDS}"))?;
        Ok(Self { session, name: name.mysql() })
    }

    fn ask(&mut self, expression: &str) -> Result<Option<String>, ConnectError> {
        let rows = self.session.ask(ANSWER, &format!("SELECT CAST({expression} AS CHAR)"))?;
        Ok(rows.into_iter().next().and_then(|row| row.into_iter().next()))
    }
}

impl LockSession for MysqlSession {
    fn try_take(&mut self) -> Result<bool, LockError> {
        let expression = format!("GET_LOCK({}, 0)", self.name);
        match self.ask(&expression)?.as_deref() {
            Some("1") => Ok(true),
            Some(_) => Ok(false),
            None => Err(LockError::Refused("GET_LOCK failed".to_owned())),
        }
    }

    fn holder(&mut self) -> Option<String> {
        let id = self.ask(&format!("IS_USED_LOCK({})", self.name)).ok()??;
        let id: u64 = id.parse().ok()?;
        let who = self.ask(&format!("({})", owner_sql(id)));
        Some(describe(id, who.ok().flatten()).text)
    }

    fn check(&mut self) -> Result<(), String> {
        let ours = format!("IS_USED_LOCK({}) = CONNECTION_ID()", self.name);
        match self.ask(&ours) {
            Ok(Some(yes)) if yes == "1" => Ok(()),
            Ok(_) => Err("the server has released the lock".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn has_ended(&mut self) -> bool {
        self.session.has_ended()
    }

    fn release(&mut self) {
        // If this fails, the connection has failed and the lock has ended with it.
        let expression = format!("RELEASE_LOCK({})", self.name);
        let _ = self.ask(&expression);
    }
}

/// Returns a query for a text that describes a session. Only an administrator (`PROCESS`) can see the user and
/// host of another user's. The server knows since when it does what it does, not since when it is connected.
fn owner_sql(id: u64) -> String {
    format!(
        "SELECT CONCAT(user, '@', host, IF(command = 'Sleep', ', idle for ', ', in its present statement for '), time, ' s') \
         AS text FROM information_schema.processlist WHERE id = {id} LIMIT 1"
    )
}

fn describe(id: u64, who: Option<String>) -> LockHolder {
    let text = match who {
        Some(who) => format!("{who} (connection {id} of the server)"),
        None => format!("connection {id} of the server"),
    };
    LockHolder { text, end_sql: Some(format!("KILL {id}")) }
}

/// Returns the session that holds a lock.
pub(super) fn holder(connection: &mut Connection, name: &LockName) -> Option<LockHolder> {
    #[derive(QueryableByName)]
    struct Answer {
        #[diesel(sql_type = Nullable<Text>)]
        text: Option<String>,
    }

    connection.with_short_answers(|connection| {
        let used = diesel::sql_query(format!("SELECT CAST(IS_USED_LOCK({}) AS CHAR) AS text", name.mysql()));
        let id = used.get_result::<Answer>(connection).ok()?.text?.parse().ok()?;
        let who: QueryResult<Answer> = diesel::sql_query(owner_sql(id)).get_result(connection);
        Some(describe(id, who.ok().and_then(|answer| answer.text)))
    })
}

/// Returns the oldest open transaction of this database, except this session's. Only an administrator
/// (`PROCESS`) sees it.
pub(super) fn oldest_transaction(connection: &mut Connection) -> Option<LockHolder> {
    #[derive(QueryableByName)]
    struct Oldest {
        #[diesel(sql_type = Text)]
        id: String,
        #[diesel(sql_type = Text)]
        text: String,
    }

    let query = diesel::sql_query(
        "SELECT CAST(p.id AS CHAR) AS id, CONCAT(p.user, '@', p.host, ', in a transaction since ', t.trx_started) AS text \
         FROM information_schema.innodb_trx t JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id \
         WHERE p.db = DATABASE() AND p.id <> CONNECTION_ID() ORDER BY t.trx_started LIMIT 1",
    );
    let found: QueryResult<Oldest> = connection.with_short_answers(|connection| query.get_result(connection));
    let Oldest { id, text } = found.ok()?;
    Some(describe(id.parse().ok()?, Some(text)))
}

/// Takes a session-level lock on this connection if it is free.
pub(super) fn try_lock(connection: &mut Connection, name: &LockName) -> Result<Option<HeldLock>, LockError> {
    let expression = format!("GET_LOCK({}, 0)", name.mysql());
    let query = diesel::select(diesel::dsl::sql::<Nullable<Integer>>(&expression));
    let taken: Option<i32> = connection.with_short_answers(|connection| query.get_result(connection))?;
    Ok((taken == Some(1)).then_some(HeldLock::BY_SESSION))
}

/// Releases the lock of [`try_lock`].
pub(super) fn unlock(connection: &mut Connection, name: &LockName) -> QueryResult<()> {
    let expression = format!("RELEASE_LOCK({})", name.mysql());
    let query = diesel::select(diesel::dsl::sql::<Nullable<Integer>>(&expression));
    connection.with_short_answers(|connection| query.get_result::<Option<i32>>(connection)).map(drop)
}

impl LockName {
    /// Returns an SQL expression for the lock's name in MySQL, which is limited to 64 characters.
    ///
    /// The hashed text is the lock's own part, a space, and the database's name in hexadecimal, so two locks
    /// or two databases never share a text. If the server ignores the case of database names, so does the
    /// lock.
    fn mysql(&self) -> String {
        let database = "COALESCE(DATABASE(), '')";
        let database = format!("IF(@@lower_case_table_names = 0, {database}, LOWER({database}))");
        let database = format!("HEX(CONVERT({database} USING utf8mb4))");
        let hash = format!("SHA2(CONVERT(CONCAT('{} ', {database}) USING utf8mb4), 256)", self.own);
        format!("CONCAT('diesel-manage ', LEFT({hash}, 48))")
    }
}
