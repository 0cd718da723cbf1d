//! Ends a statement that the server still runs, from a session of its own: the first one is not read before
//! the statement ends, not even if the client closes it.

use std::time::Duration;

use super::super::connection::RawConnection;
use crate::database::network::dial::Endpoint;
use crate::settings::DatabaseSettings;

/// How long that may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Ends the statement of a session. If this fails, the server goes on until it notices that the session's
/// client is disconnected: nobody waits for the result of this.
pub(super) fn kill_statement(
    settings: &DatabaseSettings,
    connection: u32,
    time: Duration,
    target: &Endpoint,
) {
    kill(settings, connection, time, target, &format!("KILL {connection}"));
}

/// Sends this `KILL` if the session is still this user's, and its statement has been running for this time.
pub(super) fn kill(
    settings: &DatabaseSettings,
    connection: u32,
    time: Duration,
    target: &Endpoint,
    sql: &str,
) {
    let settings =
        DatabaseSettings { connect_timeout: settings.connect_timeout.min(LIMIT), ..settings.clone() };
    let Ok(mut session) = RawConnection::open_at(&settings, target) else { return };
    // Behind a balancer this may be another server, on which the number belongs to another session. Servers count
    // whole seconds.
    let seconds = time.as_secs().saturating_sub(1);
    let runs = format!(
        "SELECT id FROM information_schema.processlist WHERE id = {connection} \
         AND user = SUBSTRING_INDEX(USER(), '@', 1) AND command <> 'Sleep' AND time >= {seconds}"
    );
    if session.ask(LIMIT, &runs).is_ok_and(|rows| !rows.is_empty()) {
        let _ = session.ask(LIMIT, sql);
    }
}
