//! MySQL and MariaDB as an ordinary Diesel connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::QueryResult;
use diesel::connection::{MultiConnectionHelper, SimpleConnection as _};
use diesel::mysql::Mysql;
use diesel::sql_types::TypeMetadata;
use rustls::ClientConfig;

use super::client::driver::Driver;
use super::client::error::Error;
use super::client::open;
use super::client::session::Session;
use super::details::MysqlDetails;
use super::login::{Failure, GET_KEY, KEY_PATH};
use crate::database::delegate::ErrorDetails as _;
use crate::database::instrument::instrumented;
use crate::database::network::background::Background;
use crate::database::network::dial::{Endpoint, dial};
use crate::database::network::tls::{TlsCache, client_config};
use crate::database::{ConnectError, Reason};
use crate::settings::{DatabaseSettings, Origin, SslMode};

/// A connection to a MySQL or MariaDB server, in pure Rust.
///
/// The thread that runs a statement also sends it and reads the answer. The connection keeps up to 128
/// prepared statements, also of INSERT and UPDATE. Dropping it ends the session.
pub struct MysqlConnection {
    // In a box, because a `Connection` would be as large for every backend.
    driver: Box<Driver>,
    details: MysqlDetails,
}

impl MysqlConnection {
    /// Connects, within the settings' time limit.
    pub fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        instrumented(settings, || RawConnection::open(settings).map(RawConnection::into_diesel))
    }

    /// Runs SQL whose answer must be short, with a time limit.
    pub(crate) fn run_within(&mut self, limit: Duration, sql: &str) -> Option<QueryResult<()>> {
        let details = self.details.clone();
        let run = |driver: &mut Driver| details.answering_shortly(|| driver.batch_execute(sql));
        let answer = self.driver.within(limit, run);
        if self.driver.session().has_timed_out() { None } else { Some(answer) }
    }

    /// Returns whether the next statement finds the session as this crate sets it up: connected, with its
    /// variables, and without a transaction. It does not ask the server.
    pub(crate) fn is_unchanged(&self) -> bool {
        self.driver.is_unchanged()
    }

    /// Returns whether the connection has an open transaction, or has ended: also if the server ended it
    /// since the last statement.
    pub(crate) fn is_lost(&mut self) -> bool {
        self.is_broken() || self.driver.session().has_ended()
    }

    /// Sets or removes the time at which statements fail.
    pub(crate) fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.driver.set_deadline(deadline);
    }

    /// Returns a function that ends the statement that the server runs for this session.
    pub(crate) fn statement_canceller(&mut self) -> Option<Box<dyn Fn() + Send>> {
        self.driver.statement_canceller()
    }

    fn driver(&mut self) -> &mut Driver {
        &mut self.driver
    }

    pub(crate) fn details(&self) -> MysqlDetails {
        self.details.clone()
    }
}

delegate_connection!(MysqlConnection => Driver, MysqlDetails, MysqlTransactions, |url| {
    let settings = DatabaseSettings::from_url("default", url, Origin::Code)
        .map_err(|error| diesel::ConnectionError::InvalidConnectionUrl(error.problem.to_string()))?;
    if settings.backend != crate::settings::Backend::Mysql {
        return Err(diesel::ConnectionError::InvalidConnectionUrl("not the URL of a MySQL database".to_owned()));
    }
    Self::open(&settings).map_err(|error| diesel::ConnectionError::BadConnection(error.to_string()))
});

/// A session without Diesel. Its answers must be short.
pub(crate) struct RawConnection {
    session: Session,
    settings: Arc<DatabaseSettings>,
}

impl RawConnection {
    /// Logs in, within the settings' time limit.
    pub(crate) fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        let session = logged_in(settings, async |tls, target| attempt(settings, tls, target).await)?;
        Ok(Self { session, settings: Arc::new(settings.clone()) })
    }

    /// Logs in at one address, within the settings' time limit.
    pub(super) fn open_at(settings: &DatabaseSettings, target: &Endpoint) -> Result<Self, ConnectError> {
        let tls = tls_config(settings)?;
        let limit = settings.connect_timeout;
        let opened = async { tokio::time::timeout(limit, attempt(settings, tls.as_ref(), target)).await };
        let session = Background.run(opened).map_err(|_| ConnectError::unanswered(settings))??;
        Ok(Self { session, settings: Arc::new(settings.clone()) })
    }

    fn into_diesel(self) -> MysqlConnection {
        let details = MysqlDetails::new(Arc::clone(self.session.flags()));
        details.answering_shortly(|| ());
        MysqlConnection { driver: Box::new(Driver::new(self.settings, self.session)), details }
    }

    /// Checks within a time limit that the session can prepare statements, as Diesel does, and closes it.
    pub(crate) fn try_set_up(mut self, limit: Duration) -> Result<(), ConnectError> {
        let prepared = self.session.within(limit, |session| session.prepare("SELECT 1").map(drop));
        prepared.map_err(|error| {
            let is_refusal = matches!(error, Error::Server { .. });
            let error = self.failed(error);
            // The server lets clients in, so this is taken for temporary.
            if is_refusal { ConnectError { reason: Reason::Unhealthy, ..error } } else { error }
        })
    }

    /// Runs a query with a time limit and returns its rows as text, without the NULLs.
    pub(crate) fn ask(&mut self, limit: Duration, question: &str) -> Result<Vec<Vec<String>>, ConnectError> {
        let answer = self.session.within(limit, |session| session.texts(question));
        answer.map_err(|error| self.failed(error))
    }

    /// Returns whether the server has ended the session, as far as can be seen without asking it.
    pub(super) fn has_ended(&self) -> bool {
        self.session.has_ended()
    }

    fn failed(&self, error: Error) -> ConnectError {
        if error.has_timed_out() {
            return ConnectError::unanswered(&self.settings);
        }
        error.into_connect_error(&self.settings)
    }
}

/// Logs in at one of the addresses. Every session starts here, so a probe can log in wherever a command can.
pub(super) fn logged_in<T>(
    settings: &DatabaseSettings,
    open: impl AsyncFn(Option<&Arc<ClientConfig>>, &Endpoint) -> Result<T, ConnectError>,
) -> Result<T, ConnectError> {
    let tls = tls_config(settings)?;
    check_parameters(settings)?;
    Background.run(dial(settings, async |target: &Endpoint| open(tls.as_ref(), target).await))
}

fn tls_config(settings: &DatabaseSettings) -> Result<Option<Arc<ClientConfig>>, ConnectError> {
    static CACHE: TlsCache<Arc<ClientConfig>> = TlsCache::new();
    match settings.tls.mode {
        SslMode::Disable => Ok(None),
        _ => CACHE.get(settings, || client_config(settings).map(Arc::new)).map(Some),
    }
}

/// Fails if these settings can never work, whatever the server and the files are.
pub(crate) fn check(settings: &DatabaseSettings) -> Result<(), ConnectError> {
    check_parameters(settings)?;
    crate::database::network::tls::check(settings)
}

fn check_parameters(settings: &DatabaseSettings) -> Result<(), ConnectError> {
    match settings.parameters.keys().find(|name| ![GET_KEY, KEY_PATH].contains(&name.as_str())) {
        Some(name) => {
            let message = format!("the parameter `{name}` is not known");
            Err(ConnectError::new(settings, Reason::Configuration, message))
        }
        None => Ok(()),
    }
}

/// Makes one attempt at one address. `prefer` without success tries again without encryption.
async fn attempt(
    settings: &DatabaseSettings,
    tls: Option<&Arc<ClientConfig>>,
    target: &Endpoint,
) -> Result<Session, ConnectError> {
    let opened = match open::open(settings, tls, target).await {
        Err(Failure::Tls(_)) if settings.tls.mode == SslMode::Prefer => {
            open::open(settings, None, target).await
        }
        opened => opened,
    };
    opened.map_err(|failure| match failure {
        Failure::Closed => ConnectError::new(settings, Reason::Closed, ""),
        Failure::Tls(error) | Failure::Other(error) => error,
    })
}

/// Returns the error for an account whose plugin this client does not have.
pub(super) fn unsupported(settings: &DatabaseSettings, message: &str) -> ConnectError {
    ConnectError::new(settings, Reason::UnsupportedLogin, message).with_hint(
        "Supported are mysql_native_password, caching_sha2_password and ed25519: \
         ALTER USER … IDENTIFIED VIA (MariaDB) or WITH (MySQL) one of them.",
    )
}

impl MultiConnectionHelper for MysqlConnection {
    #[inline]
    fn to_any<'a>(lookup: &mut <Mysql as TypeMetadata>::MetadataLookup) -> &mut (dyn std::any::Any + 'a) {
        lookup
    }

    #[inline]
    fn from_any(lookup: &mut dyn std::any::Any) -> Option<&mut <Mysql as TypeMetadata>::MetadataLookup> {
        lookup.downcast_mut()
    }
}
