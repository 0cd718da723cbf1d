//! Why a database cannot be used, told apart by what the server or the operating system says in numbers.

use std::io;

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
    /// The server asks for a way to log in that this program does not support.
    UnsupportedLogin,
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
    /// No server that answers is of the kind that `target_session_attrs` asks for.
    SessionAttributes,
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
            Self::Configuration => "has settings that cannot be used",
            Self::Other => "cannot be used",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
