//! The reason why a database cannot be used, determined by error codes of the server or the operating system.

use std::io;

/// The reason for a failed connection. It is never determined by parsing a message, which may be translated
/// and may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Nothing listens at the address.
    Refused,
    /// No route leads to the address.
    Unreachable,
    /// The host name could not be resolved.
    UnknownHost,
    /// The time limit passed.
    TimedOut,
    /// The server or the network closed the connection.
    Closed,
    /// The server is running but not accepting queries: it is starting, stopping or recovering.
    StartingUp,
    /// The server has reached its connection limit.
    TooManyConnections,
    /// The server refuses the user or the password.
    Credentials,
    /// The server requires an authentication method that this program does not support.
    UnsupportedLogin,
    /// The server has no database of that name.
    NoDatabase,
    /// The user has no permission for the database.
    Permission,
    /// No TLS connection could be established.
    Tls,
    /// No Unix socket exists at that path.
    Socket,
    /// A file to wait for does not exist.
    NotThere,
    /// An SQLite file cannot be opened, or the file is not an SQLite database.
    File,
    /// Another process has locked an SQLite file.
    Locked,
    /// The database answers but accepts no writes: a standby, or set to read-only.
    ReadOnly,
    /// No server that answers is of the kind that `target_session_attrs` requires.
    SessionAttributes,
    /// The database answers but has unapplied migrations of the program.
    Unmigrated,
    /// It answers, but has not been stable for long enough.
    Unstable,
    /// A different service answers.
    WrongService,
    /// The service reports that it is unhealthy: an unexpected HTTP status.
    Unhealthy,
    /// This program was built without the driver.
    NotCompiledIn,
    /// The database is of a different kind than the requested type of connection.
    WrongBackend,
    /// The settings cannot be used as they are.
    Configuration,
    /// Anything else.
    Other,
}

impl Reason {
    /// Returns whether waiting may help: the server is not ready yet, rather than a setting being wrong.
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
            | Self::SessionAttributes
            | Self::Unmigrated
            | Self::Unstable
            | Self::Unhealthy
            | Self::Socket => true,
            Self::Credentials
            | Self::UnsupportedLogin
            | Self::NoDatabase
            | Self::Permission
            | Self::Tls
            | Self::File
            | Self::WrongService
            | Self::NotCompiledIn
            | Self::WrongBackend
            | Self::Configuration
            | Self::Other => false,
        }
    }

    /// Returns the reason as one word for programs: `refused`, `starting_up`, `no_database`.
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
            Self::UnsupportedLogin => "unsupported_login",
            Self::NoDatabase => "no_database",
            Self::Permission => "permission",
            Self::Tls => "tls",
            Self::Socket => "socket",
            Self::NotThere => "not_there",
            Self::File => "file",
            Self::Locked => "locked",
            Self::ReadOnly => "read_only",
            Self::SessionAttributes => "session_attributes",
            Self::Unmigrated => "unmigrated",
            Self::Unstable => "unstable",
            Self::WrongService => "wrong_service",
            Self::Unhealthy => "unhealthy",
            Self::NotCompiledIn => "not_compiled_in",
            Self::WrongBackend => "wrong_backend",
            Self::Configuration => "configuration",
            Self::Other => "other",
        }
    }

    /// Returns the reason behind an error of the operating system.
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

    /// Returns the reason behind an error of a TCP connection. No permissions apply to TCP: for a blackhole
    /// or prohibiting route Linux reports an invalid argument or a missing permission, and the address is
    /// unreachable.
    pub(crate) fn of_tcp(error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        match error.kind() {
            Kind::InvalidInput | Kind::PermissionDenied if error.raw_os_error().is_some() => {
                Self::Unreachable
            }
            _ => Self::of_io(error),
        }
    }

    /// Returns the rest of the sentence that begins with the database's name.
    pub(super) fn sentence(self) -> &'static str {
        match self {
            Self::Refused => "refuses the connection",
            Self::Unreachable => "cannot be reached",
            Self::UnknownHost => "has a host name that cannot be looked up",
            Self::TimedOut => "does not answer in time",
            Self::Closed => "closed the connection",
            Self::StartingUp => "is starting up or shutting down",
            Self::TooManyConnections => "has no connection left",
            Self::Credentials => "refuses the login",
            Self::UnsupportedLogin => "asks for a login that this program does not support",
            Self::NoDatabase => "has no such database",
            Self::Permission => "does not permit the connection",
            Self::Tls => "gives no trusted, encrypted connection",
            Self::Socket => "has no socket there",
            Self::NotThere => "is not there",
            Self::File => "cannot be opened",
            Self::Locked => "is locked",
            Self::ReadOnly => "is read-only",
            Self::SessionAttributes => "has no server of the kind that is asked for",
            Self::Unmigrated => "lacks migrations",
            Self::Unstable => "does not answer for long enough yet",
            Self::WrongService => "is something else",
            Self::Unhealthy => "says that it is not well",
            Self::NotCompiledIn => "cannot be used by this program",
            Self::WrongBackend => "is another kind of database than this connection is for",
            Self::Configuration => "has settings that cannot be used",
            Self::Other => "cannot be used",
        }
    }
}
