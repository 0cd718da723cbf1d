//! A server of either kind, for what must hold of both.

use std::sync::OnceLock;

use crate::shared::{Backend, shared_mariadb, shared_postgres};
use crate::{MariaDb, Postgres};

/// A server that one test has for itself.
pub enum DatabaseServer {
    /// PostgreSQL.
    Postgres(Postgres),
    /// MariaDB.
    MariaDb(MariaDb),
}

/// Writes methods that both servers have.
macro_rules! both {
    ($($(#[$doc:meta])+ $name:ident($($argument:ident: $type:ty),*) $(-> $answer:ty)?;)+) => {
        $($(#[$doc])+
        #[track_caller]
        pub fn $name(&self, $($argument: $type),*) $(-> $answer)? {
            match self {
                Self::Postgres(server) => server.$name($($argument),*),
                Self::MariaDb(server) => server.$name($($argument),*),
            }
        })+
    };
}

impl DatabaseServer {
    /// It does not run yet.
    ///
    /// # Panics
    ///
    /// If the server is not installed, or for SQLite, which has none.
    #[track_caller]
    pub fn prepare(backend: Backend) -> Self {
        match backend {
            Backend::Postgres => {
                Self::Postgres(Postgres::prepare().unwrap_or_else(|error| panic!("{error}")))
            }
            Backend::MariaDb => Self::MariaDb(MariaDb::prepare().unwrap_or_else(|error| panic!("{error}"))),
            Backend::Sqlite => panic!("SQLite has no server"),
        }
    }

    /// It accepts connections.
    #[track_caller]
    pub fn start(backend: Backend) -> Self {
        let server = Self::prepare(backend);
        server.start_again();
        server
    }

    /// Returns one that tests share which neither stop nor pause it, nor read its log: the first one starts
    /// it.
    pub fn shared(backend: Backend) -> &'static Self {
        static SERVERS: [OnceLock<DatabaseServer>; 2] = [OnceLock::new(), OnceLock::new()];
        SERVERS[usize::from(backend == Backend::Postgres)].get_or_init(|| Self::start(backend))
    }

    /// Returns the database that always exists.
    pub fn own_database(&self) -> &'static str {
        if matches!(self, Self::Postgres(_)) { "postgres" } else { "mysql" }
    }

    both! {
        /// The URL of a database over TCP.
        url(database: &str) -> String;
        /// The URL with another name of this machine, another user or password.
        url_as(host: &str, user: &str, password: &str, database: &str) -> String;
        /// Its port on 127.0.0.1.
        port() -> u16;
        /// The name of the superuser for TCP.
        user() -> &'static str;
        /// The superuser's password, in clear.
        password() -> &'static str;
        /// The files of its certificate, if it speaks TLS.
        tls() -> Option<&crate::Tls>;
        /// Creates an empty database.
        create_database(name: &str);
        /// Runs SQL as the superuser, through the socket.
        execute(sql: &str);
        /// The first value of a query.
        query_value(sql: &str) -> String;
        /// Suspends every process of the server (`SIGSTOP`).
        pause();
        /// Ends [`Self::pause`].
        resume();
        /// Stops the server in good order; its clients lose their connections.
        stop();
        /// Kills every process of the server (`SIGKILL`), paused or not. Its data stay.
        kill();
        /// Starts a server that was stopped, killed or only prepared, and waits until it accepts connections.
        start_again();
        /// What the server has logged so far.
        log() -> String;
    }
}

/// Runs SQL as the superuser of the server that all tests share.
#[track_caller]
pub fn execute(backend: Backend, sql: &str) {
    match backend {
        Backend::Postgres => shared_postgres().unwrap_or_else(|error| panic!("{error}")).execute(sql),
        Backend::MariaDb => shared_mariadb().unwrap_or_else(|error| panic!("{error}")).execute(sql),
        Backend::Sqlite => panic!("SQLite has no server"),
    }
}
