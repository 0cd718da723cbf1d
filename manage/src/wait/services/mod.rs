//! Services other than the databases in the settings, each probed in its own protocol over plain sockets.

mod amqp;
mod file;
mod http;
#[cfg(all(test, unix))]
mod random_answers;
mod redis;
mod stream;

use std::path::PathBuf;
use std::time::Duration;
use std::{fmt, io};

use tokio::time::{Instant, timeout_at};

use super::{Expected, ReadyTarget};
use crate::console::printable;
use crate::database::{Background, ConnectError, Reason};
use crate::settings::Secret;
use stream::ServiceStream;

/// The error for a service that accepts connections but sends nothing.
const SILENT: &str = "it accepts connections but does not answer";

/// A service and its address.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) kind: Kind,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: Option<String>,
    pub(super) password: Option<Secret>,
    pub(super) tls: bool,
    /// Redis's database or RabbitMQ's virtual host.
    pub(super) database: Option<String>,
    /// The origin of its URL, for hints.
    pub(super) origin: String,
}

/// The origin of a URL on the command line.
pub(super) const ON_THE_LINE: &str = "the URL behind `--for`";

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Tcp,
    Redis,
    /// The path and the query: a query may contain a token.
    Http {
        expected: Expected,
        path: Secret,
    },
    Amqp {
        vhost: Option<String>,
    },
    File(PathBuf),
}

impl Service {
    /// Returns whether its probe only connects, without sending anything.
    pub(super) fn is_mute(&self) -> bool {
        matches!(self.kind, Kind::Tcp)
    }
}

/// Why a service is not ready: the reason, its code in the service's protocol, and an explanation.
struct ServiceError(Reason, Option<String>, &'static str);

impl ServiceError {
    fn odd() -> Self {
        Self(Reason::WrongService, None, "it speaks another protocol")
    }

    fn too_much() -> Self {
        Self(Reason::WrongService, None, "it sends more than any answer has")
    }
}

impl From<std::io::Error> for ServiceError {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == stream::TOO_MUCH {
            return Self::too_much();
        }
        let error = ConnectError::of_service_io("", &error);
        let words = if error.reason == Reason::Other { "the answer could not be read" } else { "" };
        Self(error.reason, error.code, words)
    }
}

impl Service {
    pub(super) fn tcp(&self) -> Option<(&str, u16)> {
        (!matches!(self.kind, Kind::File(_))).then_some((&self.host, self.port))
    }

    /// Returns the user if it may be shown: a user without a password is often a token.
    pub(super) fn shown_user(&self) -> Option<&str> {
        self.user.as_deref().filter(|_| self.password.is_some())
    }

    /// Returns the user and the password, if either is given.
    fn login(&self) -> Option<(&str, &str)> {
        let password = self.password.as_ref().map(Secret::expose);
        let given = self.user.is_some() || password.is_some();
        given.then(|| (self.user.as_deref().unwrap_or_default(), password.unwrap_or_default()))
    }

    /// Returns the URL schemes with TLS and without.
    pub(super) fn schemes(&self) -> Option<(&'static str, &'static str)> {
        match self.kind {
            Kind::Redis => Some(("rediss", "redis")),
            Kind::Http { .. } => Some(("https", "http")),
            Kind::Amqp { .. } => Some(("amqps", "amqp")),
            Kind::Tcp | Kind::File(_) => None,
        }
    }

    /// Probes once.
    pub(super) fn attempt(&self, limit: Duration) -> Result<ReadyTarget, ConnectError> {
        let until = Instant::from_std(crate::database::deadline(limit));
        let name = self.to_string();
        if let Kind::File(path) = &self.kind {
            return file::attempt(&name, path).map(|()| ReadyTarget { what: name, version: None });
        }
        let answer = Background.run(async {
            let opened = ServiceStream::open(&name, &self.host, self.port, self.tls, until).await;
            let mut stream = opened.map_err(|error| self.with_address(error))?;
            let asked = timeout_at(until, self.ask(&mut stream)).await;
            Ok(asked.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into())))
        })?;
        match answer {
            Ok(version) => {
                let place = name.split_once(" at ").map_or(name.as_str(), |(_, place)| place);
                let product = version.as_deref().unwrap_or_else(|| self.product());
                Ok(ReadyTarget { what: format!("{product} at {place}"), version })
            }
            Err(ServiceError(reason, code, words)) => {
                let late = Instant::now() >= until && !matches!(reason, Reason::Credentials | Reason::Tls);
                let (reason, code) = if late { (Reason::TimedOut, None) } else { (reason, code) };
                let words = if late { SILENT } else { words };
                let error = ConnectError::of_service(&name, reason, words).with_code(code);
                Err(match reason {
                    Reason::Credentials => {
                        error.with_hint(format!("The user and the password come from {}.", self.origin))
                    }
                    _ => error,
                })
            }
        }
    }

    async fn ask(&self, stream: &mut ServiceStream) -> Result<Option<String>, ServiceError> {
        match &self.kind {
            Kind::Tcp | Kind::File(_) => Ok(None),
            Kind::Redis => redis::ask(stream, self).await,
            Kind::Http { expected, path } => http::ask(stream, self, path.expose(), expected).await,
            Kind::Amqp { vhost } => amqp::ask(stream, self, vhost.as_deref()).await,
        }
    }

    /// Adds a hint about the origin of the address, if nothing listens there.
    fn with_address(&self, error: ConnectError) -> ConnectError {
        match error.reason {
            Reason::Refused => {
                error.with_hint(format!("Is the server running? Its address is that of {}.", self.origin))
            }
            _ => error,
        }
    }

    fn product(&self) -> &'static str {
        match (&self.kind, self.tls) {
            (Kind::Tcp, _) => "TCP",
            (Kind::Redis, _) => "Redis",
            (Kind::Http { .. }, false) => "HTTP",
            (Kind::Http { .. }, true) => "HTTPS",
            (Kind::Amqp { .. }, _) => "AMQP",
            (Kind::File(_), _) => "File",
        }
    }
}

/// Shows no secrets. The path or the query of an HTTP URL may contain a token.
impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at ", self.product())?;
        if let Kind::File(path) = &self.kind {
            return f.write_str(&printable(path));
        }
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port)?,
            false => write!(f, "{}:{}", self.host, self.port)?,
        }
        if let Some(database) = &self.database {
            write!(f, "/{database}")?;
        }
        match self.shown_user() {
            Some(user) => write!(f, " as {user}"),
            None => Ok(()),
        }
    }
}
