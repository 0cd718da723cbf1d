//! Describes a failure in plain words: the code, its meaning, and the server's message.

use crate::database::{ConnectError, Reason};
use crate::wait::State;

/// Returns `28P01: the server is up, but it refuses the password of user app`, without a full stop.
pub(super) fn words(error: &ConnectError, state: &State) -> String {
    let mut text = String::new();
    if let Some(code) = &error.code {
        text.push_str(&format!("{code}: "));
    }
    text.push_str(&plain(error, state));
    // The operating system's text for a refused connection adds nothing; a server's message may.
    let message = error.message.trim_end_matches('.');
    if !message.is_empty() && !is_plain(error.reason) {
        text.push_str(&format!(" ({message})"));
    }
    capitalized(&text)
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

fn is_plain(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::Refused | Reason::Unreachable | Reason::Socket | Reason::NotThere | Reason::Unstable
    )
}

fn plain(error: &ConnectError, state: &State) -> String {
    let user = state.user.as_deref().map(|user| format!("user {user}"));
    let user = user.as_deref().unwrap_or("the user");
    match (error.reason, error.code.as_deref()) {
        (Reason::Credentials, Some("28P01" | "1045")) => {
            format!("the server is up, but it refuses the password of {user}")
        }
        (Reason::Credentials, _) => format!("the server is up, but it refuses the login of {user}"),
        (Reason::UnsupportedLogin, _) => {
            "the server is up, but it asks for a login that this program does not support".to_owned()
        }
        (Reason::NoDatabase, _) if !state.is_database => {
            "the server is up, but it denies access to the URL's path".to_owned()
        }
        (Reason::NoDatabase, _) => "the server is up, but it has no such database".to_owned(),
        (Reason::Permission, Some("EACCES")) => "this process may not open it".to_owned(),
        (Reason::Permission, Some("42501" | "1142")) => {
            format!("the server is up, but it does not permit this to {user}")
        }
        (Reason::Permission, _) => format!("the server is up, but it denies access to {user}"),
        (Reason::StartingUp, _) => "the server is up, but still starting or shutting down".to_owned(),
        (Reason::TooManyConnections, _) => "the server is up, but has no connection left".to_owned(),
        (Reason::ReadOnly, _) => "the server is up, but does not accept writes".to_owned(),
        (Reason::SessionAttributes, _) => "a server answers, but not of the requested kind".to_owned(),
        (Reason::Unmigrated, _) => "the database answers, but has unapplied migrations".to_owned(),
        (Reason::Unstable, _) => error.message.clone(),
        (Reason::Unhealthy, _) => "it answers, but reports that it is unhealthy".to_owned(),
        (Reason::WrongService, _) => "a different service answers there".to_owned(),
        (Reason::Refused, _) => "nothing listens there".to_owned(),
        (Reason::Unreachable, _) => "there is no route to it".to_owned(),
        (Reason::UnknownHost, _) => "the host name cannot be resolved".to_owned(),
        (Reason::TimedOut, _) => "no answer in time".to_owned(),
        (Reason::Closed, Some("08P01")) => "the server, or a pooler before it, refuses".to_owned(),
        (Reason::Closed, _) => "the connection was closed".to_owned(),
        (Reason::Tls, _) => "no trusted TLS connection could be established".to_owned(),
        (Reason::Socket, _) => "there is no Unix socket of that path".to_owned(),
        (Reason::NotThere, _) => "there is no such file".to_owned(),
        (Reason::File, _) => "the file cannot be used".to_owned(),
        (Reason::Locked, _) => "another process has locked the file".to_owned(),
        (Reason::NotCompiledIn, _) => "this program was built without it".to_owned(),
        (Reason::WrongBackend, _) => "it is another kind of database".to_owned(),
        (Reason::Configuration, _) => "the settings cannot be used".to_owned(),
        (Reason::Other, _) => "it cannot be used".to_owned(),
    }
}

/// Formats a duration with a useful precision: `3.2 s`, `0.004 s`.
pub(super) fn seconds(time: std::time::Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 0.1 { format!("{seconds:.3} s") } else { format!("{seconds:.1} s") }
}

/// Returns `1 attempt`, `7 attempts`.
pub(super) fn attempts(count: u32) -> String {
    if count == 1 { "1 attempt".to_owned() } else { format!("{count} attempts") }
}
