//! Poolers of PostgreSQL that hand each transaction to whichever server session is free, as PgBouncer does.
//!
//! To compare `pg_backend_pid()` tells them only while others use the pooler. So a session is given a mark as it starts, which
//! poolers refuse or drop: a server session that knows the mark is the connection's own.

use std::time::Duration;

use super::{ConnectError, PlainSession};
use crate::settings::DatabaseSettings;

/// What the server calls the mark.
const MARK: &str = "manage.session";

/// How poolers refuse a mark: a startup parameter that they do not know (protocol_violation), or do not pass on
/// (feature_not_supported).
const REFUSALS: [&str; 2] = ["08P01", "0A000"];

/// How long the question may take.
const ANSWER: Duration = Duration::from_secs(10);

/// A session that knows whether the server's session is its own.
pub(crate) struct MarkedSession {
    pub(crate) plain: PlainSession,
    pub(crate) is_pooled: bool,
    mark: String,
}

impl MarkedSession {
    /// Connects, within the settings' time limit, and finds out.
    pub(crate) fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        let mark = mark();
        let mut marked = settings.clone();
        let options = marked.parameters.entry("options".to_owned()).or_default();
        *options = format!("{options} -c {MARK}={mark}").trim_start().to_owned();
        let plain = match PlainSession::open(&marked) {
            Err(error) if error.code.as_deref().is_some_and(|code| REFUSALS.contains(&code)) => {
                PlainSession::open(settings)
            }
            other => other,
        };
        let mut session = Self { plain: plain?, is_pooled: false, mark };
        session.is_pooled = session.asked_mark()?.as_ref() != Some(&session.mark);
        Ok(session)
    }

    /// The mark of the server session that answers.
    fn asked_mark(&mut self) -> Result<Option<String>, ConnectError> {
        let sql = format!("SELECT {}", Self::mark_in_sql());
        Ok(self.plain.ask(&sql, ANSWER)?.into_iter().next().flatten())
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

/// Whether such a pooler is in between, if that can be found out in time.
pub(crate) fn is_pooled(settings: &DatabaseSettings, limit: Duration) -> Option<bool> {
    let settings = DatabaseSettings { connect_timeout: limit, ..settings.clone() };
    MarkedSession::open(&settings).ok().map(|session| session.is_pooled)
}
