//! MySQL and MariaDB: `mysql_async` as an ordinary Diesel connection.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use diesel::QueryResult;
use diesel::connection::MultiConnectionHelper;
use diesel::mysql::Mysql;
use diesel::sql_types::TypeMetadata;
use diesel_async::AsyncMysqlConnection;
use diesel_async::async_connection_wrapper::{AsyncConnectionWrapper, BlockOn};
use mysql_async::prelude::Queryable;
use mysql_async::{
    Conn, DriverError, Error, IoError, OptsBuilder, Pool, PoolConstraints, PoolOpts, Row, SslOpts,
    from_value_opt,
};

use super::background::Background;
use super::delegate::ErrorDetails as _;
use super::dial::{Target, dial};
use super::instrument::{instrumented, setting_up};
use super::mysql_details::{MysqlDetails, ask_number};
use super::mysql_session::SESSION;
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
    details: MysqlDetails,
}

impl MysqlConnection {
    /// Connects, within the settings' time limit.
    pub fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        instrumented(settings, || logged_in(settings, async |bare| Self::set_up(settings, bare).await))
    }

    /// Makes a Diesel connection of a session that has been let in.
    async fn set_up(settings: &DatabaseSettings, mut bare: Bare) -> Result<Self, ConnectError> {
        // Both are taken before the first await: a future that is dropped must not wait for the end of a connection.
        let (pool, connection) = (bare.pool.take(), bare.connection.take());
        let driver = AsyncMysqlConnection::try_from(connection.expect("it is taken once")).await;
        let driver = driver.map_err(|error| setup_error(settings, &error))?;
        let details = MysqlDetails::new(settings);
        Ok(Self { driver: Some(driver.into()), pool, says_goodbye: true, details })
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
        let answer = answer.ok()?.map_err(|error| self.details.explain(error));
        self.settle();
        Some(answer)
    }

    fn driver(&mut self) -> &mut Driver {
        self.settle();
        self.driver.as_mut().expect("the driver is taken by drop alone")
    }

    fn details(&self) -> MysqlDetails {
        self.details.clone()
    }

    /// Asks for the number of the last error, unless it is known.
    fn settle(&mut self) {
        if let (Some(driver), true, Some(error)) = (&mut self.driver, self.says_goodbye, self.details.take())
        {
            setting_up(|| Background.block_on(ask_number(driver, &error)));
        }
    }
}

delegate_connection!(MysqlConnection => Driver, MysqlDetails, MysqlTransactions, super::delegate::begin, super::delegate::commit, |url| {
    let settings = DatabaseSettings::from_url("default", url, Origin::Code)
        .map_err(|error| diesel::ConnectionError::InvalidConnectionUrl(error.problem.to_string()))?;
    if settings.backend != crate::settings::Backend::Mysql {
        return Err(diesel::ConnectionError::InvalidConnectionUrl("not the URL of a MySQL database".to_owned()));
    }
    Self::open(&settings).map_err(|error| diesel::ConnectionError::BadConnection(error.to_string()))
});

/// A connection without what Diesel adds. It knows a refusal's number, which Diesel's errors do not.
pub(super) struct Bare {
    /// It is there until the very end, or until it becomes Diesel's.
    connection: Option<Conn>,
    pool: Option<Pool>,
    says_goodbye: bool,
}

impl Bare {
    /// Logs in, within the settings' time limit.
    pub(super) fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        logged_in(settings, async |bare| Ok(bare))
    }

    /// Does to it what [`MysqlConnection::open`] does, within a time limit, and closes it.
    pub(super) fn try_set_up(self, settings: &DatabaseSettings, limit: Duration) -> Result<(), ConnectError> {
        let set_up = async { tokio::time::timeout(limit, MysqlConnection::set_up(settings, self)).await };
        match setting_up(|| Background.block_on(set_up)) {
            Ok(connection) => connection.map(drop),
            Err(_) => Err(ConnectError::unanswered(settings)),
        }
    }

    /// The rows that a question has for an answer, as texts without the NULLs. It gives up after a time.
    pub(super) fn ask(
        &mut self,
        settings: &DatabaseSettings,
        limit: Duration,
        question: &str,
    ) -> Result<Vec<Vec<String>>, ConnectError> {
        let connection = self.connection.as_mut().expect("the connection is taken by drop alone");
        let asked = async { tokio::time::timeout(limit, connection.query::<Row, _>(question)).await };
        let answer = Background.block_on(asked);
        // A server that does not answer a question will not answer a goodbye.
        self.says_goodbye = answer.is_ok();
        let Ok(answer) = answer else {
            return Err(ConnectError::unanswered(settings));
        };
        let rows = answer.map_err(|error| connect_error(settings, &error))?;
        let texts =
            |row: Row| row.unwrap().into_iter().filter_map(|value| from_value_opt(value).ok()).collect();
        Ok(rows.into_iter().map(texts).collect())
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let (connection, pool) = (self.connection.take(), self.pool.take());
        // It may have become Diesel's.
        if pool.is_some() {
            close(connection, pool, self.says_goodbye);
        }
    }
}

/// How long the end of a connection may take.
const GOODBYE: Duration = Duration::from_millis(100);

/// Closes a connection that is its pool's only one.
fn close<C: Send + 'static>(connection: C, pool: Option<Pool>, says_goodbye: bool) {
    Background.finish(async move {
        drop(connection);
        if let (Some(pool), true) = (pool, says_goodbye) {
            drop(tokio::time::timeout(GOODBYE, pool.disconnect()).await);
        }
    });
}

/// Logs in at one of the addresses, and goes on there. Every session begins here, so that a probe is let in where a command is.
fn logged_in<T>(
    settings: &DatabaseSettings,
    go_on: impl AsyncFn(Bare) -> Result<T, ConnectError>,
) -> Result<T, ConnectError> {
    let ssl = match settings.tls.mode {
        SslMode::Disable => None,
        _ => Some(mysql_tls::ssl_opts(settings)?),
    };
    let builder = builder(settings)?;
    let open = async |target: &Target| go_on(attempt(settings, &builder, ssl.as_ref(), target).await?).await;
    Background.block_on(dial(settings, open))
}

/// Fails where these settings cannot be used, whoever answers and whatever files there are.
pub(super) fn check(settings: &DatabaseSettings) -> Result<(), ConnectError> {
    builder(settings)?;
    super::tls::check(settings)
}

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
        .setup(vec![SESSION])
        // Where a host is asked for, its socket is not.
        .prefer_socket(false))
}

/// One attempt at one address. `prefer` without success tries again without encryption.
async fn attempt(
    settings: &DatabaseSettings,
    builder: &OptsBuilder,
    ssl: Option<&SslOpts>,
    target: &Target,
) -> Result<Bare, ConnectError> {
    let builder = builder.clone();
    let (builder, ssl) = match target {
        Target::Ip { host, ip, port } => {
            (builder.ip_or_hostname(host.clone()).resolved_ips(Some(vec![*ip])).tcp_port(*port), ssl)
        }
        // The driver has its socket as a string.
        Target::Unix { path, .. } => (builder.socket(Some(path.to_string_lossy())), None),
    };
    let prefers = settings.tls.mode == SslMode::Prefer;
    if prefers && ssl.is_some() && Unoffered::is_known(target) {
        return connect(builder).await.map_err(|error| connect_error(settings, &error));
    }
    let mut result = connect(builder.clone().ssl_opts(ssl.cloned())).await;
    #[cfg(unix)]
    if let (Err(error), Some(_), Target::Ip { host, ip, port }) = (&result, ssl, target)
        && mysql_tls::needs_bridge(error)
    {
        let told = |error: &Error| connect_error(settings, error);
        let address = (host.as_str(), *ip, *port);
        match super::mysql_bridge::connect(settings, &connect, builder.clone(), address, told).await {
            Err(error) if prefers && error.reason == Reason::Tls => {}
            bridged => return bridged,
        }
    }
    if let (Err(error), Some(ssl)) = (&result, ssl) {
        if prefers && (is_unoffered(error) || mysql_tls::tls_error(error).is_some()) {
            if is_unoffered(error) {
                Unoffered::learn(target);
            }
            result = connect(builder).await;
        } else if Trust::of(settings) == Trust::Authority
            && let Some(name) = name_in_certificate(error)
        {
            let ssl = ssl.clone().with_danger_tls_hostname_override(Some(name));
            result = connect(builder.ssl_opts(Some(ssl))).await;
        }
    }
    result.map_err(|error| connect_error(settings, &error))
}

async fn connect(builder: OptsBuilder) -> Result<Bare, Error> {
    let pool = Pool::new(builder);
    let connection = pool.get_conn().await?;
    Ok(Bare { connection: Some(connection), pool: Some(pool), says_goodbye: true })
}

/// The addresses whose server was seen to offer no encryption, for as long as a minute.
///
/// The driver learns it from the server's greeting and leaves then, of which the server's log complains. So `prefer` does
/// not ask the same server again at each attempt.
struct Unoffered;

impl Unoffered {
    const FOR: Duration = Duration::from_secs(60);

    fn all() -> MutexGuard<'static, HashMap<(IpAddr, u16), Instant>> {
        static ALL: LazyLock<Mutex<HashMap<(IpAddr, u16), Instant>>> = LazyLock::new(Mutex::default);
        ALL.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_known(target: &Target) -> bool {
        Self::key(target)
            .and_then(|key| Self::all().get(&key).copied())
            .is_some_and(|at| at.elapsed() < Self::FOR)
    }

    fn learn(target: &Target) {
        if let Some(key) = Self::key(target) {
            Self::all().insert(key, Instant::now());
        }
    }

    fn key(target: &Target) -> Option<(IpAddr, u16)> {
        match target {
            Target::Ip { ip, port, .. } => Some((*ip, *port)),
            Target::Unix { .. } => None,
        }
    }
}

fn is_unoffered(error: &Error) -> bool {
    matches!(error, Error::Driver(DriverError::NoClientSslFlagFromServer))
}

/// Why the driver could not connect.
fn connect_error(settings: &DatabaseSettings, error: &Error) -> ConnectError {
    if let Some(tls) = mysql_tls::tls_error(error) {
        return super::tls::tls_failure(settings, tls);
    }
    match error {
        Error::Server(answer) => ConnectError::new(settings, Reason::of_mysql(answer.code), &answer.message)
            .with_code(Some(answer.code.to_string())),
        Error::Io(IoError::Io(error)) => ConnectError::of_io(settings, error),
        // What is left of these is a host that no certificate can be for.
        Error::Io(IoError::Tls(_)) => {
            ConnectError::new(settings, Reason::Tls, "a certificate cannot be for the name of this host")
        }
        Error::Driver(DriverError::NoClientSslFlagFromServer) => {
            ConnectError::new(settings, Reason::Tls, "the server offers no encryption")
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

fn unsupported(settings: &DatabaseSettings, message: &str) -> ConnectError {
    ConnectError::new(settings, Reason::UnsupportedLogin, message).with_hint(
        "Supported are mysql_native_password, caching_sha2_password and ed25519: \
         ALTER USER … IDENTIFIED VIA (MariaDB) or WITH (MySQL) one of them.",
    )
}

/// Why a session that has been let in cannot be set up. Diesel's errors have no number, so it counts as temporary.
fn setup_error(settings: &DatabaseSettings, error: &diesel::ConnectionError) -> ConnectError {
    use diesel::ConnectionError::CouldntSetupConfiguration;
    use diesel::result::{DatabaseErrorKind as Kind, Error::DatabaseError};

    let reason = match error {
        CouldntSetupConfiguration(DatabaseError(kind, _)) if !matches!(kind, Kind::ClosedConnection) => {
            Reason::Unhealthy
        }
        _ => Reason::Closed,
    };
    ConnectError::new(settings, reason, error.to_string())
}

impl Drop for MysqlConnection {
    fn drop(&mut self) {
        self.settle();
        close(self.driver.take(), self.pool.take(), self.says_goodbye);
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
