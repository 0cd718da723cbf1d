//! The reason why a database cannot be used, determined by error codes of the server or the operating system.

use std::io;

macro_rules! reasons {
    ($($(#[doc = $meaning:literal])+ $reason:ident = $name:literal, $sentence:literal, $is_transient:literal;)+) => {
        /// The reason for a failed connection. It is never determined by parsing a message, which may be translated
        /// and may change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reason {
            $($(#[doc = $meaning])+ $reason,)+
        }

        impl Reason {
            /// All reasons, each with its meaning, in the order of the documentation.
            pub(crate) const ALL: &[(Self, &str)] = &[$((Self::$reason, concat!($($meaning),+))),+];

            /// Returns whether waiting may help: the server is not ready yet, rather than a setting being wrong.
            pub fn is_transient(self) -> bool {
                match self {
                    $(Self::$reason => $is_transient,)+
                }
            }

            /// Returns the reason as one word for programs: `refused`, `starting_up`, `no_database`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$reason => $name,)+
                }
            }

            /// Returns the rest of the sentence that begins with the database's name.
            pub(super) fn sentence(self) -> &'static str {
                match self {
                    $(Self::$reason => $sentence,)+
                }
            }
        }
    };
}

// The name for programs, the rest of the sentence that begins with the database's name, and whether
// waiting may help.
reasons! {
    /// Nothing listens at the address.
    Refused = "refused", "refuses the connection", true;
    /// No route leads to the address.
    Unreachable = "unreachable", "cannot be reached", true;
    /// The host name could not be resolved.
    UnknownHost = "unknown_host", "has a host name that cannot be looked up", true;
    /// The time limit passed.
    TimedOut = "timed_out", "does not answer in time", true;
    /// The server or the network closed the connection.
    Closed = "closed", "closed the connection", true;
    /// The server is running but not accepting queries: it is starting, stopping or recovering.
    StartingUp = "starting_up", "is starting up or shutting down", true;
    /// The server has reached its connection limit.
    TooManyConnections = "too_many_connections", "has no connection left", true;
    /// The server refuses the user or the password.
    Credentials = "credentials", "refuses the login", false;
    /// The server requires an authentication method that this program does not support.
    UnsupportedLogin = "unsupported_login", "asks for a login that this program does not support", false;
    /// The server has no database of that name.
    NoDatabase = "no_database", "has no such database", false;
    /// The user has no permission for the database.
    Permission = "permission", "does not permit the connection", false;
    /// No TLS connection could be established.
    Tls = "tls", "gives no trusted, encrypted connection", false;
    /// No Unix socket exists at that path.
    Socket = "socket", "has no socket there", true;
    /// A file to wait for does not exist.
    NotThere = "not_there", "is not there", true;
    /// An SQLite file cannot be opened, or the file is not an SQLite database.
    File = "file", "cannot be opened", false;
    /// Another process has locked an SQLite file.
    Locked = "locked", "is locked", true;
    /// The database answers but accepts no writes: a standby, or set to read-only.
    ReadOnly = "read_only", "is read-only", true;
    /// No server that answers is of the kind that `target_session_attrs` requires.
    SessionAttributes = "session_attributes", "has no server of the kind that is asked for", true;
    /// The database answers but has unapplied migrations of the program.
    Unmigrated = "unmigrated", "lacks migrations", true;
    /// It answers, but has not been stable for long enough.
    Unstable = "unstable", "does not answer for long enough yet", true;
    /// A different service answers.
    WrongService = "wrong_service", "is something else", false;
    /// The service reports that it is unhealthy: an unexpected HTTP status.
    Unhealthy = "unhealthy", "says that it is not well", true;
    /// This program was built without the driver.
    NotCompiledIn = "not_compiled_in", "cannot be used by this program", false;
    /// The database is of a different kind than the requested type of connection.
    WrongBackend = "wrong_backend", "is another kind of database than this connection is for", false;
    /// The settings cannot be used as they are.
    Configuration = "configuration", "has settings that cannot be used", false;
    /// Anything else.
    Other = "other", "cannot be used", false;
}

impl Reason {
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
}
