//! A target to wait for: a database or another service.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::service_url::ServiceUrlError;
use super::services::Service;
use super::{Expected, State};
use crate::command::Program;
use crate::database::{ConnectError, Requirements, ServerInstance, check_settings, probe_with_instance};
use crate::error::{CommandError, Exit, Result};
use crate::migrations::Migrations;
use crate::settings::{Address, Backend, DatabaseSettings};

/// PostgreSQL's SSLRequest. The server does not log a client that disconnects after it.
pub(super) const ASKS_FOR_TLS: &[u8] = &[0, 0, 0, 8, 4, 210, 22, 47];

/// How often a target that answers is probed again.
const STEADY_PAUSE: Duration = Duration::from_millis(100);

/// A target to wait for.
#[derive(Clone, Debug)]
pub struct Target(Arc<Kind>);

#[derive(Clone, Debug)]
enum Kind {
    Database(Box<DatabaseSettings>, Requirements),
    Service(Service),
}

/// The server that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadyTarget {
    /// Its description, without secrets: `PostgreSQL 15.18 at db:5432/app as app`.
    pub what: String,
    /// The product and its version, if it reports them: `PostgreSQL 15.18`.
    pub version: Option<String>,
}

impl Target {
    /// Creates a target for a database. It is ready when it accepts a connection and answers a query.
    ///
    /// # Errors
    ///
    /// A [`CommandError`] with the exit code 78 if the settings do not allow a connection. That this program
    /// was built without the backend is an error of each attempt instead.
    pub fn database(settings: DatabaseSettings) -> Result<Self> {
        check_settings(&settings)
            .map_err(|error| CommandError::from(error).exit_code(Exit::CONFIGURATION))?;
        Ok(Self(Arc::new(Kind::Database(Box::new(settings), Requirements::default()))))
    }

    /// Also waits until the database is writable. Has no effect on a service.
    #[must_use]
    pub fn writable(mut self) -> Self {
        if let Kind::Database(_, requirements) = Arc::make_mut(&mut self.0) {
            requirements.writable = true;
        }
        self
    }

    /// Also waits until every migration of the program is applied to the database. Has no effect on a
    /// service.
    ///
    /// Fails if the migrations cannot be read.
    pub fn with_migrations_of(mut self, program: &Program) -> Result<Self> {
        if let Kind::Database(settings, requirements) = Arc::make_mut(&mut self.0) {
            let migrations = Migrations::of_program(program, settings.backend)?;
            requirements.migrations = migrations.map(|migrations| migrations.versions());
        }
        Ok(self)
    }

    /// Creates a target for a service: `redis://…`, `tcp://host:port`, `http://…`, `amqp://…`,
    /// `file:///path`.
    pub fn service(url: &str, expected: &Expected) -> Result<Self, ServiceUrlError> {
        Ok(Self(Arc::new(Kind::Service(Service::parse(url, expected)?))))
    }

    /// Like [`Target::service`], for a URL that comes from `origin` instead of the command line. Hints show
    /// it: `REDIS_URL (environment)`.
    pub fn service_of(url: &str, expected: &Expected, origin: &str) -> Result<Self, ServiceUrlError> {
        let service = Service { origin: origin.to_owned(), ..Service::parse(url, expected)? };
        Ok(Self(Arc::new(Kind::Service(service))))
    }

    /// Returns the alias of a database.
    pub(crate) fn alias(&self) -> Option<&str> {
        match &*self.0 {
            Kind::Database(settings, _) => Some(&settings.alias),
            Kind::Service(_) => None,
        }
    }

    /// Returns whether it is a database in the settings.
    pub fn is_database(&self) -> bool {
        matches!(*self.0, Kind::Database(..))
    }

    /// Returns whether it is a database of this backend.
    pub(super) fn is_of(&self, backend: Backend) -> bool {
        matches!(&*self.0, Kind::Database(settings, _) if settings.backend == backend)
    }

    /// Returns how long to pause before a target that answers is probed again.
    pub(super) fn steady_pause(&self, stable_for: Duration) -> Duration {
        match &*self.0 {
            // A MySQL server counts each such probe as an interrupted handshake, and blocks the client's host
            // after a hundred.
            Kind::Service(service) if service.is_mute() => STEADY_PAUSE.max(stable_for / 50),
            _ => STEADY_PAUSE,
        }
    }

    /// Probes once, on a new connection, within a time limit.
    ///
    /// # Errors
    ///
    /// Also for a database that answers, if it does not meet the requirements of [`Target::writable`] and
    /// [`Target::with_migrations_of`]: with the reason `ReadOnly` or `Unmigrated`.
    pub fn attempt(&self, limit: Duration) -> Result<ReadyTarget, ConnectError> {
        Ok(self.attempt_with_instance(limit, false)?.0)
    }

    /// Like [`Target::attempt`], but also returns the server instance that answered.
    pub(super) fn attempt_with_instance(
        &self,
        limit: Duration,
        with_instance: bool,
    ) -> Result<(ReadyTarget, Option<ServerInstance>), ConnectError> {
        let limit = limit.max(Duration::from_millis(1));
        match &*self.0 {
            Kind::Database(settings, requirements) => {
                let (ready, instance) = probe_with_instance(settings, limit, requirements, with_instance)?;
                let name = settings.to_string();
                let what = match name.split_once(" at ") {
                    Some((_, place)) => format!("{} at {place}", ready.server_version),
                    None => name,
                };
                Ok((ReadyTarget { what, version: Some(ready.server_version) }, instance))
            }
            Kind::Service(service) => Ok((service.attempt(limit)?, None)),
        }
    }

    pub(crate) fn state(&self) -> State {
        let user = match &*self.0 {
            Kind::Database(settings, _) => settings.user.clone(),
            Kind::Service(service) => service.shown_user().map(ToOwned::to_owned),
        };
        State {
            name: self.to_string(),
            is_database: self.is_database(),
            user,
            attempts: 0,
            error: None,
            reached: None,
            elapsed: Duration::ZERO,
        }
    }

    /// Returns the host and port of its only TCP address.
    pub(super) fn tcp(&self) -> Option<(&str, u16)> {
        match &*self.0 {
            Kind::Database(settings, _) => match settings.addresses.as_slice() {
                [Address::Tcp(host, port)] => {
                    // It takes precedence over name lookup.
                    let ip = settings.parameters.get("hostaddr").filter(|ip| !ip.is_empty());
                    Some((ip.unwrap_or(host), *port))
                }
                _ => None,
            },
            Kind::Service(service) => service.tcp(),
        }
    }

    /// Returns whether its address belongs to this machine.
    pub(super) fn is_local(&self) -> bool {
        self.tcp().is_some_and(|(host, _)| {
            host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        })
    }

    /// Returns whether TLS is on, and the schemes with TLS and without, for a service with optional TLS.
    pub(super) fn encryption(&self) -> Option<(bool, (&'static str, &'static str))> {
        match &*self.0 {
            Kind::Database(..) => None,
            Kind::Service(service) => service.schemes().map(|schemes| (service.tls, schemes)),
        }
    }

    /// Returns the client's first message; empty if the server sends first.
    pub(super) fn greeting(&self) -> &'static [u8] {
        match &*self.0 {
            Kind::Service(service) if service.schemes().is_some_and(|schemes| schemes.1 == "redis") => {
                b"PING\r\n"
            }
            Kind::Database(settings, _) if settings.backend == Backend::Postgres => ASKS_FOR_TLS,
            _ => &[],
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Database(settings, _) => settings.fmt(f),
            Kind::Service(service) => service.fmt(f),
        }
    }
}
