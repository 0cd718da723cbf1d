//! Services that are no databases of the settings, each asked in its own protocol over plain sockets.

mod amqp;
mod file;
mod http;
mod redis;
mod resolve;
mod stream;

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

pub(super) use resolve::resolve;
pub(super) use stream::connect;

use super::{Expected, Reached};
use crate::database::{ConnectError, Reason};
use crate::settings::Secret;
use stream::Stream;

/// A service and how to reach it.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) kind: Kind,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: Option<String>,
    pub(super) password: Option<Secret>,
    pub(super) tls: bool,
    /// Redis's database or RabbitMQ's virtual host, to be shown.
    pub(super) database: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Tcp,
    Redis,
    /// The path and the query: a query may hold a token.
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
    /// Whether a look at it is a connection that says nothing.
    pub(super) fn is_mute(&self) -> bool {
        matches!(self.kind, Kind::Tcp)
    }
}

/// Why a service is not ready: the reason, its code in the service's protocol, and what to add in words.
struct Trouble(Reason, Option<String>, &'static str);

impl Trouble {
    fn odd() -> Self {
        Self(Reason::WrongService, None, "it speaks another protocol")
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        let error = ConnectError::of_service_io("", &error);
        let words = if error.reason == Reason::Other { "the answer could not be read" } else { "" };
        Self(error.reason, error.code, words)
    }
}

impl Service {
    pub(super) fn tcp(&self) -> Option<(&str, u16)> {
        (!matches!(self.kind, Kind::File(_))).then_some((&self.host, self.port))
    }

    /// Whom it is logged in as, where that may be shown: what stands alone before an `@` is often a token.
    pub(super) fn shown_user(&self) -> Option<&str> {
        self.user.as_deref().filter(|_| self.password.is_some())
    }

    /// The user and the password, if either is given.
    fn login(&self) -> Option<(&str, &str)> {
        let password = self.password.as_ref().map(Secret::expose);
        let given = self.user.is_some() || password.is_some();
        given.then(|| (self.user.as_deref().unwrap_or_default(), password.unwrap_or_default()))
    }

    /// The scheme of its URL with TLS, and without.
    pub(super) fn schemes(&self) -> Option<(&'static str, &'static str)> {
        match self.kind {
            Kind::Redis => Some(("rediss", "redis")),
            Kind::Http { .. } => Some(("https", "http")),
            Kind::Amqp { .. } => Some(("amqps", "amqp")),
            Kind::Tcp | Kind::File(_) => None,
        }
    }

    /// Asks once.
    pub(super) fn attempt(&self, limit: Duration) -> Result<Reached, ConnectError> {
        let until = crate::database::deadline(limit);
        let name = self.to_string();
        if let Kind::File(path) = &self.kind {
            return file::attempt(&name, path).map(|()| Reached { what: name, version: None });
        }
        let mut stream = Stream::open(&name, &self.host, self.port, self.tls, until)?;
        let answer = match &self.kind {
            Kind::Tcp | Kind::File(_) => Ok(None),
            Kind::Redis => redis::ask(&mut stream, self),
            Kind::Http { expected, path } => http::ask(&mut stream, self, path.expose(), expected),
            Kind::Amqp { vhost } => amqp::ask(&mut stream, self, vhost.as_deref()),
        };
        match answer {
            Ok(version) => {
                let place = name.split_once(" at ").map_or(name.as_str(), |(_, place)| place);
                let product = version.as_deref().unwrap_or_else(|| self.product());
                Ok(Reached { what: format!("{product} at {place}"), version })
            }
            Err(Trouble(reason, code, words)) => {
                let late = Instant::now() >= until && !matches!(reason, Reason::Credentials | Reason::Tls);
                let (reason, code) = if late { (Reason::TimedOut, None) } else { (reason, code) };
                let words = if late { "it accepts connections and does not answer" } else { words };
                let error = ConnectError::of_service(&name, reason, words).with_code(code);
                Err(match reason {
                    Reason::Credentials => {
                        error.with_hint("The user and the password come from the URL behind `--for`.")
                    }
                    _ => error,
                })
            }
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

/// By allowed parts only. A path or a query of an HTTP URL may hold a token.
impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at ", self.product())?;
        if let Kind::File(path) = &self.kind {
            return write!(f, "{}", path.display());
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
