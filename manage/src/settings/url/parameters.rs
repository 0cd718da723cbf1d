//! The part of a database URL behind its `?`.

use std::path::PathBuf;
use std::time::Duration;

use super::error::harmless_name;
use super::{Backend, HandedOn, SslMode, UrlProblem, decode};

const POSTGRES: &[&str] = &[
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "connect_timeout",
    "host",
    "port",
    "user",
    "password",
    "dbname",
    "application_name",
    "options",
    "channel_binding",
];

const MYSQL: &[&str] = &[
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "ssl-mode",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "connect_timeout",
    "host",
    "port",
    "socket",
    "user",
    "password",
    "dbname",
];

/// What MySQL's own clients call the five modes, in the order of [`SslMode::NAMES`].
pub(super) const MYSQL_MODES: [&str; 5] =
    ["DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"];

/// The parameters, read but not yet put together.
#[derive(Default)]
pub(super) struct Parameters {
    pub(super) mode: Option<SslMode>,
    pub(super) system_roots: bool,
    pub(super) root_cert: Option<PathBuf>,
    pub(super) client_cert: Option<PathBuf>,
    pub(super) client_key: Option<PathBuf>,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) hosts: Option<String>,
    pub(super) ports: Option<String>,
    pub(super) socket: Option<PathBuf>,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) database: Option<String>,
    pub(super) handed_on: HandedOn,
}

impl Parameters {
    pub(super) fn read(backend: Backend, query: &str) -> Result<Self, UrlProblem> {
        let known = if backend == Backend::Postgres { POSTGRES } else { MYSQL };
        let mut read = Self::default();
        let mut behind_password = false;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name, "name of a parameter")?;
            // Diesel's own MySQL URLs have these names with underscores.
            let spelling = match name.as_str() {
                "unix_socket" => "socket".to_owned(),
                other if other.starts_with("ssl_") => other.replace('_', "-"),
                other => other.to_owned(),
            };
            let Some(name) = known.iter().find(|known| **known == spelling) else {
                // A raw `&` cuts a password in two, and its second half looks like a parameter.
                let shown = harmless_name(&name).filter(|_| !behind_password);
                return Err(UrlProblem::UnknownParameter(shown, known));
            };
            behind_password |= *name == "password";
            read.set(name, decode(value, name)?)?;
        }
        Ok(read)
    }

    fn set(&mut self, name: &'static str, value: String) -> Result<(), UrlProblem> {
        match name {
            "sslmode" => {
                self.mode = Some(SslMode::parse(&value).ok_or_else(|| UrlProblem::ssl_mode(name))?);
            }
            "ssl-mode" => self.mode = Some(mysql_mode(&value)?),
            "sslrootcert" | "ssl-ca" if value == "system" => self.system_roots = true,
            "sslrootcert" | "ssl-ca" => self.root_cert = path(value),
            "sslcert" | "ssl-cert" => self.client_cert = path(value),
            "sslkey" | "ssl-key" => self.client_key = path(value),
            "connect_timeout" => {
                let seconds = value.parse().ok().filter(|seconds| (1..=86_400).contains(seconds));
                let takes = || UrlProblem::Value(name, "a number of seconds from 1 to 86400".to_owned());
                self.connect_timeout = Some(Duration::from_secs(seconds.ok_or_else(takes)?));
            }
            "host" => self.hosts = some(value),
            "port" => self.ports = some(value),
            "socket" => self.socket = path(value),
            "user" => self.user = some(value),
            "password" => self.password = some(value),
            "dbname" => self.database = some(value),
            "channel_binding" if !["disable", "prefer", "require"].contains(&value.as_str()) => {
                return Err(UrlProblem::Value(name, "one of disable, prefer, require".to_owned()));
            }
            _ => {
                self.handed_on.insert(name.to_owned(), value);
            }
        }
        Ok(())
    }
}

fn mysql_mode(value: &str) -> Result<SslMode, UrlProblem> {
    match MYSQL_MODES.iter().position(|mode| mode.eq_ignore_ascii_case(value)) {
        Some(index) => SslMode::parse(SslMode::NAMES[index]),
        None => None,
    }
    .ok_or_else(|| UrlProblem::Value("ssl-mode", format!("one of {}", MYSQL_MODES.join(", "))))
}

fn some(value: String) -> Option<String> {
    Some(value).filter(|value| !value.is_empty())
}

fn path(value: String) -> Option<PathBuf> {
    some(value).map(PathBuf::from)
}
