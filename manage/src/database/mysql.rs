//! MySQL and MariaDB: `mysql_async` as an ordinary Diesel connection.

use std::time::Duration;

use diesel::QueryResult;
use diesel::connection::MultiConnectionHelper;
use diesel::mysql::Mysql;
use diesel::sql_types::TypeMetadata;
use diesel_async::AsyncMysqlConnection;
use diesel_async::async_connection_wrapper::{AsyncConnectionWrapper, BlockOn};
use mysql_async::{Conn, DriverError, Error, IoError, OptsBuilder, Pool, PoolConstraints, PoolOpts, SslOpts};

use super::background::Background;
use super::dial::{Target, dial};
use super::mysql_tls::{self, name_in_certificate};
use super::tls::Trust;
use super::{ConnectError, Reason};
use crate::settings::{DatabaseSettings, Origin, SslMode};

type Driver = AsyncConnectionWrapper<AsyncMysqlConnection, Background>;

/// A connection to a MySQL or MariaDB server, in pure Rust.
///
/// Dropping it says goodbye to the server and waits for that, for no longer than a tenth of a second.
pub struct MysqlConnection {
    /// It is there until the very end.
    driver: Option<Driver>,
    /// A pool of this one connection. Outside of a pool the driver never tells the server that a connection ends, and the
    /// server's log complains about each.
    pool: Option<Pool>,
    says_goodbye: bool,
}

impl MysqlConnection {
    /// Connects, within the settings' time limit.
    pub fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        let ssl = match settings.tls.mode {
            SslMode::Disable => None,
            _ => Some(mysql_tls::ssl_opts(settings)?),
        };
        let builder = builder(settings)?;
        Background
            .block_on(dial(settings, async |target| attempt(settings, &builder, ssl.as_ref(), target).await))
    }

    /// Does something with the driver, and gives up after a time.
    pub(super) fn within<T>(
        &mut self,
        limit: Duration,
        work: impl AsyncFnOnce(&mut AsyncMysqlConnection) -> QueryResult<T>,
    ) -> Option<QueryResult<T>> {
        let driver = &mut **self.driver();
        let answer = Background.block_on(async { tokio::time::timeout(limit, work(driver)).await });
        // A server that does not answer a question will not answer a goodbye.
        self.says_goodbye = answer.is_ok();
        answer.ok()
    }

    fn driver(&mut self) -> &mut Driver {
        self.driver.as_mut().expect("the driver is taken by drop alone")
    }
}

delegate_connection!(MysqlConnection => Driver, MysqlTransactions, |url| {
    let settings = DatabaseSettings::from_url("default", url, Origin::Code)
        .map_err(|error| diesel::ConnectionError::InvalidConnectionUrl(error.problem.to_string()))?;
    if settings.backend != crate::settings::Backend::Mysql {
        return Err(diesel::ConnectionError::InvalidConnectionUrl("not the URL of a MySQL database".to_owned()));
    }
    Self::open(&settings).map_err(|error| diesel::ConnectionError::BadConnection(error.to_string()))
});

fn builder(settings: &DatabaseSettings) -> Result<OptsBuilder, ConnectError> {
    if let Some(name) = settings.parameters.keys().next() {
        let message = format!("the parameter `{name}` is not known");
        return Err(ConnectError::new(settings, Reason::Configuration, message));
    }
    Ok(OptsBuilder::default()
        .user(settings.user.clone())
        .pass(settings.password.as_ref().map(|password| password.expose().to_owned()))
        .db_name(Some(settings.name.clone()))
        // Diesel keeps prepared statements itself, and counts the rows that an UPDATE matched on every backend.
        .stmt_cache_size(0)
        .client_found_rows(true)
        // A long migration must survive a router that forgets silent connections.
        .tcp_keepalive(Some(60_000_u32))
        .pool_opts(
            PoolOpts::default()
                .with_constraints(PoolConstraints::new(0, 1).expect("none to one is a range"))
                .with_reset_connection(false),
        )
        // Where a host is asked for, its socket is not.
        .prefer_socket(false))
}

/// One attempt at one address. `prefer` without success tries again without encryption.
async fn attempt(
    settings: &DatabaseSettings,
    builder: &OptsBuilder,
    ssl: Option<&SslOpts>,
    target: &Target,
) -> Result<MysqlConnection, ConnectError> {
    let builder = builder.clone();
    let (builder, ssl) = match target {
        Target::Ip { host, ip, port } => {
            (builder.ip_or_hostname(host.clone()).resolved_ips(Some(vec![*ip])).tcp_port(*port), ssl)
        }
        // The driver has its socket as a string.
        Target::Unix { path, .. } => (builder.socket(Some(path.to_string_lossy())), None),
    };
    let mut result = connect(builder.clone().ssl_opts(ssl.cloned())).await;
    if let (Err(error), Some(ssl)) = (&result, ssl) {
        if settings.tls.mode == SslMode::Prefer
            && (is_unoffered(error) || mysql_tls::tls_error(error).is_some())
        {
            result = connect(builder).await;
        } else if Trust::of(settings) == Trust::Authority
            && let Some(name) = name_in_certificate(error)
        {
            let ssl = ssl.clone().with_danger_tls_hostname_override(Some(name));
            result = connect(builder.ssl_opts(Some(ssl))).await;
        }
    }
    let (pool, connection) = result.map_err(|error| connect_error(settings, &error))?;
    // This also sets the time zone and the encoding that Diesel's types count on.
    let driver = AsyncMysqlConnection::try_from(connection).await;
    let driver = driver.map_err(|error| ConnectError::new(settings, Reason::Closed, error.to_string()))?;
    Ok(MysqlConnection { driver: Some(driver.into()), pool: Some(pool), says_goodbye: true })
}

async fn connect(builder: OptsBuilder) -> Result<(Pool, Conn), Error> {
    let pool = Pool::new(builder);
    let connection = pool.get_conn().await?;
    Ok((pool, connection))
}

fn is_unoffered(error: &Error) -> bool {
    matches!(error, Error::Driver(DriverError::NoClientSslFlagFromServer))
}

/// Why the driver could not connect.
fn connect_error(settings: &DatabaseSettings, error: &Error) -> ConnectError {
    if let Some(tls) = mysql_tls::tls_error(error) {
        return ConnectError::new(settings, Reason::Tls, tls.to_string());
    }
    match error {
        Error::Server(answer) => ConnectError::new(settings, Reason::of_mysql(answer.code), &answer.message)
            .with_code(Some(answer.code.to_string())),
        Error::Io(IoError::Io(error)) => ConnectError::of_io(settings, error),
        Error::Io(IoError::Tls(error)) => ConnectError::new(settings, Reason::Tls, error.to_string()),
        Error::Driver(DriverError::NoClientSslFlagFromServer) => {
            ConnectError::new(settings, Reason::Tls, "the server offers no encryption")
        }
        Error::Driver(DriverError::ConnectionClosed) => ConnectError::new(settings, Reason::Closed, ""),
        Error::Driver(
            DriverError::UnknownAuthPlugin { .. }
            | DriverError::MysqlOldPasswordDisabled
            | DriverError::CleartextPluginDisabled,
        ) => ConnectError::new(settings, Reason::Credentials, error.to_string()),
        error => ConnectError::new(settings, Reason::Other, error.to_string()),
    }
}

impl Drop for MysqlConnection {
    fn drop(&mut self) {
        const GOODBYE: Duration = Duration::from_millis(100);
        let (driver, pool) = (self.driver.take(), self.pool.take());
        Background.block_on(async {
            drop(driver);
            if let (Some(pool), true) = (pool, self.says_goodbye) {
                drop(tokio::time::timeout(GOODBYE, pool.disconnect()).await);
            }
        });
    }
}

impl MultiConnectionHelper for MysqlConnection {
    fn to_any<'a>(lookup: &mut <Mysql as TypeMetadata>::MetadataLookup) -> &mut (dyn std::any::Any + 'a) {
        lookup
    }

    fn from_any(lookup: &mut dyn std::any::Any) -> Option<&mut <Mysql as TypeMetadata>::MetadataLookup> {
        lookup.downcast_mut()
    }
}
