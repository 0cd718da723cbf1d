//! PostgreSQL: `tokio-postgres` as an ordinary Diesel connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diesel::QueryResult;
use diesel::connection::{Connection, MultiConnectionHelper, TransactionManager, TransactionManagerStatus};
use diesel::pg::{FailedToLookupTypeError, Pg, PgMetadataCacheKey, PgMetadataLookup, PgTypeMetadata};
use diesel::sql_types::TypeMetadata;
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::{AsyncConnectionWrapper, BlockOn};
use tokio::task::JoinHandle;
use tokio_postgres::config::{ChannelBinding, SslMode as DriverMode};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect, TlsStream};
use tokio_postgres::{Client, Config, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::background::Background;
use super::dial::{Target, dial};
use super::instrument::instrumented;
use super::postgres_tls::connector;
use super::{ConnectError, Reason, delegate, tls};
use crate::settings::{DatabaseSettings, Origin, SslMode};

type Driver = AsyncConnectionWrapper<AsyncPgConnection, Background>;
type AnsiManager = <Driver as Connection>::TransactionManager;

/// A connection to a PostgreSQL server, in pure Rust.
///
/// Dropping it says goodbye to the server and waits for that, for no longer than a tenth of a second.
pub struct PostgresConnection {
    // The order matters: the driver must be gone before its socket can say goodbye.
    driver: Box<Driver>,
    session: Session,
}

impl PostgresConnection {
    /// Connects, within the settings' time limit.
    pub fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        let config = config(settings)?;
        let tls = match settings.tls.mode {
            SslMode::Disable => None,
            _ => Some(connector(settings)?),
        };
        let open = async |target: &Target| {
            let Bare { client, mut session } = attempt(settings, &config, tls.clone(), target).await?;
            session.says_goodbye = false;
            // This also sets the time zone and the encoding that Diesel's types count on.
            let driver = AsyncPgConnection::try_from(client).await;
            let driver = driver.map_err(|error| setup_error(settings, &error))?;
            session.says_goodbye = true;
            Ok(Self { driver: Box::new(driver.into()), session })
        };
        instrumented(settings, || Background.block_on(dial(settings, open)))
    }

    /// Does something with the driver, and gives up after a time.
    pub(super) fn within<T>(
        &mut self,
        limit: Duration,
        work: impl AsyncFnOnce(&mut AsyncPgConnection) -> QueryResult<T>,
    ) -> Option<QueryResult<T>> {
        let driver = &mut **self.driver;
        let answer = Background.block_on(async { tokio::time::timeout(limit, work(driver)).await });
        // A server that does not answer a question will not answer a goodbye.
        self.session.says_goodbye = answer.is_ok();
        answer.ok()
    }

    fn driver(&mut self) -> &mut Driver {
        &mut self.driver
    }
}

delegate_connection!(PostgresConnection => Driver, PostgresTransactions, delegate::begin, commit, |url| {
    let settings = DatabaseSettings::from_url("default", url, Origin::Code)
        .map_err(|error| diesel::ConnectionError::InvalidConnectionUrl(error.problem.to_string()))?;
    if settings.backend != crate::settings::Backend::Postgres {
        return Err(diesel::ConnectionError::InvalidConnectionUrl("not the URL of a PostgreSQL database".to_owned()));
    }
    Self::open(&settings).map_err(|error| diesel::ConnectionError::BadConnection(error.to_string()))
});

/// Commits, and leaves a nested transaction also when its savepoint cannot be released, since a statement after it failed: then
/// it goes back to the savepoint, as Diesel does with libpq. Otherwise the outer transaction could do nothing more.
fn commit(driver: &mut Driver) -> QueryResult<()> {
    let status = AnsiManager::transaction_manager_status_mut(driver);
    let TransactionManagerStatus::Valid(valid) = &*status else { return delegate::commit(driver) };
    let mends = valid.in_transaction.as_ref().is_some_and(|state| {
        state.transaction_depth.get() > 1 && !state.requires_rollback_maybe_up_to_top_level
    });
    // To the driver this means: roll back if it cannot be committed.
    if mends {
        status.set_requires_rollback_maybe_up_to_top_level(true);
    }
    let committed = delegate::commit(driver);
    if mends {
        AnsiManager::transaction_manager_status_mut(driver)
            .set_requires_rollback_maybe_up_to_top_level(false);
    }
    committed
}

/// Fails where these settings cannot be used, whoever answers and whatever files there are.
pub(super) fn check(settings: &DatabaseSettings) -> Result<(), ConnectError> {
    config(settings)?;
    super::tls::check(settings)
}

/// What the driver needs to know, but for the address.
pub(super) fn config(settings: &DatabaseSettings) -> Result<Config, ConnectError> {
    let broken = |message: String| ConnectError::new(settings, Reason::Configuration, message);
    let user = match &settings.user {
        Some(user) => user.clone(),
        // As libpq: whoever runs the program.
        None => ["USER", "LOGNAME"]
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|user| !user.is_empty()))
            .ok_or_else(|| broken("no user is set; write one, as in postgres://user@host/name".to_owned()))?,
    };
    let mut config = Config::new();
    config.dbname(if settings.name.is_empty() { &user } else { &settings.name });
    config.user(user);
    if let Some(password) = &settings.password {
        config.password(password.expose());
    }
    for (name, value) in &settings.parameters {
        match (name.as_str(), value.as_str()) {
            ("application_name", value) => config.application_name(value),
            ("options", value) => config.options(value),
            ("channel_binding", "disable") => config.channel_binding(ChannelBinding::Disable),
            ("channel_binding", "prefer") => config.channel_binding(ChannelBinding::Prefer),
            ("channel_binding", "require") => config.channel_binding(ChannelBinding::Require),
            (name, _) => return Err(broken(format!("the parameter `{name}` is not known"))),
        };
    }
    // A long migration must survive a router that forgets silent connections.
    config.keepalives(true).keepalives_idle(Duration::from_secs(60));
    config.keepalives_interval(Duration::from_secs(10)).keepalives_retries(6);
    Ok(config)
}

/// A connection without what Diesel adds.
pub(super) struct Bare {
    // The order matters, as above.
    pub(super) client: Client,
    pub(super) session: Session,
}

/// One attempt at one address. `prefer` without success tries again without encryption, as libpq does.
pub(super) async fn attempt(
    settings: &DatabaseSettings,
    config: &Config,
    tls: Option<MakeRustlsConnect>,
    target: &Target,
) -> Result<Bare, ConnectError> {
    let mut config = config.clone();
    let tls = match target {
        Target::Ip { host, ip, port } => {
            config.host(host).hostaddr(*ip).port(*port);
            tls
        }
        Target::Unix { path, port } => {
            config.host_path(path).port(*port);
            None
        }
    };
    let Some(tls) = tls else { return plain(settings, &mut config).await };
    let prefers = settings.tls.mode == SslMode::Prefer;
    config.ssl_mode(if prefers { DriverMode::Prefer } else { DriverMode::Require });
    let shaken = Arc::new(AtomicBool::new(false));
    let watched = Watched { tls, shaken: Arc::clone(&shaken) };
    let error = match config.connect(watched).await {
        Ok((client, connection)) => return Ok(start(client, connection)),
        Err(error) => error,
    };
    let encrypted = shaken.load(Ordering::Relaxed);
    let error = connect_error(settings, &error, !prefers && !encrypted);
    let refused_so = error.reason == Reason::Tls || error.code.as_deref() == Some("28000");
    if prefers && encrypted && refused_so { plain(settings, &mut config).await } else { Err(error) }
}

async fn plain(settings: &DatabaseSettings, config: &mut Config) -> Result<Bare, ConnectError> {
    config.ssl_mode(DriverMode::Disable);
    match config.connect(NoTls).await {
        Ok((client, connection)) => Ok(start(client, connection)),
        Err(error) => Err(connect_error(settings, &error, false)),
    }
}

fn start<S>(client: Client, connection: tokio_postgres::Connection<Socket, S>) -> Bare
where
    S: TlsStream + Unpin + Send + 'static,
{
    // How the connection ended is told to whoever asks it something next.
    let task = Background.spawn(async move { drop(connection.await) });
    Bare { client, session: Session { task, says_goodbye: true } }
}

/// Why the driver could not connect. `unoffered` says that encryption was a must and never began.
fn connect_error(
    settings: &DatabaseSettings,
    error: &tokio_postgres::Error,
    unoffered: bool,
) -> ConnectError {
    use std::error::Error as _;
    if let Some(answer) = error.as_db_error() {
        let code = answer.code().code();
        let error = ConnectError::new(settings, Reason::of_sqlstate(code), answer.message());
        return error.with_code(Some(code));
    }
    let cause = error.source();
    if let Some(io) = cause.and_then(|cause| cause.downcast_ref::<std::io::Error>()) {
        return match tls::tls_error(io) {
            Some(tls) => ConnectError::new(settings, Reason::Tls, tls.to_string()),
            None => ConnectError::of_io(settings, io),
        };
    }
    let message = cause.map_or_else(|| error.to_string(), ToString::to_string);
    match cause {
        Some(_) if unoffered => ConnectError::new(settings, Reason::Tls, message),
        // The address and the settings were fine until here: it is about how to log in.
        Some(_) => ConnectError::new(settings, Reason::Credentials, message),
        None if error.is_closed() => ConnectError::new(settings, Reason::Closed, message),
        None => ConnectError::new(settings, Reason::Other, message),
    }
}

/// Why a session that has been let in cannot be set up.
fn setup_error(settings: &DatabaseSettings, error: &diesel::ConnectionError) -> ConnectError {
    use diesel::ConnectionError::CouldntSetupConfiguration;
    use diesel::result::{DatabaseErrorKind as Kind, Error::DatabaseError};

    let reason = match error {
        CouldntSetupConfiguration(DatabaseError(kind, _)) if !matches!(kind, Kind::ClosedConnection) => {
            Reason::Other
        }
        _ => Reason::Closed,
    };
    ConnectError::new(settings, reason, error.to_string())
}

/// The task that drives a connection's socket.
pub(super) struct Session {
    task: JoinHandle<()>,
    pub(super) says_goodbye: bool,
}

impl Session {
    const GOODBYE: Duration = Duration::from_millis(100);
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.says_goodbye && !self.task.is_finished() {
            let task = &mut self.task;
            drop(Background.block_on(async { tokio::time::timeout(Self::GOODBYE, task).await }));
        }
        self.task.abort();
    }
}

/// Encryption that remembers whether the server went for it.
struct Watched {
    tls: MakeRustlsConnect,
    shaken: Arc<AtomicBool>,
}

struct WatchedConnect {
    connect: <MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect,
    shaken: Arc<AtomicBool>,
}

impl MakeTlsConnect<Socket> for Watched {
    type Stream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;
    type TlsConnect = WatchedConnect;
    type Error = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Error;

    fn make_tls_connect(&mut self, host: &str) -> Result<Self::TlsConnect, Self::Error> {
        let connect = MakeTlsConnect::<Socket>::make_tls_connect(&mut self.tls, host)?;
        Ok(WatchedConnect { connect, shaken: Arc::clone(&self.shaken) })
    }
}

impl TlsConnect<Socket> for WatchedConnect {
    type Stream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;
    type Error = std::io::Error;
    type Future = <<MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect as TlsConnect<Socket>>::Future;

    fn connect(self, stream: Socket) -> Self::Future {
        self.shaken.store(true, Ordering::Relaxed);
        self.connect.connect(stream)
    }
}

/// Stands for the lookup of custom types, of which a connection to one of several backends knows none.
struct NoCustomTypes;

impl PgMetadataLookup for NoCustomTypes {
    fn lookup_type(&mut self, type_name: &str, schema: Option<&str>) -> PgTypeMetadata {
        let key = PgMetadataCacheKey::new(
            schema.map(|schema| schema.to_owned().into()),
            type_name.to_owned().into(),
        );
        PgTypeMetadata::from_result(Err(FailedToLookupTypeError::new(key)))
    }
}

impl MultiConnectionHelper for PostgresConnection {
    fn to_any<'a>(_lookup: &mut <Pg as TypeMetadata>::MetadataLookup) -> &mut (dyn std::any::Any + 'a) {
        // A type without a size takes no memory, so that nothing leaks here.
        Box::leak(Box::new(NoCustomTypes))
    }

    fn from_any(lookup: &mut dyn std::any::Any) -> Option<&mut <Pg as TypeMetadata>::MetadataLookup> {
        lookup.downcast_mut::<NoCustomTypes>().map(|lookup| lookup as &mut dyn PgMetadataLookup)
    }
}
