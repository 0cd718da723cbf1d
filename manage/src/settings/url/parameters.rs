//! The part of a database URL behind its `?`.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::error::harmless_name;
use super::known::{self, Kind};
use super::{Backend, HandedOn, SslMode, TlsVersion, UrlProblem, decode};
use crate::suggest::closest;

/// What MySQL's own clients call the five modes, in the order of [`SslMode::NAMES`].
pub(super) const MYSQL_MODES: [&str; 5] =
    ["DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"];

/// The parameters, read but not yet put together.
#[derive(Default)]
pub(in super::super) struct Parameters {
    /// The names that were given, in libpq's spelling.
    pub(in super::super) given: BTreeSet<&'static str>,
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
    /// Where passwords are looked up, and the service that the rest comes from: both are files, read later.
    pub(in super::super) passfile: Option<PathBuf>,
    pub(in super::super) service: Option<String>,
    pub(super) handed_on: HandedOn,
}

impl Parameters {
    pub(super) fn read(backend: Backend, query: &str) -> Result<Self, UrlProblem> {
        let mut read = Self::default();
        let mut behind_password = false;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name, "name of a parameter")?;
            let Some((known, _)) = known::find(backend, &name) else {
                // A raw `&` cuts a password in two, and its second half looks like a parameter.
                return Err(unknown(backend, harmless_name(&name).filter(|_| !behind_password)));
            };
            behind_password |= known == "password";
            read.set(backend, &name, decode(value, known)?)?;
        }
        Ok(read)
    }

    /// Sets a parameter, whose name may be any.
    pub(in super::super) fn set(
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
                self.mode = Some(SslMode::parse(&value).ok_or_else(|| UrlProblem::ssl_mode(name))?);
            }
            "useSSL" if value == "false" => self.mode = Some(SslMode::Disable),
            "useSSL" => {
                let what = "false; for `true`, which has had three meanings, write ssl-mode=PREFERRED, REQUIRED or VERIFY_IDENTITY";
                return Err(takes(what));
            }
            "sslrootcert" if value == "system" => {
                self.system_roots = true;
                // It asks for a mode, too, which nothing weaker may change.
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
                // As in libpq, nothing and less are no limit.
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

/// The values that one of PostgreSQL's other parameters takes, if this value is not among them.
fn unfit(meaning: &str, value: &str) -> Option<&'static str> {
    let one_of = |values: &[&str]| values.contains(&value);
    // The greatest that the operating system takes.
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

/// A version of TLS. The oldest ones are below what is spoken here, so that as a lower limit they are none.
fn tls_version(name: &'static str, value: &str, none: TlsVersion) -> Result<Option<TlsVersion>, UrlProblem> {
    match value {
        "" => Ok(None),
        "TLSv1" | "TLSv1.1" | "TLSv1.2" => Ok(Some(TlsVersion::V1_2).filter(|version| *version != none)),
        "TLSv1.3" => Ok(Some(TlsVersion::V1_3).filter(|version| *version != none)),
        _ => Err(UrlProblem::Value(name, "TLSv1.2 or TLSv1.3".to_owned())),
    }
}

/// The mode in the words of MySQL's clients, of Connector/J and of libpq.
fn mysql_mode(name: &'static str, value: &str) -> Result<SslMode, UrlProblem> {
    let word = value.replace('-', "_");
    match MYSQL_MODES.iter().position(|mode| mode.eq_ignore_ascii_case(&word)) {
        Some(index) => SslMode::parse(SslMode::NAMES[index]),
        None => SslMode::parse(value),
    }
    .ok_or_else(|| UrlProblem::Value(name, format!("one of {}", MYSQL_MODES.join(", "))))
}

fn unknown(backend: Backend, name: Option<String>) -> UrlProblem {
    let meant = name.as_ref().and_then(|name| closest(name, known::accepted(backend)));
    UrlProblem::UnknownParameter(name, meant, known::names(backend))
}

fn some(value: String) -> Option<String> {
    Some(value).filter(|value| !value.is_empty())
}

fn path(value: String) -> Option<PathBuf> {
    some(value).map(PathBuf::from)
}
