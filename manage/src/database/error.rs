//! Why a database cannot be used, told apart by what the server or the operating system says in numbers.

use std::fmt;
use std::io;

use crate::settings::DatabaseSettings;

/// Why there is no connection. No reason is ever found by reading a message: those are translated and change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Nothing listens at the address.
    Refused,
    /// No route leads to the address.
    Unreachable,
    /// The host's name could not be looked up.
    UnknownHost,
    /// The time limit passed, whatever it was spent on.
    TimedOut,
    /// The server ended the connection, or the network did.
    Closed,
    /// The server is there and serves nobody: it starts, stops or recovers.
    StartingUp,
    /// The server has no room for one more connection.
    TooManyConnections,
    /// The server refuses the user or the password.
    Credentials,
    /// The server has no database of that name.
    NoDatabase,
    /// The user may not use the database.
    Permission,
    /// No encrypted connection could be made.
    Tls,
    /// There is no Unix socket of that path.
    Socket,
    /// A file that somebody shall make is not there.
    NotThere,
    /// An SQLite file cannot be opened or is none.
    File,
    /// Another process holds an SQLite file for itself.
    Locked,
    /// The database answers and takes no changes: a standby, or one that was made read-only.
    ReadOnly,
    /// The database answers and lacks migrations of the program.
    Unmigrated,
    /// It answers, but not for as long yet as it must.
    Unstable,
    /// Something else than the expected server answers there.
    WrongService,
    /// The service answers that it cannot serve: an HTTP status that is none of the expected ones.
    Unhealthy,
    /// This program was built without the driver.
    NotCompiledIn,
    /// The settings cannot be used as they are.
    Configuration,
    /// Anything else.
    Other,
}

impl Reason {
    /// Whether waiting may help: a server that is not up yet, rather than a setting that is wrong.
    pub fn is_transient(self) -> bool {
        match self {
            Self::Refused
            | Self::Unreachable
            | Self::UnknownHost
            | Self::TimedOut
            | Self::Closed
            | Self::StartingUp
            | Self::TooManyConnections
            | Self::NotThere
            | Self::Locked
            | Self::ReadOnly
            | Self::Unmigrated
            | Self::Unstable
            | Self::Unhealthy
            | Self::Socket => true,
            Self::Credentials
            | Self::NoDatabase
            | Self::Permission
            | Self::Tls
            | Self::File
            | Self::WrongService
            | Self::NotCompiledIn
            | Self::Configuration
            | Self::Other => false,
        }
    }

    /// The reason as one word for programs: `refused`, `starting_up`, `no_database`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::UnknownHost => "unknown_host",
            Self::TimedOut => "timed_out",
            Self::Closed => "closed",
            Self::StartingUp => "starting_up",
            Self::TooManyConnections => "too_many_connections",
            Self::Credentials => "credentials",
            Self::NoDatabase => "no_database",
            Self::Permission => "permission",
            Self::Tls => "tls",
            Self::Socket => "socket",
            Self::NotThere => "not_there",
            Self::File => "file",
            Self::Locked => "locked",
            Self::ReadOnly => "read_only",
            Self::Unmigrated => "unmigrated",
            Self::Unstable => "unstable",
            Self::WrongService => "wrong_service",
            Self::Unhealthy => "unhealthy",
            Self::NotCompiledIn => "not_compiled_in",
            Self::Configuration => "configuration",
            Self::Other => "other",
        }
    }

    /// The reason behind an error of the operating system.
    pub(crate) fn of_io(error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        match error.kind() {
            Kind::ConnectionRefused => Self::Refused,
            Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NetworkDown | Kind::AddrNotAvailable => {
                Self::Unreachable
            }
            Kind::TimedOut => Self::TimedOut,
            Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe | Kind::UnexpectedEof => {
                Self::Closed
            }
            Kind::NotFound | Kind::NotADirectory => Self::Socket,
            Kind::PermissionDenied => Self::Permission,
            _ => Self::Other,
        }
    }

    /// The same for a connection over TCP, which no permissions guard: a route that swallows or forbids is none, in Linux's words
    /// an invalid argument or a missing permission.
    pub(crate) fn of_tcp(error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        match error.kind() {
            Kind::InvalidInput | Kind::PermissionDenied if error.raw_os_error().is_some() => {
                Self::Unreachable
            }
            _ => Self::of_io(error),
        }
    }

    /// The reason behind a PostgreSQL SQLSTATE.
    #[cfg(any(feature = "postgres", test))]
    pub(super) fn of_sqlstate(code: &str) -> Self {
        match code {
            "57P01" | "57P02" | "57P03" => Self::StartingUp,
            "53300" | "53400" => Self::TooManyConnections,
            "28P01" | "28000" => Self::Credentials,
            // The second one: it was dropped while we were connected.
            "3D000" | "57P04" => Self::NoDatabase,
            // At a login the second one means that the database was made to allow no connections.
            "42501" | "55000" => Self::Permission,
            "25006" => Self::ReadOnly,
            // A statement or a lock took longer than the server allows: a server under load, as a rule.
            "57014" | "55P03" => Self::TimedOut,
            "57P05" | "25P03" => Self::Closed,
            // Memory, disk or file handles are short; a deadlock, or a standby that had to cancel the query.
            code if code.starts_with("53") || code.starts_with("58") || code.starts_with("40") => {
                Self::Unhealthy
            }
            code if code.starts_with("08") => Self::Closed,
            _ => Self::Other,
        }
    }

    /// The reason behind an error number of a MySQL or MariaDB server.
    #[cfg(any(feature = "mysql", test))]
    pub(super) fn of_mysql(code: u16) -> Self {
        match code {
            // Shutting down, a query interrupted by it, and a server that accepts no connection for now.
            1053 | 1077 | 3032 | 3169 => Self::StartingUp,
            // The third one: the server cannot start one more thread.
            1040 | 1203 | 1135 | 1226 => Self::TooManyConnections,
            // A password that is wrong or has expired, an account that is locked, a way to log in that is not known.
            1045 | 1251 | 1524 | 1698 | 1820 | 1862 | 3118 | 3955 | 4151 => Self::Credentials,
            1049 => Self::NoDatabase,
            // A blocked host stays so until somebody flushes the server's list.
            1044 | 1129 | 1130 | 1142 | 1227 => Self::Permission,
            1290 | 1792 | 1836 => Self::ReadOnly,
            // A statement or a lock took longer than the server allows: MariaDB, MySQL, both.
            1969 | 3024 | 1205 => Self::TimedOut,
            // Memory or disk is short, or a deadlock.
            1021 | 1037 | 1038 | 1041 | 1213 => Self::Unhealthy,
            1152 | 1158 | 1159 | 1160 | 1161 | 1184 | 1317 | 1927 => Self::Closed,
            3159 => Self::Tls,
            _ => Self::Other,
        }
    }

    /// What the database does, behind its name.
    fn sentence(self) -> &'static str {
        match self {
            Self::Refused => "refuses the connection",
            Self::Unreachable => "cannot be reached",
            Self::UnknownHost => "has a host name that cannot be looked up",
            Self::TimedOut => "does not answer in time",
            Self::Closed => "closed the connection",
            Self::StartingUp => "is starting up or shutting down",
            Self::TooManyConnections => "has no connection left",
            Self::Credentials => "refuses the login",
            Self::NoDatabase => "has no such database",
            Self::Permission => "does not permit the connection",
            Self::Tls => "gives no trusted, encrypted connection",
            Self::Socket => "has no socket there",
            Self::NotThere => "is not there",
            Self::File => "cannot be opened",
            Self::Locked => "is locked",
            Self::ReadOnly => "is read-only",
            Self::Unmigrated => "lacks migrations",
            Self::Unstable => "does not answer for long enough yet",
            Self::WrongService => "is something else",
            Self::Unhealthy => "says that it is not well",
            Self::NotCompiledIn => "cannot be used by this program",
            Self::Configuration => "has settings that cannot be used",
            Self::Other => "cannot be used",
        }
    }
}

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
            hint: hint(settings, reason),
        }
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
        let hint = self.hint.or_else(|| hint_of_code(code.as_deref()?).map(str::to_owned));
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

fn hint(settings: &DatabaseSettings, reason: Reason) -> Option<String> {
    let origin = &settings.origin;
    Some(match reason {
        Reason::Refused => format!("Is the server running? Its address comes from {origin}."),
        Reason::ReadOnly => "It is a standby, or was made read-only: write to the primary.".to_owned(),
        Reason::Unmigrated => "Run the command `migrate`, or wait for whoever does.".to_owned(),
        Reason::UnknownHost => format!("The host comes from {origin}."),
        Reason::Socket => format!("Is the server running? The socket's path comes from {origin}."),
        Reason::Credentials => format!("The user and the password come from {origin}."),
        Reason::NoDatabase => format!("The name comes from {origin}."),
        Reason::NotCompiledIn => {
            format!("Turn on the feature `{}` of the package diesel-manage.", settings.backend.name())
        }
        _ => return None,
    })
}

fn hint_of_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "42501" | "1044" | "1142" | "1227" => "Whoever owns the database can grant that to the user.",
        "55000" => "Whoever owns the database can open it: ALTER DATABASE … WITH ALLOW_CONNECTIONS true.",
        "53300" | "1040" => "Others hold all that there are: close some, or raise the limit.",
        "1203" | "1226" => "The user holds as many as it may: close some, or raise its limit.",
        "1129" => {
            "Too many logins from here have failed: `mariadb-admin flush-hosts` on the server lets this host in again."
        }
        "1130" => "The server knows no user that may come from here: it takes one such as 'app'@'%'.",
        _ => return None,
    })
}

/// A message on one line, without the password. One that is shorter than a word, or the same as a name that is shown, stands in
/// messages by chance: to cut it out there would tell it.
fn harmless(message: &str, settings: &DatabaseSettings) -> String {
    let is_shown = |text: &str| text == settings.name || settings.user.as_deref() == Some(text);
    let secret = settings.password.as_ref().map(|password| password.expose());
    let secret = secret.filter(|text| text.chars().count() >= 4 && !is_shown(text));
    let message = match secret {
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

    #[test]
    fn waiting_helps_only_where_something_may_change() {
        for code in ["57P03", "53300", "08006", "53200", "58030", "57014", "55P03", "40001"] {
            assert!(Reason::of_sqlstate(code).is_transient(), "{code}");
        }
        for code in ["28P01", "28000", "3D000", "42501", "55000", "XX000"] {
            assert!(!Reason::of_sqlstate(code).is_transient(), "{code}");
        }
        for code in [1040, 1053, 1203, 1135, 1290, 1317, 1969] {
            assert!(Reason::of_mysql(code).is_transient(), "{code}");
        }
        for code in [1044, 1045, 1049, 1064, 1129, 1820, 4151] {
            assert!(!Reason::of_mysql(code).is_transient(), "{code}");
        }
    }
}
