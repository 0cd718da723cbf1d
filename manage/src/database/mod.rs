//! Databases, through Diesel: one connection type for every backend, and what tells whether a database can be used.
//!
//! - [`Connection`]: an SQLite file, a PostgreSQL server or a MySQL server, chosen by the settings at run time. It is an
//!   ordinary, synchronous Diesel connection, and may be used inside an `async` function as well.
//! - [`Pool`]: connections that are kept for the next one who needs one.
//! - [`probe()`]: is the database there and does it answer? Within a time limit, whatever happens.
//! - [`ConnectError`] and its [`Reason`]: why not.
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

#[macro_use]
mod delegate;

mod asking;
#[cfg(feature = "network")]
mod background;
#[cfg(feature = "network")]
mod certificate;
mod connection;
#[cfg(feature = "network")]
mod dial;
mod error;
mod hint;
mod instrument;
mod life;
pub(crate) mod lookup;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(all(feature = "mysql", unix))]
mod mysql_bridge;
#[cfg(feature = "mysql")]
mod mysql_details;
mod mysql_session;
#[cfg(feature = "mysql")]
mod mysql_tls;
mod pool;
#[cfg(feature = "postgres")]
mod pooler;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "postgres")]
mod postgres_login_error;
#[cfg(feature = "postgres")]
mod postgres_parameters;
#[cfg(feature = "postgres")]
mod postgres_plain;
#[cfg(feature = "postgres")]
mod postgres_stream;
#[cfg(feature = "postgres")]
mod postgres_tls;
#[cfg(feature = "postgres")]
mod postgres_wire;
mod probe;
mod reading;
mod reason;
mod remedy;
mod server_error;
#[cfg(feature = "postgres")]
mod session_attributes;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "network")]
mod tls;
#[cfg(feature = "network")]
mod tls_words;
#[cfg(feature = "network")]
mod verifier;
mod writable;

#[cfg(feature = "network")]
pub use background::Background;
pub use connection::{Connection, MultiBackend, MultiField, MultiRawValue, MultiRow};
use delegate::DetailedCursor;
pub use error::ConnectError;
pub(crate) use instrument::{is_connecting, setting_up};
pub(crate) use life::Life;
#[cfg(feature = "mysql")]
pub use mysql::MysqlConnection;
#[cfg(feature = "mysql")]
use mysql_details::sqlstate as mysql_sqlstate;
pub(crate) use mysql_session::SESSION as MYSQL_SESSION;
pub use pool::{Pool, PooledConnection};
#[cfg(feature = "postgres")]
pub(crate) use pooler::{MarkedSession, open_knowing};
#[cfg(feature = "postgres")]
pub use postgres::PostgresConnection;
#[cfg(feature = "postgres")]
use postgres_plain::PlainSession;
pub(crate) use probe::probe_of_life;
pub use probe::{Demands, Ready, check_settings, probe, probe_for};
pub use reason::Reason;
pub(crate) use remedy::is_sqlite_syntax_error;
pub use server_error::{ErrorLine, ServerError};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteConnection;
#[cfg(feature = "sqlite")]
pub(crate) use sqlite::path as sqlite_path;
#[cfg(feature = "network")]
pub(crate) use tls::{tls_error, trusting_config};
#[cfg(feature = "network")]
pub(crate) use tls_words::{Trusted, explain as explain_tls};

/// When a time limit that begins now is over. One that no clock can count to ends in a year.
pub(crate) fn deadline(limit: std::time::Duration) -> std::time::Instant {
    let now = std::time::Instant::now();
    now.checked_add(limit).unwrap_or(now + std::time::Duration::from_secs(365 * 24 * 60 * 60))
}
