//! The asynchronous connection to MySQL and MariaDB that a project can ask for: `mysql_async` behind a relay.

use std::sync::Arc;

use diesel_async::AsyncMysqlConnection;
use mysql_async::{Conn, DriverError, Error, IoError, OptsBuilder, Pool, PoolConstraints, PoolOpts};
use rustls::ClientConfig;

use super::connection::{logged_in, unsupported};
use super::relay::{Control, Relay};
use super::session::SESSION;
use crate::database::instrument::reported;
use crate::database::network::contained::{Panicked, contained, unreadable};
use crate::database::network::dial::Endpoint;
use crate::database::{ConnectError, Reason};
use crate::settings::{DatabaseSettings, SslMode};

/// Opens a diesel-async connection.
pub(super) fn open(settings: &DatabaseSettings) -> Result<AsyncMysqlConnection, ConnectError> {
    reported(settings, || {
        logged_in(settings, async |tls, target| set_up(settings, attempt(settings, tls, target).await?).await)
    })
}

/// A session that has logged in.
struct Raw {
    connection: Conn,
    relay: Relay,
    /// The pool of this one connection, which is dropped last. Without a pool the driver never sends
    /// COM_QUIT, and the server logs each connection as aborted.
    pool: Pool,
}

/// Turns a session into a diesel-async connection.
async fn set_up(settings: &DatabaseSettings, raw: Raw) -> Result<AsyncMysqlConnection, ConnectError> {
    let Raw { connection, relay, pool: _pool } = raw;
    let control = relay.control.clone();
    let driver = match contained(AsyncMysqlConnection::try_from(connection)).await {
        Ok(Ok(driver)) => driver,
        Ok(Err(error)) => return Err(control.failure().unwrap_or_else(|| setup_error(settings, &error))),
        Err(Panicked) => return Err(control.failure().unwrap_or_else(|| unreadable(settings, None))),
    };
    control.release();
    // The pool closes the connection when both have been dropped, which ends the relay.
    relay.detach();
    Ok(driver)
}

/// Makes one attempt at one address. `prefer` without success tries again without encryption.
async fn attempt(
    settings: &DatabaseSettings,
    tls: Option<&Arc<ClientConfig>>,
    target: &Endpoint,
) -> Result<Raw, ConnectError> {
    match connect(settings, tls, target).await {
        Err((_, control)) if settings.tls.mode == SslMode::Prefer && control.failed_tls() => {
            connect(settings, None, target).await.map_err(|(error, _)| error)
        }
        result => result.map_err(|(error, _)| error),
    }
}

async fn connect(
    settings: &DatabaseSettings,
    tls: Option<&Arc<ClientConfig>>,
    target: &Endpoint,
) -> Result<Raw, (ConnectError, Control)> {
    let (relay, builder) =
        Relay::open(settings, builder(settings), tls, target).map_err(|error| (error, Control::default()))?;
    let pool = Pool::new(builder);
    let result = contained(pool.get_conn()).await;
    let error = match result {
        Ok(Ok(connection)) => return Ok(Raw { connection, relay, pool }),
        Ok(Err(error)) => connect_error(settings, &error),
        Err(Panicked) => unreadable(settings, None),
    };
    let control = relay.control.clone();
    Err((control.failure().unwrap_or(error), control))
}

fn builder(settings: &DatabaseSettings) -> OptsBuilder {
    OptsBuilder::default()
        .user(settings.user.clone())
        .pass(settings.password.as_ref().map(|password| password.expose().to_owned()))
        .db_name(Some(settings.name.clone()))
        // Diesel caches prepared statements itself, and on every backend it counts the rows that an UPDATE
        // matched.
        .stmt_cache_size(0)
        .client_found_rows(true)
        .pool_opts(
            PoolOpts::default()
                .with_constraints(PoolConstraints::new(0, 1).expect("none to one is a range"))
                .with_reset_connection(false),
        )
        .setup(vec![SESSION])
        // A configured host means TCP, not the host's Unix socket.
        .prefer_socket(false)
}

/// The driver's message for a connection that the server closed.
const CLOSED: &str = "connection closed";

/// Returns whether a driver message reports that the connection had already ended.
fn is_ended(message: &str) -> bool {
    message.starts_with("Input/output error: ") && message.contains("Connection to the server is closed.")
}

/// Returns whether a driver message is about an unreadable packet, rather than about the connection.
fn is_unreadable(message: &str) -> bool {
    message.starts_with("Input/output error: ")
        && !is_ended(message)
        && !message.ends_with(CLOSED)
        && !message.contains("(os error ")
        && !message.contains("too large")
}

/// Converts a connection error of the driver.
fn connect_error(settings: &DatabaseSettings, error: &Error) -> ConnectError {
    match error {
        Error::Server(answer) => ConnectError::new(settings, Reason::of_mysql(answer.code), &answer.message)
            .with_code(Some(answer.code.to_string())),
        // The driver's own packet errors have no number, and their texts describe its buffers.
        Error::Io(IoError::Io(error)) if error.raw_os_error().is_none() && error.to_string() != CLOSED => {
            unreadable(settings, None)
        }
        Error::Io(IoError::Io(error)) => ConnectError::of_io(settings, error),
        Error::Driver(DriverError::LocalInfile(_)) => {
            unreadable(settings, Some("it asked for a file of this machine"))
        }
        // The texts of these show the packet, or name Rust types.
        Error::Driver(DriverError::UnexpectedPacket { .. } | DriverError::PacketOutOfOrder) => {
            unreadable(settings, None)
        }
        Error::Driver(DriverError::ConnectionClosed) => ConnectError::new(settings, Reason::Closed, ""),
        Error::Driver(DriverError::UnknownAuthPlugin { name }) => {
            unsupported(settings, &format!("the account logs in by the plugin {name}"))
        }
        Error::Driver(DriverError::MysqlOldPasswordDisabled) => {
            unsupported(settings, "the account's password is hashed as MySQL did before 4.1")
        }
        Error::Driver(DriverError::CleartextPluginDisabled) => {
            unsupported(settings, "the account's plugin takes the password only in clear text")
        }
        error => ConnectError::new(settings, Reason::Other, error.to_string()),
    }
}

/// Returns the error for a logged-in session that cannot be set up. Diesel's errors have no number, so the
/// problem counts as temporary.
fn setup_error(settings: &DatabaseSettings, error: &diesel::ConnectionError) -> ConnectError {
    use diesel::ConnectionError::CouldntSetupConfiguration;
    use diesel::result::{DatabaseErrorKind as Kind, Error::DatabaseError};

    let message = error.to_string();
    if is_unreadable(&message) {
        return unreadable(settings, None);
    }
    if is_ended(&message) {
        return ConnectError::new(settings, Reason::Closed, "");
    }
    let reason = match error {
        CouldntSetupConfiguration(DatabaseError(kind, _)) if !matches!(kind, Kind::ClosedConnection) => {
            Reason::Unhealthy
        }
        _ => Reason::Closed,
    };
    ConnectError::new(settings, reason, message)
}
