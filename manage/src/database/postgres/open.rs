//! Opens sessions at a PostgreSQL server: configuration, addresses, and login.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_postgres::config::{SslMode as DriverMode, SslNegotiation};
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::driving::SessionDriver;
use super::handover::Lender;
use super::limits::Excess;
use super::login_error::LoginError;
use super::parameters::configure;
use super::session_attributes::SessionAttributes;
use super::stream::{Negotiation, NotOffered};
use super::tls::connector;
use super::wire::Wire;
use crate::database::network::dial::{Endpoint, dial};
use crate::database::network::tls;
use crate::database::{ConnectError, Reason};
use crate::settings::{DatabaseSettings, SslMode};

/// Fails if these settings can never work, whatever the server and the files are.
pub(crate) fn check(settings: &DatabaseSettings) -> Result<(), ConnectError> {
    config(settings)?;
    crate::database::network::tls::check(settings)
}

/// Returns the driver's configuration, without the address.
fn config(settings: &DatabaseSettings) -> Result<Config, ConnectError> {
    let broken = |message: String| ConnectError::new(settings, Reason::Configuration, message);
    let user = match &settings.user {
        Some(user) => user.clone(),
        // As libpq: the user who runs the program.
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

/// A connection without Diesel's layer.
pub(super) struct RawConnection<D> {
    // The order matters: the client must be dropped before its socket can send the terminate message.
    pub(super) client: Client,
    pub(super) session: D,
    pub(super) wire: Wire,
    /// What takes the stream back from the driver.
    pub(super) lender: Option<Arc<dyn Lender>>,
}

impl<D: SessionDriver> RawConnection<D> {
    fn new(client: Client, session: D, negotiation: Negotiation, target: &Endpoint) -> Self {
        let is_encrypted = negotiation.tls.is_some() && negotiation.is_encrypted.load(Ordering::Relaxed);
        negotiation.wire.reached(target, is_encrypted);
        Self { client, session, wire: negotiation.wire, lender: negotiation.lender.get().cloned() }
    }

    /// Logs in, within the settings' time limit.
    pub(super) fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        logged_in(settings, async |raw| Ok(raw))
    }
}

/// Logs in at one of the addresses and calls `go_on` with the session. Every session starts here, so a probe
/// can log in wherever a command can.
pub(super) fn logged_in<D: SessionDriver, T>(
    settings: &DatabaseSettings,
    go_on: impl AsyncFn(RawConnection<D>) -> Result<T, ConnectError>,
) -> Result<T, ConnectError> {
    let config = config(settings)?;
    let tls = match settings.tls.mode {
        SslMode::Disable => None,
        _ => Some(connector(settings)?),
    };
    let spare = RefCell::new(None);
    let open =
        async |target: &Endpoint| go_on(attempt(settings, &config, tls.clone(), target, &spare).await?).await;
    D::run(async {
        match (dial(settings, open).await, spare.take()) {
            (Err(error), Some(raw)) if error.reason != Reason::Configuration => go_on(raw).await,
            (result, _) => result,
        }
    })
}

/// Makes one attempt at one address. The server must be of the requested kind. A server that is acceptable
/// only if no other one matches is kept as a spare.
async fn attempt<D: SessionDriver>(
    settings: &DatabaseSettings,
    config: &Config,
    tls: Option<MakeRustlsConnect>,
    target: &Endpoint,
    spare: &RefCell<Option<RawConnection<D>>>,
) -> Result<RawConnection<D>, ConnectError> {
    let mut raw = log_in::<D>(settings, config, tls, target).await?;
    let wanted = SessionAttributes::of(settings);
    match raw.session.drive(wanted.mismatch(settings, &raw.client, target)).await {
        None => Ok(raw),
        Some(error) => {
            if wanted == SessionAttributes::PreferStandby && error.reason == Reason::SessionAttributes {
                spare.borrow_mut().get_or_insert(raw);
            }
            Err(error)
        }
    }
}

/// Logs in once at one address. `prefer` without success tries again without encryption, as libpq does.
async fn log_in<D: SessionDriver>(
    settings: &DatabaseSettings,
    config: &Config,
    tls: Option<MakeRustlsConnect>,
    target: &Endpoint,
) -> Result<RawConnection<D>, ConnectError> {
    let mut config = config.clone();
    let mut negotiation = Negotiation {
        tls,
        is_required: settings.tls.mode != SslMode::Prefer,
        is_encrypted: Arc::new(AtomicBool::new(false)),
        keeps_clear_text: settings.tls.mode != SslMode::Disable,
        wire: watch(settings, &config),
        lender: Arc::default(),
    };
    match target {
        Endpoint::Ip { host, ip, port } => {
            negotiation.keeps_clear_text &= !ip.is_loopback();
            config.host(host).hostaddr(*ip).port(*port);
        }
        // A Unix socket is never encrypted.
        #[cfg(unix)]
        Endpoint::Unix { .. } => (negotiation.tls, negotiation.keeps_clear_text) = (None, false),
        #[cfg(not(unix))]
        Endpoint::Unix { .. } => {
            let message = "there are no Unix sockets on this system";
            return Err(ConnectError::new(settings, Reason::Configuration, message));
        }
    }
    // This crate negotiates encryption; the driver sees a handshake that begins at once.
    config.ssl_mode(DriverMode::Require).ssl_negotiation(SslNegotiation::Direct);
    let error = match D::log_in(settings, &config, &negotiation, target).await {
        Ok((client, session)) => return Ok(RawConnection::new(client, session, negotiation, target)),
        Err(error) => error,
    };
    let was_encrypted = negotiation.is_encrypted.load(Ordering::Relaxed);
    let refused_so = error.reason == Reason::Tls || error.code.as_deref() == Some("28000");
    if !(settings.tls.mode == SslMode::Prefer && was_encrypted && refused_so) {
        return Err(error);
    }
    negotiation.tls = None;
    negotiation.wire = watch(settings, &config);
    negotiation.lender = Arc::default();
    let (client, session) = D::log_in(settings, &config, &negotiation, target).await?;
    Ok(RawConnection::new(client, session, negotiation, target))
}

/// Returns the observer of a connection's bytes. Its errors name the user even if the settings do not.
fn watch(settings: &DatabaseSettings, config: &Config) -> Wire {
    Wire::new(&DatabaseSettings { user: config.get_user().map(str::to_owned), ..settings.clone() })
}

/// Converts a connection error of the driver.
pub(super) fn connect_error(settings: &DatabaseSettings, error: &tokio_postgres::Error) -> ConnectError {
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
            None if io.get_ref().is_some_and(|inner| inner.is::<NotOffered>()) => tls::not_offered(settings),
            None => match Excess::of(io) {
                Some(excess) => excess_error(settings, excess),
                None => ConnectError::of_io(settings, io),
            },
        };
    }
    let message = cause.map_or_else(|| error.to_string(), ToString::to_string);
    match cause {
        // The address and the settings were valid up to this point, so the error is about the login.
        Some(_) => ConnectError::new(settings, Reason::Credentials, message),
        None if error.is_closed() => ConnectError::of_silence(settings, Reason::Closed, &message),
        None => ConnectError::new(settings, Reason::Other, message),
    }
}

/// Returns the error for a connection that was closed because its server sent too much.
pub(super) fn excess_error(settings: &DatabaseSettings, excess: Excess) -> ConnectError {
    let reason = if excess == Excess::ClearText { Reason::UnsupportedLogin } else { Reason::Other };
    ConnectError::new(settings, reason, excess.to_string()).with_hint(excess.hint())
}
