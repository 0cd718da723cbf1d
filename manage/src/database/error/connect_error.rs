//! The error of a database that cannot be used.

use std::fmt;
use std::io;

use super::hint;
use crate::database::{Reason, ServerError};
use crate::settings::DatabaseSettings;

/// The reason why a database cannot be used: one sentence, and its parts.
///
/// It contains no password, even if a server's message repeats one. It has no source, since its message
/// already includes that of the cause.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectError {
    /// The database or the service, as its settings display it.
    pub database: String,
    /// The kind of error.
    pub reason: Reason,
    /// The SQLSTATE, the MySQL error number, or the C name of the operating system's error.
    pub code: Option<String>,
    /// The message of the server, the driver or the operating system.
    pub message: String,
    /// A hint: one or two sentences.
    pub hint: Option<String>,
}

impl ConnectError {
    /// Creates an error about a database, with the hint that goes with its reason.
    pub(crate) fn new(settings: &DatabaseSettings, reason: Reason, message: impl AsRef<str>) -> Self {
        Self {
            database: settings.to_string(),
            reason,
            code: None,
            message: harmless(message.as_ref(), settings),
            hint: hint::of_reason(settings, reason),
        }
    }

    /// Creates the error of a statement that the server refused.
    pub(crate) fn of_answer(settings: &DatabaseSettings, answer: &ServerError) -> Self {
        let reason = answer.operations().map_or(Reason::Other, |operations| operations.reason(answer));
        let error = Self::new(settings, reason, answer.message());
        let hint = error.hint.clone().or_else(|| answer.remedy());
        Self { hint, ..error }.with_code(answer.code())
    }

    /// Creates the error of a session whose query gets no answer.
    pub(crate) fn unanswered(settings: &DatabaseSettings) -> Self {
        Self::new(settings, Reason::TimedOut, "it accepts connections but answers no query")
    }

    /// Creates an error about a service other than a database. The message must contain no secret.
    pub(crate) fn of_service(name: &str, reason: Reason, message: impl Into<String>) -> Self {
        Self { database: name.to_owned(), reason, code: None, message: message.into(), hint: None }
    }

    /// Creates an error of the operating system about a service other than a database.
    pub(crate) fn of_service_io(name: &str, error: &io::Error) -> Self {
        Self::of_service(name, Reason::of_io(error), io_message(error)).with_code(errno_name(error))
    }

    /// Creates an error of the operating system about a TCP connection to a service.
    pub(crate) fn of_service_tcp(name: &str, error: &io::Error) -> Self {
        Self { reason: Reason::of_tcp(error), ..Self::of_service_io(name, error) }
    }

    /// Sets the code, and its hint if the reason alone has none.
    pub(crate) fn with_code(self, code: Option<impl Into<String>>) -> Self {
        let code = code.map(Into::into);
        let hint = self.hint.or_else(|| hint::of_code(code.as_deref()?).map(str::to_owned));
        Self { code, hint, ..self }
    }

    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Creates an error of the operating system.
    #[cfg(any(feature = "_network", test))]
    pub(crate) fn of_io(settings: &DatabaseSettings, error: &io::Error) -> Self {
        let reason = match error.kind() {
            // The drivers report a connection that ended in the middle of a packet like this. The system's
            // errors have a number.
            io::ErrorKind::Other if error.raw_os_error().is_none() => Reason::Closed,
            _ if settings
                .addresses
                .iter()
                .any(|address| matches!(address, crate::settings::Address::Unix(..))) =>
            {
                Reason::of_io(error)
            }
            _ => Reason::of_tcp(error),
        };
        let error = Self::new(settings, reason, io_message(error)).with_code(errno_name(error));
        if reason == Reason::Closed { error.with_hint(hint::of_silence(settings)) } else { error }
    }

    /// Creates the error of a server that hangs up or does not answer before a login.
    pub(crate) fn of_silence(settings: &DatabaseSettings, reason: Reason, message: &str) -> Self {
        Self::new(settings, reason, message).with_hint(hint::of_silence(settings))
    }

    /// Returns whether the server itself reported the error, rather than the network or the client.
    pub(crate) fn is_answer(&self) -> bool {
        !matches!(
            self.reason,
            Reason::Refused
                | Reason::Unreachable
                | Reason::UnknownHost
                | Reason::TimedOut
                | Reason::Closed
                | Reason::Socket
        )
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence = match (self.reason, self.code.as_deref()) {
            (Reason::Credentials, Some("28P01" | "1045")) => "refuses the password",
            (Reason::Closed, Some("08P01")) => "refuses",
            (reason, _) => reason.sentence(),
        };
        write!(f, "{} {sentence}", self.database)?;
        match (&self.code, self.message.as_str()) {
            (Some(code), "") => write!(f, " ({code})"),
            (Some(code), message) => write!(f, " ({code}: {message})"),
            (None, "") => Ok(()),
            (None, message) => write!(f, " ({message})"),
        }
    }
}

impl std::error::Error for ConnectError {}

/// Returns the password if it must be removed from messages. A password that is shorter than a word, or equal
/// to a displayed name, appears in messages by chance: removing it there would reveal it.
pub(super) fn hidden_password(settings: &DatabaseSettings) -> Option<&str> {
    let is_shown = |text: &str| text == settings.name || settings.user.as_deref() == Some(text);
    let secret = settings.password.as_ref().map(|password| password.expose());
    secret.filter(|text| text.chars().count() >= 4 && !is_shown(text))
}

/// Returns a message on one line, without the password, and without text that holds one in a wrong place.
fn harmless(message: &str, settings: &DatabaseSettings) -> String {
    let message = settings.without_misplaced(message);
    let message = match hidden_password(settings) {
        Some(secret) => message.replace(secret, "…"),
        None => message,
    };
    message
        .split(|c: char| c.is_control())
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn io_message(error: &io::Error) -> String {
    match error.get_ref() {
        // The TLS library appends advice for its users.
        Some(inner) if error.kind() == io::ErrorKind::UnexpectedEof => {
            inner.to_string().split(": https://").next().unwrap_or_default().to_owned()
        }
        Some(inner) => inner.to_string(),
        // The code replaces the number.
        None => error.to_string().split(" (os error").next().unwrap_or_default().to_owned(),
    }
}

fn errno_name(error: &io::Error) -> Option<&'static str> {
    use io::ErrorKind as Kind;
    Some(match error.kind() {
        Kind::ConnectionRefused => "ECONNREFUSED",
        Kind::HostUnreachable => "EHOSTUNREACH",
        Kind::NetworkUnreachable => "ENETUNREACH",
        Kind::NetworkDown => "ENETDOWN",
        Kind::AddrNotAvailable => "EADDRNOTAVAIL",
        Kind::TimedOut => "ETIMEDOUT",
        Kind::ConnectionReset => "ECONNRESET",
        Kind::ConnectionAborted => "ECONNABORTED",
        Kind::BrokenPipe => "EPIPE",
        Kind::NotFound => "ENOENT",
        Kind::NotADirectory => "ENOTDIR",
        Kind::PermissionDenied => "EACCES",
        Kind::InvalidInput if error.raw_os_error().is_some() => "EINVAL",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::settings::{Origin, Secret};

    use super::*;

    fn settings() -> DatabaseSettings {
        let url = "postgres://app:hunter2@db:5432/blog";
        DatabaseSettings::from_url("default", url, Origin::Environment("DATABASE_URL".to_owned()))
            .expect("a URL")
    }

    #[test]
    fn an_error_is_one_sentence() {
        let error = ConnectError::new(
            &settings(),
            Reason::Credentials,
            "password authentication failed for user \"app\"",
        )
        .with_code(Some("28P01"));
        assert_eq!(
            error.to_string(),
            "PostgreSQL at db:5432/blog as app refuses the password \
             (28P01: password authentication failed for user \"app\")"
        );
        assert_eq!(
            error.hint.as_deref(),
            Some("The user and the password come from DATABASE_URL (environment).")
        );
        let full = ConnectError::new(&settings(), Reason::TooManyConnections, "").with_code(Some("53300"));
        if cfg!(feature = "postgres") {
            assert!(full.hint.expect("a hint").ends_with("close some, or raise the limit."));
        }
        let refused = ConnectError::of_io(&settings(), &io::Error::from(io::ErrorKind::ConnectionRefused));
        assert_eq!(
            refused.to_string(),
            "PostgreSQL at db:5432/blog as app refuses the connection (ECONNREFUSED: connection refused)"
        );
    }

    #[test]
    fn an_echoed_password_is_left_out() {
        let error =
            ConnectError::new(&settings(), Reason::Other, "cannot parse\r\n\"hunter2\" \u{1b}[31mhere");
        for shown in [error.to_string(), format!("{error:?}"), format!("{error:#?}")] {
            assert!(!shown.contains("hunter2"), "{shown}");
            assert!(!shown.contains('\u{1b}'), "{shown}");
        }
        for password in ["app", "blog", "e"] {
            let mut common = settings();
            common.password = Some(Secret::new(password));
            let message = "failed for user \"app\"";
            assert_eq!(
                ConnectError::new(&common, Reason::Other, message).message,
                message,
                "nothing is reported by a gap"
            );
        }
        let mut empty = settings();
        empty.password = Some(Secret::default());
        assert_eq!(ConnectError::new(&empty, Reason::Other, "as it is").message, "as it is");
    }
}
