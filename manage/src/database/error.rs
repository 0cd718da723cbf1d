//! What is told of a database that cannot be used.

use std::fmt;
use std::io;

use super::{Reason, ServerError, hint};
use crate::settings::DatabaseSettings;

/// Why a database cannot be used: one plain sentence, and the parts that it is made of.
///
/// It holds no password, also where a server's message repeats one. It has no source: the message is the cause's own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectError {
    /// The database, or the service, as its settings show it.
    pub database: String,
    /// What kind of trouble it is.
    pub reason: Reason,
    /// The SQLSTATE, the MySQL error number, or the name that the operating system's error has in C.
    pub code: Option<String>,
    /// What the server, the driver or the operating system said.
    pub message: String,
    /// What may help: one sentence or two.
    pub hint: Option<String>,
}

impl ConnectError {
    /// An error about a database, with the hint that goes with its reason.
    pub(super) fn new(settings: &DatabaseSettings, reason: Reason, message: impl AsRef<str>) -> Self {
        Self {
            database: settings.to_string(),
            reason,
            code: None,
            message: harmless(message.as_ref(), settings),
            hint: hint::of_reason(settings, reason),
        }
    }

    /// What the server answered to a statement.
    pub(super) fn of_answer(settings: &DatabaseSettings, answer: &ServerError) -> Self {
        let reason = match (answer.number(), answer.sqlstate()) {
            #[cfg(feature = "mysql")]
            (Some(number), _) => Reason::of_mysql(number),
            #[cfg(feature = "postgres")]
            (None, Some(code)) => Reason::of_sqlstate(code),
            _ => Reason::Other,
        };
        let error = Self::new(settings, reason, answer.message());
        let hint = error.hint.clone().or_else(|| answer.remedy());
        Self { hint, ..error }.with_code(answer.code())
    }

    /// A session that has been let in, and whose query stays without an answer.
    pub(super) fn unanswered(settings: &DatabaseSettings) -> Self {
        Self::new(settings, Reason::TimedOut, "it accepts connections and answers no query")
    }

    /// An error about something that is no database. The message holds no secret.
    pub(crate) fn of_service(name: &str, reason: Reason, message: impl Into<String>) -> Self {
        Self { database: name.to_owned(), reason, code: None, message: message.into(), hint: None }
    }

    /// An error of the operating system about something that is no database.
    pub(crate) fn of_service_io(name: &str, error: &io::Error) -> Self {
        Self::of_service(name, Reason::of_io(error), io_message(error)).with_code(errno_name(error))
    }

    /// The same of a connection to it.
    pub(crate) fn of_service_tcp(name: &str, error: &io::Error) -> Self {
        Self { reason: Reason::of_tcp(error), ..Self::of_service_io(name, error) }
    }

    /// With the code, and the hint that goes with it where the reason alone has none.
    pub(crate) fn with_code(self, code: Option<impl Into<String>>) -> Self {
        let code = code.map(Into::into);
        let hint = self.hint.or_else(|| hint::of_code(code.as_deref()?).map(str::to_owned));
        Self { code, hint, ..self }
    }

    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// An error of the operating system.
    #[cfg(any(feature = "network", test))]
    pub(super) fn of_io(settings: &DatabaseSettings, error: &io::Error) -> Self {
        let reason = match error.kind() {
            // The drivers' word for a connection that ended in the middle of a packet. The system's errors have a number.
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
        Self::new(settings, reason, io_message(error)).with_code(errno_name(error))
    }

    /// Whether it was the server that said so, rather than the way to it.
    #[cfg(feature = "network")]
    pub(super) fn is_answer(&self) -> bool {
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

/// The password as it must not appear in messages. One that is shorter than a word, or equal to a name that is shown, appears in
/// messages by chance: to cut it out there would reveal it.
pub(super) fn hidden_password(settings: &DatabaseSettings) -> Option<&str> {
    let is_shown = |text: &str| text == settings.name || settings.user.as_deref() == Some(text);
    let secret = settings.password.as_ref().map(|password| password.expose());
    secret.filter(|text| text.chars().count() >= 4 && !is_shown(text))
}

/// A message on one line, without the password.
fn harmless(message: &str, settings: &DatabaseSettings) -> String {
    let message = match hidden_password(settings) {
        Some(secret) => message.replace(secret, "…"),
        None => message.to_owned(),
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
        // The TLS library goes on to say what its users should do.
        Some(inner) if error.kind() == io::ErrorKind::UnexpectedEof => {
            inner.to_string().split(": https://").next().unwrap_or_default().to_owned()
        }
        Some(inner) => inner.to_string(),
        // Without the number that the code says better.
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
            Reason::of_sqlstate("28P01"),
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
        let full = ConnectError::new(&settings(), Reason::of_sqlstate("53300"), "").with_code(Some("53300"));
        assert!(full.hint.expect("a hint").ends_with("close some, or raise the limit."));
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
                "nothing is told by a gap"
            );
        }
        let mut empty = settings();
        empty.password = Some(Secret::default());
        assert_eq!(ConnectError::new(&empty, Reason::Other, "as it is").message, "as it is");
    }
}
