//! Databases, through Diesel: one connection type for every backend, and probes whether a database can be
//! used.
//!
//! - [`Connection`]: an SQLite file, a PostgreSQL server or a MySQL server, chosen by the settings at run
//!   time. It is an ordinary, synchronous Diesel connection that can also be used inside an `async` function.
//! - [`Connect`]: all types of connections that the settings open, such as `PostgresConnection`, for a
//!   project with one kind of database.
//! - [`Pool`]: connections that are kept open for reuse.
//! - [`probe()`]: checks whether the database answers, within a time limit.
//! - [`ConnectError`] and its [`Reason`]: why a database cannot be used.
//!
//! ```no_run
//! use diesel::prelude::*;
//! use manage::database::Connection;
//! use manage::settings::{DatabaseSettings, Origin};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let settings = DatabaseSettings::from_url("default", "postgres://app@localhost/app", Origin::Code)?;
//! let mut connection = Connection::open(&settings)?;
//! let one = diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>("1")).get_result::<i32>(&mut connection)?;
//! assert_eq!(one, 1);
//! # Ok(())
//! # }
//! ```
//!
//! The guide in the book: [Database URLs][guide].
//!
//! [guide]: https://github.com/diesel-manage/diesel-manage/blob/main/docs/guide/database-urls.md

#[macro_use]
mod delegate;

mod by_url;
mod connect;
mod connection;
mod context;
mod error;
mod handle;
#[cfg(feature = "_network")]
mod instrument;
mod lock;
mod mysql;
pub(crate) mod network;
mod operations;
mod pool;
mod pooling;
#[cfg(feature = "postgres")]
mod postgres;
mod probe;
mod read_only;
#[cfg(feature = "async")]
mod request_time;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use by_url::ByUrl;
#[cfg(feature = "async")]
pub use connect::open_async;
pub use connect::{Connect, Poolable};
pub use connection::{Connection, InsertReturning, MultiBackend};
use delegate::DetailedCursor;
pub use error::connect_error::ConnectError;
pub use error::reason::Reason;
pub(crate) use error::remedy::is_sqlite_syntax_error;
pub use error::server_error::{ErrorLine, ServerError};
pub use handle::Database;
#[cfg(feature = "runserver")]
pub(crate) use handle::Pools;
pub(crate) use lock::error::LockError;
pub(crate) use lock::holder::LockHolder;
pub(crate) use lock::name::LockName;
pub(crate) use lock::session::{HeldLock, LockSession, POLL_INTERVAL};
#[cfg(feature = "mysql")]
pub use mysql::connection::MysqlConnection;
#[cfg(feature = "mysql")]
use mysql::details::sqlstate as mysql_sqlstate;
use mysql::session::{RESTORE as MYSQL_USED_SESSION, SESSION as MYSQL_SESSION};
pub(crate) use network::AsyncStream;
pub(crate) use network::background::Background;
pub(crate) use network::lookup;
pub(crate) use network::service::ServiceAddress;
pub(crate) use operations::operations_for;
pub use pool::{Pool, PoolBuilder, PooledConnection};
pub(crate) use pooling::Pooling;
#[cfg(feature = "postgres")]
pub use postgres::connection::PostgresConnection;
#[cfg(feature = "postgres")]
pub use postgres::copy::CopyRows;
#[cfg(feature = "postgres")]
use postgres::plain::PlainSession;
pub(crate) use probe::run::probe_with_instance;
pub use probe::run::{Ready, probe};
pub(crate) use probe::run::{Requirements, check_settings, probe_for};
pub(crate) use probe::server_instance::ServerInstance;
#[cfg(feature = "runserver")]
pub(crate) use request_time::until;
#[cfg(feature = "sqlite")]
pub use sqlite::connection::SqliteConnection;
#[cfg(feature = "sqlite")]
pub(crate) use sqlite::file::path as sqlite_path;

/// Returns the end of a time limit that begins now. A limit that the clock cannot represent ends in a year.
pub(crate) fn deadline(limit: std::time::Duration) -> std::time::Instant {
    let now = std::time::Instant::now();
    now.checked_add(limit).unwrap_or(now + std::time::Duration::from_secs(365 * 24 * 60 * 60))
}
