//! The parameters of a database URL, after its `?`.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::error::harmless_name;
use super::known::Kind;
use super::{Backend, HandedOn, SslMode, TlsVersion, UrlProblem, decode, known};
use crate::suggest::closest;

/// The names of the five modes in MySQL's own clients, in the order of [`SslMode::NAMES`].
pub(super) const MYSQL_MODES: [&str; 5] =
    ["DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"];

/// The parsed parameters, not yet applied.
#[derive(Default)]
pub(in crate::settings) struct Parameters {
    /// The names that were given, in libpq's spelling.
    pub(in crate::settings) given: BTreeSet<&'static str>,
    pub(super) mode: Option<SslMode>,
    pub(super) system_roots: bool,
    pub(super) root_cert: Option<PathBuf>,
    pub(super) client_cert: Option<PathBuf>,
    pub(super) client_key: Option<PathBuf>,
    pub(super) min_version: Option<TlsVersion>,
    pub(super) max_version: Option<TlsVersion>,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) hosts: Option<String>,
    pub(super) ports: Option<String>,
    pub(super) socket: Option<PathBuf>,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) database: Option<String>,
    /// The password file, and the service that provides the other parameters: both are read later.
    pub(in crate::settings) passfile: Option<PathBuf>,
    pub(in crate::settings) service: Option<String>,
    pub(super) handed_on: HandedOn,
}

impl Parameters {
    /// Parses the parameters after a path.
    pub(super) fn read(backend: Backend, path: &str, query: &str) -> Result<Self, UrlProblem> {
        let mut read = Self::default();
        // A raw `?` in a password ends the host, and the path follows it.
        let mut behind_password = path.is_empty() && query.contains('/');
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name, "name of a parameter")?;
            let Some((known, _)) = known::find(backend, &name) else {
                // A raw `&` splits a password, and its second half resembles a parameter.
                return Err(unknown(backend, harmless_name(&name).filter(|_| !behind_password)));
            };
            behind_password |= known == "password";
            read.set(backend, &name, decode(value, known)?)?;
        }
        Ok(read)
    }

    /// Sets a parameter. Its name need not be known.
    pub(in crate::settings) fn set(
        &mut self,
        backend: Backend,
        name: &str,
        value: String,
    ) -> Result<(), UrlProblem> {
        match known::find(backend, name) {
            None => Err(unknown(backend, harmless_name(name))),
            Some((name, Kind::Refused(instead))) => Err(UrlProblem::Unsupported(name, instead)),
            Some((_, Kind::Anyway(values, _))) if values.contains(&value.as_str()) => Ok(()),
            Some((name, Kind::Anyway(_, takes))) => Err(UrlProblem::Value(name, takes.to_owned())),
            Some((name, Kind::Read(meaning))) => {
                self.given.insert(meaning);
                self.set_known(backend, name, meaning, value)
            }
        }
    }

    fn set_known(
        &mut self,
        backend: Backend,
        name: &'static str,
        meaning: &'static str,
        value: String,
    ) -> Result<(), UrlProblem> {
        let takes = |what: &str| UrlProblem::Value(name, what.to_owned());
        match meaning {
            "sslmode" if backend == Backend::Mysql => self.mode = Some(mysql_mode(name, &value)?),
            "sslmode" => {
                self.mode = Some(SslMode::parse(&value).ok_or_else(|| UrlProblem::ssl_mode(name, &value))?);
            }
            "useSSL" if value == "false" => self.mode = Some(SslMode::Disable),
            "useSSL" => {
                let what = "false; for `true`, which has had three meanings, write ssl-mode=PREFERRED, REQUIRED or VERIFY_IDENTITY";
                return Err(takes(what));
            }
            "sslrootcert" if value == "system" => {
                self.system_roots = true;
                // It also sets a mode, which a source with a lower precedence must not change.
                self.given.insert("sslmode");
            }
            "sslrootcert" => self.root_cert = path(value),
            "sslcert" => self.client_cert = path(value),
            "sslkey" => self.client_key = path(value),
            "ssl_min_protocol_version" => self.min_version = tls_version(name, &value, TlsVersion::V1_2)?,
            "ssl_max_protocol_version" => {
                self.max_version = tls_version(name, &value, TlsVersion::V1_3)?;
                if self.max_version == Some(TlsVersion::V1_2) && matches!(value.as_str(), "TLSv1" | "TLSv1.1")
                {
                    return Err(takes("TLSv1.2 or TLSv1.3: the older ones are not safe and not spoken here"));
                }
            }
            "connect_timeout" => {
                // As in libpq, zero and negative values mean no limit.
                let seconds: i32 =
                    value.trim().parse().map_err(|_| takes("a number of seconds; 0 is no limit"))?;
                let seconds = u64::try_from(seconds).unwrap_or(0);
                self.connect_timeout =
                    Some(if seconds == 0 { Duration::MAX } else { Duration::from_secs(seconds) });
            }
            "connectTimeout" => {
                let milliseconds =
                    value.trim().parse::<u32>().ok().filter(|limit| *limit == 0 || *limit >= 100);
                let milliseconds = milliseconds.ok_or_else(|| {
                    takes("a number of milliseconds, 0 for no limit or 100 and more; connect_timeout takes seconds")
                })?;
                let limit = Duration::from_millis(milliseconds.into());
                self.connect_timeout = Some(if limit.is_zero() { Duration::MAX } else { limit });
            }
            "host" => self.hosts = some(value),
            "port" => self.ports = some(value),
            "socket" => self.socket = path(value),
            "user" => self.user = some(value),
            "password" => self.password = some(value),
            "dbname" => self.database = some(value),
            "passfile" => self.passfile = path(value),
            "get-server-public-key" if known::OFF.contains(&value.as_str()) => {
                self.handed_on.remove(meaning);
            }
            "get-server-public-key" if !known::ON.contains(&value.as_str()) => {
                return Err(takes("true or false"));
            }
            "server-public-key-path" if value.is_empty() => {}
            "service" => self.service = some(value),
            _ => {
                if let Some(what) = unfit(meaning, &value) {
                    return Err(takes(what));
                }
                self.handed_on.insert(meaning.to_owned(), value);
            }
        }
        Ok(())
    }
}

/// Returns the values that a PostgreSQL parameter accepts, if this value is not one of them.
fn unfit(meaning: &str, value: &str) -> Option<&'static str> {
    let one_of = |values: &[&str]| values.contains(&value);
    // The maximum that the operating system accepts.
    let is_number = |greatest: u32| value.parse::<u32>().is_ok_and(|number| number <= greatest);
    let (fits, takes) = match meaning {
        "channel_binding" => (one_of(&["disable", "prefer", "require"]), "one of disable, prefer, require"),
        "target_session_attrs" => (
            one_of(&["any", "read-write", "read-only", "primary", "standby", "prefer-standby"]),
            "one of any, read-write, read-only, primary, standby, prefer-standby",
        ),
        "load_balance_hosts" => (one_of(&["disable", "random"]), "disable or random"),
        "keepalives" => (is_number(u32::MAX), "1 or 0"),
        "keepalives_idle" | "keepalives_interval" => {
            (is_number(32_767), "a number of seconds up to 32767, 0 for the system's own")
        }
        "keepalives_count" => (is_number(127), "a number up to 127, 0 for the system's own"),
        "tcp_user_timeout" => {
            (is_number(i32::MAX as u32), "a number of milliseconds, 0 for the system's own")
        }
        "hostaddr" => (
            value.split(',').all(|ip| ip.is_empty() || ip.parse::<IpAddr>().is_ok()),
            "an IP address, or one for each host; a name goes into the host's place",
        ),
        _ => (true, ""),
    };
    (!fits).then_some(takes)
}

/// Parses a TLS version. The oldest ones are not supported, so as a lower limit they have no effect.
fn tls_version(name: &'static str, value: &str, none: TlsVersion) -> Result<Option<TlsVersion>, UrlProblem> {
    match value {
        "" => Ok(None),
        "TLSv1" | "TLSv1.1" | "TLSv1.2" => Ok(Some(TlsVersion::V1_2).filter(|version| *version != none)),
        "TLSv1.3" => Ok(Some(TlsVersion::V1_3).filter(|version| *version != none)),
        _ => Err(UrlProblem::Value(name, "TLSv1.2 or TLSv1.3".to_owned())),
    }
}

/// Parses the mode, by the names of MySQL's clients, of Connector/J and of libpq.
fn mysql_mode(name: &'static str, value: &str) -> Result<SslMode, UrlProblem> {
    let word = value.replace('-', "_");
    match MYSQL_MODES.iter().position(|mode| mode.eq_ignore_ascii_case(&word)) {
        Some(index) => SslMode::parse(SslMode::NAMES[index]),
        None => SslMode::parse(value),
    }
    .ok_or_else(|| UrlProblem::Value(name, format!("one of {}", MYSQL_MODES.join(", "))))
}

fn unknown(backend: Backend, name: Option<String>) -> UrlProblem {
    let meant = name.as_ref().and_then(|name| closest(name, known::supported(backend)));
    UrlProblem::UnknownParameter(name, meant, known::names(backend))
}

fn some(value: String) -> Option<String> {
    Some(value).filter(|value| !value.is_empty())
}

fn path(value: String) -> Option<PathBuf> {
    some(value).map(PathBuf::from)
}
