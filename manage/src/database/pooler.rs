//! Poolers of PostgreSQL that hand each transaction to whichever server session is free, as PgBouncer does.
//!
//! To compare `pg_backend_pid()` tells them only while others use the pooler. So a session is given a mark as it starts, which
//! poolers refuse or drop: a server session that knows the mark is the connection's own.

use std::time::Duration;

use super::{ConnectError, Connection, PlainSession};
use crate::settings::DatabaseSettings;

/// What the server calls the mark.
const MARK: &str = "manage.session";

/// How poolers refuse a mark: a startup parameter that they do not know (protocol_violation), or do not pass on
/// (feature_not_supported).
const REFUSALS: [&str; 2] = ["08P01", "0A000"];

/// How long a question may take.
const ANSWER: Duration = Duration::from_secs(10);

/// A session that knows whether the server's session is its own.
pub(crate) struct MarkedSession {
    pub(crate) plain: PlainSession,
    pub(crate) is_pooled: bool,
}

impl MarkedSession {
    /// Connects, within the settings' time limit, and finds out.
    pub(crate) fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        let mark = mark();
        let mut session = match PlainSession::open(&marked(settings, &mark)) {
            Err(error) if is_refusal(&error) => {
                return Ok(Self { plain: PlainSession::open(settings)?, is_pooled: true });
            }
            plain => Self { plain: plain?, is_pooled: false },
        };
        let sql = format!("SELECT {}", Self::mark_in_sql());
        let known = session.plain.ask(&sql, ANSWER)?.into_iter().next().flatten();
        session.is_pooled = known != Some(mark);
        Ok(session)
    }

    /// What is the mark in the session that has it, and nothing in any other.
    pub(crate) fn mark_in_sql() -> String {
        format!("current_setting('{MARK}', true)")
    }
}

/// The text is new for each session, so that a pooler that passes it on has no other session with the same.
fn mark() -> String {
    use std::hash::{BuildHasher, Hasher, RandomState};
    format!("m{:016x}{:x}", RandomState::new().build_hasher().finish(), std::process::id())
}

fn marked(settings: &DatabaseSettings, mark: &str) -> DatabaseSettings {
    let mut marked = settings.clone();
    let options = marked.parameters.entry("options".to_owned()).or_default();
    *options = format!("{options} -c {MARK}={mark}").trim_start().to_owned();
    marked
}

fn is_refusal(error: &ConnectError) -> bool {
    error.code.as_deref().is_some_and(|code| REFUSALS.contains(&code))
}

/// A connection, and whether a pooler is before its server: then the next transaction may have another session. There is
/// no second connection to find that out, for which a pooler might have no room.
pub(crate) fn open_knowing(settings: &DatabaseSettings) -> Result<(Connection, bool), ConnectError> {
    let mark = mark();
    let mut connection = match Connection::open(&marked(settings, &mark)) {
        Err(error) if is_refusal(&error) => return Ok((Connection::open(settings)?, true)),
        connection => connection?,
    };
    let sql = format!("SELECT {} AS text", MarkedSession::mark_in_sql());
    // A question that fails is told by what comes after it.
    let known = connection.ask_texts(settings, ANSWER, &sql).unwrap_or_default();
    Ok((connection, known != [mark]))
}
