//! One thing to wait for: a database, or another service.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::service_url::ServiceUrlError;
use super::services::Service;
use super::{Expected, State};
use crate::database::{ConnectError, Demands, Life, check_settings, probe_of_life};
use crate::migrations::Migrations;
use crate::settings::{Address, Backend, DatabaseSettings};
use crate::{CommandError, Exit, Program, Result};

/// A request for encryption to PostgreSQL. A client may leave after it without a word in the server's log.
pub(super) const ASKS_FOR_TLS: &[u8] = &[0, 0, 0, 8, 4, 210, 22, 47];

/// How often a target is asked whether it still answers.
const STEADY_PAUSE: Duration = Duration::from_millis(100);

/// One thing to wait for.
#[derive(Clone, Debug)]
pub struct Target(Arc<Kind>);

#[derive(Debug)]
enum Kind {
    Database(Box<DatabaseSettings>, Demands),
    Service(Service),
}

/// What answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// By allowed parts: `PostgreSQL 15.18 at db:5432/app as app`.
    pub what: String,
    /// The product and its version where it tells them: `PostgreSQL 15.18`.
    pub version: Option<String>,
}

impl Target {
    /// A database. It must be writable if `writable`, and have every migration of `program` if there is one.
    ///
    /// Migrations that cannot be read are an error.
    pub fn database(settings: DatabaseSettings, writable: bool, program: Option<&Program>) -> Result<Self> {
        check_settings(&settings).map_err(|error| CommandError::from(error).exit(Exit::CONFIGURATION.0))?;
        let migrations =
            program.map(|program| Migrations::of_program(program, settings.backend)).transpose()?;
        let migrations = migrations.flatten().map(|migrations| migrations.versions());
        Ok(Self(Arc::new(Kind::Database(Box::new(settings), Demands { writable, migrations }))))
    }

    /// A service: `redis://…`, `tcp://host:port`, `http://…`, `amqp://…`, `file:///path`.
    pub fn service(url: &str, expected: &Expected) -> Result<Self, ServiceUrlError> {
        Ok(Self(Arc::new(Kind::Service(Service::parse(url, expected)?))))
    }

    /// The alias of a database.
    pub(crate) fn alias(&self) -> Option<&str> {
        match &*self.0 {
            Kind::Database(settings, _) => Some(&settings.alias),
            Kind::Service(_) => None,
        }
    }

    /// Whether it is a database of the settings.
    pub fn is_database(&self) -> bool {
        matches!(*self.0, Kind::Database(..))
    }

    /// Whether it is a database of this kind.
    pub(super) fn is_of(&self, backend: Backend) -> bool {
        matches!(&*self.0, Kind::Database(settings, _) if settings.backend == backend)
    }

    /// How long to pause before it is asked whether it still answers.
    pub(super) fn steady_pause(&self, stable_for: Duration) -> Duration {
        match &*self.0 {
            // A server of MySQL's, if it is one, counts each such look as a broken greeting, and blocks its host after a hundred.
            Kind::Service(service) if service.is_mute() => STEADY_PAUSE.max(stable_for / 50),
            _ => STEADY_PAUSE,
        }
    }

    /// Asks once, on a fresh connection, within a time limit.
    pub fn attempt(&self, limit: Duration) -> Result<Reached, ConnectError> {
        Ok(self.attempt_of_life(limit, false)?.0)
    }

    /// The same, and which life of the server it is that answered.
    pub(super) fn attempt_of_life(
        &self,
        limit: Duration,
        of_life: bool,
    ) -> Result<(Reached, Option<Life>), ConnectError> {
        let limit = limit.max(Duration::from_millis(1));
        match &*self.0 {
            Kind::Database(settings, demands) => {
                let (ready, life) = probe_of_life(settings, limit, demands, of_life)?;
                let name = settings.to_string();
                let what = match name.split_once(" at ") {
                    Some((_, place)) => format!("{} at {place}", ready.server_version),
                    None => name,
                };
                Ok((Reached { what, version: Some(ready.server_version) }, life))
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

    /// The host and port of its only address over TCP.
    pub(super) fn tcp(&self) -> Option<(&str, u16)> {
        match &*self.0 {
            Kind::Database(settings, _) => match settings.addresses.as_slice() {
                [Address::Tcp(host, port)] => {
                    // It goes before what the name would lead to.
                    let ip = settings.parameters.get("hostaddr").filter(|ip| !ip.is_empty());
                    Some((ip.unwrap_or(host), *port))
                }
                _ => None,
            },
            Kind::Service(service) => service.tcp(),
        }
    }

    /// Whether its address is this very machine's.
    pub(super) fn is_local(&self) -> bool {
        self.tcp().is_some_and(|(host, _)| {
            host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        })
    }

    /// Of a service that may be encrypted: whether it shall be, and its scheme with TLS and without.
    pub(super) fn encryption(&self) -> Option<(bool, (&'static str, &'static str))> {
        match &*self.0 {
            Kind::Database(..) => None,
            Kind::Service(service) => service.schemes().map(|schemes| (service.tls, schemes)),
        }
    }

    /// What its clients say first; nothing where the server begins.
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
