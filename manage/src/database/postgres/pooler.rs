//! PostgreSQL poolers with transaction pooling, such as PgBouncer.
//!
//! Comparing `pg_backend_pid()` detects them only while other clients use the pooler. So this crate marks
//! each session with a startup parameter that poolers refuse or drop. A server session that has the mark
//! belongs to this connection alone.

use std::time::Duration;

use diesel::sql_types::{Nullable, Text};
use diesel::{QueryResult, RunQueryDsl as _};

use crate::database::{ConnectError, PlainSession, Pooling, PostgresConnection};
use crate::settings::DatabaseSettings;

/// The name of the mark: a setting of the server session.
const MARK: &str = "manage.session";

/// The SQLSTATEs with which poolers refuse a mark: a startup parameter that they do not know
/// (protocol_violation), or do not pass on (feature_not_supported).
const REFUSALS: [&str; 2] = ["08P01", "0A000"];

/// The time limit of a query.
const ANSWER: Duration = Duration::from_secs(10);

/// A session that knows whether it has a server session of its own.
pub(crate) struct MarkedSession {
    pub(crate) plain: PlainSession,
    pub(crate) is_pooled: bool,
}

impl MarkedSession {
    /// Connects, within the settings' time limit, and detects a pooler.
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

    /// Returns an SQL expression for the mark of the server session, which is NULL in a session without one.
    pub(crate) fn mark_in_sql() -> String {
        format!("current_setting('{MARK}', true)")
    }
}

/// Returns a new mark. It is unique per session, so a pooler that forwards marks has no other session with
/// the same one.
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

/// Returns a connection, and whether it goes through a pooler, as far as that is known without a query. Unless a
/// pooler refuses the mark, this needs only one connection, since the pooler might have none left.
pub(super) fn open_marked(
    settings: &DatabaseSettings,
) -> Result<(PostgresConnection, Pooling), ConnectError> {
    let mark = mark();
    match PostgresConnection::open(&marked(settings, &mark)) {
        Err(error) if is_refusal(&error) => Ok((PostgresConnection::open(settings)?, Pooling::Known(true))),
        connection => Ok((connection?, Pooling::UnlessMarked(mark))),
    }
}

/// Returns whether the server session has a mark.
pub(super) fn has_mark(connection: &mut PostgresConnection, mark: &str) -> bool {
    let query = diesel::select(diesel::dsl::sql::<Nullable<Text>>(&MarkedSession::mark_in_sql()));
    let answer: Option<QueryResult<Option<String>>> =
        connection.within(ANSWER, |connection| query.get_result(connection));
    // If this query fails, the next statement will fail too, and report the error.
    answer.and_then(Result::ok).flatten().as_deref() == Some(mark)
}
