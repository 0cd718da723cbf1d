//! PostgreSQL: `tokio-postgres` as an ordinary Diesel connection.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diesel::QueryResult;
use diesel::connection::{Connection, MultiConnectionHelper, TransactionManager, TransactionManagerStatus};
use diesel::pg::{FailedToLookupTypeError, Pg, PgMetadataCacheKey, PgMetadataLookup, PgTypeMetadata};
use diesel::sql_types::TypeMetadata;
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::{AsyncConnectionWrapper, BlockOn};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
#[cfg(unix)]
use tokio_postgres::NoTls;
use tokio_postgres::config::{SslMode as DriverMode, SslNegotiation};
use tokio_postgres::tls::TlsStream;
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::background::Background;
use super::delegate::ErrorDetails as _;
use super::dial::{Target, dial};
use super::instrument::{instrumented, setting_up};
use super::postgres_login_error::LoginError;
use super::postgres_parameters::configure;
use super::postgres_stream::{Negotiation, NotOffered};
use super::postgres_tls::connector;
#[cfg(unix)]
use super::postgres_wire::WatchedStream;
use super::postgres_wire::Wire;
use super::session_attributes::SessionAttributes;
use super::{ConnectError, Reason, ServerError, delegate, tls};
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
    wire: Wire,
}

impl PostgresConnection {
    /// Connects, within the settings' time limit.
    pub fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        instrumented(settings, || logged_in(settings, async |bare| Self::set_up(settings, bare).await))
    }

    /// Makes a Diesel connection of a session that has been let in. This also sets the time zone and the encoding that
    /// Diesel's types count on.
    async fn set_up(settings: &DatabaseSettings, bare: Bare) -> Result<Self, ConnectError> {
        let Bare { client, mut session, wire } = bare;
        session.says_goodbye = false;
        let driver = AsyncPgConnection::try_from(client).await;
        let driver = driver.map_err(|error| setup_error(settings, &wire, error))?;
        session.says_goodbye = true;
        Ok(Self { driver: Box::new(driver.into()), session, wire })
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
        Some(answer.ok()?.map_err(|error| self.wire.explain(error)))
    }

    fn driver(&mut self) -> &mut Driver {
        &mut self.driver
    }

    fn details(&self) -> Wire {
        self.wire.clone()
    }
}

delegate_connection!(PostgresConnection => Driver, Wire, PostgresTransactions, delegate::begin, commit, |url| {
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
fn config(settings: &DatabaseSettings) -> Result<Config, ConnectError> {
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
    configure(&mut config, settings)?;
    Ok(config)
}

/// A connection without what Diesel adds.
pub(super) struct Bare {
    // The order matters, as above.
    pub(super) client: Client,
    pub(super) session: Session,
    wire: Wire,
}

impl Bare {
    /// Logs in, within the settings' time limit.
    pub(super) fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        logged_in(settings, async |bare| Ok(bare))
    }

    /// Does to it what [`PostgresConnection::open`] does, within a time limit, and closes it.
    pub(super) fn try_set_up(self, settings: &DatabaseSettings, limit: Duration) -> Result<(), ConnectError> {
        let set_up = async { tokio::time::timeout(limit, PostgresConnection::set_up(settings, self)).await };
        match setting_up(|| Background.block_on(set_up)) {
            Ok(connection) => connection.map(drop),
            Err(_) => Err(ConnectError::unanswered(settings)),
        }
    }
}

/// Logs in at one of the addresses, and goes on there. Every session begins here, so that a probe is let in where a command is.
fn logged_in<T>(
    settings: &DatabaseSettings,
    go_on: impl AsyncFn(Bare) -> Result<T, ConnectError>,
) -> Result<T, ConnectError> {
    let config = config(settings)?;
    let tls = match settings.tls.mode {
        SslMode::Disable => None,
        _ => Some(connector(settings)?),
    };
    let spare = RefCell::new(None);
    let open =
        async |target: &Target| go_on(attempt(settings, &config, tls.clone(), target, &spare).await?).await;
    Background.block_on(async {
        match (dial(settings, open).await, spare.take()) {
            (Err(error), Some(bare)) if error.reason != Reason::Configuration => go_on(bare).await,
            (result, _) => result,
        }
    })
}

/// One attempt at one address, whose server must be of the kind that is asked for. A server that will do where there is no such one is
/// kept as a spare.
async fn attempt(
    settings: &DatabaseSettings,
    config: &Config,
    tls: Option<MakeRustlsConnect>,
    target: &Target,
    spare: &RefCell<Option<Bare>>,
) -> Result<Bare, ConnectError> {
    let bare = log_in(settings, config, tls, target).await?;
    let wanted = SessionAttributes::of(settings);
    match wanted.mismatch(settings, &bare.client, target).await {
        None => Ok(bare),
        Some(error) => {
            if wanted == SessionAttributes::PreferStandby && error.reason == Reason::SessionAttributes {
                spare.borrow_mut().get_or_insert(bare);
            }
            Err(error)
        }
    }
}

/// One log-in at one address. `prefer` without success tries again without encryption, as libpq does.
async fn log_in(
    settings: &DatabaseSettings,
    config: &Config,
    tls: Option<MakeRustlsConnect>,
    target: &Target,
) -> Result<Bare, ConnectError> {
    let mut config = config.clone();
    match target {
        Target::Ip { host, ip, port } => config.host(host).hostaddr(*ip).port(*port),
        #[cfg(unix)]
        Target::Unix { path, port } => return local(settings, config, path, *port).await,
        #[cfg(not(unix))]
        Target::Unix { .. } => {
            let message = "there are no Unix sockets on this system";
            return Err(ConnectError::new(settings, Reason::Configuration, message));
        }
    };
    let prefers = settings.tls.mode == SslMode::Prefer;
    let is_encrypted = Arc::new(AtomicBool::new(false));
    let mut negotiation =
        Negotiation { tls, is_required: !prefers, is_encrypted, wire: watch(settings, &config) };
    // The negotiation is ours; to the driver it is a handshake that begins at once.
    config.ssl_mode(DriverMode::Require).ssl_negotiation(SslNegotiation::Direct);
    let wire = negotiation.wire.clone();
    let error = match config.connect(negotiation.clone()).await {
        Ok((client, connection)) => return Ok(start(client, connection, wire)),
        Err(error) => connect_error(settings, &error),
    };
    let was_encrypted = negotiation.is_encrypted.load(Ordering::Relaxed);
    let refused_so = error.reason == Reason::Tls || error.code.as_deref() == Some("28000");
    if !(prefers && was_encrypted && refused_so) {
        return Err(error);
    }
    negotiation.tls = None;
    negotiation.wire = watch(settings, &config);
    let wire = negotiation.wire.clone();
    match config.connect(negotiation).await {
        Ok((client, connection)) => Ok(start(client, connection, wire)),
        Err(error) => Err(connect_error(settings, &error)),
    }
}

/// What reads a connection along. Its errors name the user also where the settings do not.
fn watch(settings: &DatabaseSettings, config: &Config) -> Wire {
    Wire::new(&DatabaseSettings { user: config.get_user().map(str::to_owned), ..settings.clone() })
}

/// A connection to a Unix socket, which is never encrypted.
#[cfg(unix)]
async fn local(
    settings: &DatabaseSettings,
    mut config: Config,
    folder: &std::path::Path,
    port: u16,
) -> Result<Bare, ConnectError> {
    let path = folder.join(format!(".s.PGSQL.{port}"));
    let socket = tokio::net::UnixStream::connect(path).await;
    let socket = socket.map_err(|error| ConnectError::of_io(settings, &error))?;
    let wire = watch(settings, &config);
    let stream = WatchedStream::new(socket, wire.clone());
    config.ssl_mode(DriverMode::Disable);
    match config.connect_raw(stream, NoTls).await {
        Ok((client, connection)) => Ok(start(client, connection, wire)),
        Err(error) => Err(connect_error(settings, &error)),
    }
}

fn start<S, T>(client: Client, connection: tokio_postgres::Connection<S, T>, wire: Wire) -> Bare
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: TlsStream + Unpin + Send + 'static,
{
    // How the connection ended is told to whoever asks it something next.
    let task = Background.spawn(async move { drop(connection.await) });
    Bare { client, session: Session { task: Some(task), says_goodbye: true }, wire }
}

/// Why the driver could not connect.
fn connect_error(settings: &DatabaseSettings, error: &tokio_postgres::Error) -> ConnectError {
    use std::error::Error as _;
    if let Some(answer) = error.as_db_error() {
        let code = answer.code().code();
        let error = ConnectError::new(settings, Reason::of_sqlstate(code), answer.message());
        return error.with_code(Some(code));
    }
    if let Some(login) = LoginError::of(error) {
        return login.into_error(settings);
    }
    let cause = error.source();
    if let Some(io) = cause.and_then(|cause| cause.downcast_ref::<std::io::Error>()) {
        return match tls::tls_error(io) {
            Some(tls) => tls::tls_failure(settings, tls),
            None if io.get_ref().is_some_and(|inner| inner.is::<NotOffered>()) => {
                ConnectError::new(settings, Reason::Tls, io.to_string())
            }
            None => ConnectError::of_io(settings, io),
        };
    }
    let message = cause.map_or_else(|| error.to_string(), ToString::to_string);
    match cause {
        // The address and the settings were fine until here: it is about how to log in.
        Some(_) => ConnectError::new(settings, Reason::Credentials, message),
        None if error.is_closed() => ConnectError::new(settings, Reason::Closed, message),
        None => ConnectError::new(settings, Reason::Other, message),
    }
}

/// Why a session that has been let in cannot be set up.
fn setup_error(settings: &DatabaseSettings, wire: &Wire, error: diesel::ConnectionError) -> ConnectError {
    let diesel::ConnectionError::CouldntSetupConfiguration(error) = error else {
        return ConnectError::new(settings, Reason::Closed, error.to_string());
    };
    let error = wire.explain(error);
    match ServerError::of(&error) {
        Some(answer) => ConnectError::of_answer(settings, &answer),
        None => ConnectError::new(settings, Reason::Closed, error.to_string()),
    }
}

/// The task that drives a connection's socket.
pub(super) struct Session {
    /// It is there until the very end.
    task: Option<JoinHandle<()>>,
    pub(super) says_goodbye: bool,
}

impl Session {
    const GOODBYE: Duration = Duration::from_millis(100);
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(mut task) = self.task.take() else { return };
        if !self.says_goodbye || task.is_finished() {
            return task.abort();
        }
        Background.finish(async move {
            drop(tokio::time::timeout(Self::GOODBYE, &mut task).await);
            task.abort();
        });
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
