//! Parses the URLs of `--for`. An error repeats nothing of the URL except its scheme.

use std::fmt;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use super::Expected;
use super::services::{Kind, ON_THE_LINE, Service};
use crate::settings::Secret;

/// Why a service's URL cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServiceUrlError {
    /// The scheme is unknown. The text is `None` if it could contain something that must not be shown.
    Scheme(Option<String>),
    /// It is a database URL; databases belong in the settings.
    Database,
    /// The scheme needs TLS, but this program was built without it.
    NoTls(&'static str),
    /// The user or the password contains an unencoded `/`, `?`, `#` or `@`, or the path contains an `@`.
    PercentEncode,
    /// The host is missing or invalid.
    Host,
    /// The port is missing, or is not a number from 1 to 65535.
    Port,
    /// The named part is not UTF-8 after decoding, or contains a control character.
    NotText(&'static str),
    /// The named part is not used by this scheme.
    Unknown(&'static str),
    /// The path of a file is missing or is not absolute.
    Path,
    /// The path or the query of an HTTP URL contains a character that is not allowed in a request.
    HttpPath,
}

impl fmt::Display for ServiceUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const KNOWN: &str = "known are redis, rediss, tcp, http, https, amqp, amqps, file";
        match self {
            Self::Scheme(Some(scheme)) => write!(f, "The scheme `{scheme}` is not known; {KNOWN}"),
            Self::Scheme(None) => write!(f, "A URL begins with a scheme, as in tcp://host:port; {KNOWN}"),
            Self::Database => f.write_str(
                "Name a database by its alias, `--database ALIAS`; its URL belongs in the settings (DATABASE_URL, \
                 DATABASE_URL_<ALIAS>)",
            ),
            Self::NoTls(scheme) => {
                write!(f, "`{scheme}` needs TLS, which comes with the feature `postgres` or `mysql` of diesel-manage")
            }
            Self::PercentEncode => f.write_str(
                "A `/`, `?`, `#` or `@` of the user, the password or the path must be percent-encoded (%2F, %3F, %23, %40)",
            ),
            Self::Host => f.write_str("The host is missing or invalid; write an IPv6 address in brackets, as in [::1]:6379"),
            Self::Port => f.write_str("The port is missing, or is not a number from 1 to 65535"),
            Self::NotText(part) => write!(f, "The {part} is not UTF-8 after percent-decoding, or holds a control character"),
            Self::Unknown(part) => write!(f, "A URL of this kind has no {part}"),
            Self::Path => f.write_str("A file's path is absolute, as in file:///run/app/ready"),
            Self::HttpPath => f.write_str(
                "A space, a control character or a letter beyond ASCII in the path must be percent-encoded (%20)",
            ),
        }
    }
}

impl std::error::Error for ServiceUrlError {}

impl Service {
    /// Parses a service's URL.
    pub(super) fn parse(url: &str, expected: &Expected) -> Result<Self, ServiceUrlError> {
        use ServiceUrlError as Error;
        let url = url.trim();
        let (scheme, rest) = url.split_once("://").ok_or(Error::Scheme(None))?;
        let lower = scheme.to_ascii_lowercase();
        let (kind, port) = match lower.as_str() {
            "tcp" => (Kind::Tcp, None),
            "redis" | "rediss" => (Kind::Redis, Some(6379)),
            "http" => (Kind::Http { expected: expected.clone(), path: Secret::default() }, Some(80)),
            "https" => (Kind::Http { expected: expected.clone(), path: Secret::default() }, Some(443)),
            "amqp" => (Kind::Amqp { vhost: None }, Some(5672)),
            "amqps" => (Kind::Amqp { vhost: None }, Some(5671)),
            "file" => return file(rest),
            "postgres" | "postgresql" | "mysql" | "mariadb" | "sqlite" => return Err(Error::Database),
            _ => return Err(Error::Scheme(harmless_scheme(scheme, rest))),
        };
        let tls = match lower.as_str() {
            "rediss" => Some("rediss"),
            "https" => Some("https"),
            "amqps" => Some("amqps"),
            _ => None,
        };
        if let (Some(scheme), false) = (tls, cfg!(feature = "_network")) {
            return Err(Error::NoTls(scheme));
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        // An `@` after the authority means that an unencoded `/`, `?` or `#` split a password. The part
        // before it would be parsed as a host.
        if tail.contains('@') {
            return Err(Error::PercentEncode);
        }
        let (login, address) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let (user, password) = (decode(user, "user")?, decode(password, "password")?);
        let (host, port) = host_and_port(address, port)?;
        let mut service = Self {
            kind,
            host,
            port,
            user: Some(user).filter(|user| !user.is_empty()),
            password: Some(password).filter(|password| !password.is_empty()).map(Secret::new),
            tls: tls.is_some(),
            database: None,
            origin: ON_THE_LINE.to_owned(),
        };
        service.read_tail(tail)?;
        Ok(service)
    }

    fn read_tail(&mut self, tail: &str) -> Result<(), ServiceUrlError> {
        let path = tail.strip_prefix('/').unwrap_or(tail);
        let logs_in = self.user.is_some() || self.password.is_some();
        match &mut self.kind {
            Kind::Http { path, .. } => {
                if tail.bytes().any(|byte| byte.is_ascii_control() || byte == b' ' || !byte.is_ascii()) {
                    return Err(ServiceUrlError::HttpPath);
                }
                let shown = tail.split('#').next().unwrap_or_default();
                *path =
                    Secret::new(if shown.starts_with('/') { shown.to_owned() } else { format!("/{shown}") });
            }
            Kind::Redis => {
                if path.contains(['?', '#']) {
                    return Err(ServiceUrlError::Unknown("parameters"));
                }
                if !path.is_empty() {
                    // Redis has numbered databases.
                    let number =
                        number(path).ok_or(ServiceUrlError::Unknown("path but a database's number"))?;
                    self.database = Some(number.to_string());
                }
            }
            Kind::Amqp { vhost } => {
                if path.contains(['?', '#', '/']) {
                    return Err(ServiceUrlError::PercentEncode);
                }
                if !path.is_empty() {
                    let name = decode(path, "vhost")?;
                    // Its length must fit into one byte.
                    if name.len() > 255 {
                        return Err(ServiceUrlError::Unknown("vhost of more than 255 bytes"));
                    }
                    self.database = Some(name.clone());
                    *vhost = Some(name);
                }
            }
            Kind::Tcp => {
                if logs_in {
                    return Err(ServiceUrlError::Unknown("user"));
                }
                if !path.is_empty() {
                    return Err(ServiceUrlError::Unknown("path"));
                }
            }
            Kind::File(_) => {}
        }
        Ok(())
    }
}

fn file(rest: &str) -> Result<Service, ServiceUrlError> {
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    let path = if cfg!(windows) { path.trim_start_matches('/') } else { path };
    let path = PathBuf::from(decode(path, "path")?);
    if !path.is_absolute() {
        return Err(ServiceUrlError::Path);
    }
    Ok(Service {
        kind: Kind::File(path),
        host: String::new(),
        port: 0,
        user: None,
        password: None,
        tls: false,
        database: None,
        origin: ON_THE_LINE.to_owned(),
    })
}

fn host_and_port(address: &str, default: Option<u16>) -> Result<(String, u16), ServiceUrlError> {
    let (host, behind) = match address.strip_prefix('[') {
        // Only IPv6 addresses have brackets.
        Some(rest) => {
            rest.split_once(']').filter(|(host, _)| host.contains(':')).ok_or(ServiceUrlError::Host)?
        }
        None => address.split_at(address.find(':').unwrap_or(address.len())),
    };
    let port = match behind.strip_prefix(':') {
        // A second colon: an IPv6 address without brackets, or a login without its `@`.
        Some(port) if port.contains(':') => return Err(ServiceUrlError::Host),
        Some("") => default,
        Some(port) => Some(number(port).filter(|port| *port > 0).ok_or(ServiceUrlError::Port)?),
        None if behind.is_empty() => default,
        None => return Err(ServiceUrlError::Host),
    };
    let host = decode(host, "host")?;
    let odd = |c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '%'));
    if host.is_empty() || host.contains(odd) {
        return Err(ServiceUrlError::Host);
    }
    Ok((host, port.ok_or(ServiceUrlError::Port)?))
}

/// Parses a number that consists only of digits: Rust would also accept `+1`.
fn number(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn decode(text: &str, part: &'static str) -> Result<String, ServiceUrlError> {
    match percent_decode_str(text).decode_utf8() {
        Ok(decoded) if !decoded.contains(char::is_control) => Ok(decoded.into_owned()),
        _ => Err(ServiceUrlError::NotText(part)),
    }
}

/// Returns the scheme if it has the form of one, and no login follows. Otherwise it may be the first half of
/// a password.
fn harmless_scheme(text: &str, rest: &str) -> Option<String> {
    let is_scheme = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase());
    (is_scheme && !rest.contains('@')).then(|| text.to_owned())
}

#[cfg(all(test, unix))]
#[path = "service_url_fuzz.rs"]
mod fuzz;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Service, ServiceUrlError> {
        Service::parse(url, &Expected::default())
    }

    #[test]
    fn all_kinds_are_read() {
        for (url, shown) in [
            ("redis://redis", "Redis at redis:6379"),
            ("redis://app:s3cret@redis:7000/2", "Redis at redis:7000/2 as app"),
            ("redis://:s3cret@[::1]", "Redis at [::1]:6379"),
            ("tcp://mail:25", "TCP at mail:25"),
            ("http://web", "HTTP at web:80"),
            ("HTTP://web:8000/health?token=s3cret", "HTTP at web:8000"),
            ("amqp://app:s3cret@mq/%2Fshop", "AMQP at mq:5672//shop as app"),
            ("file:///run/ready%20now", "File at /run/ready now"),
        ] {
            let service = parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
            assert_eq!(service.to_string(), shown, "{url}");
            assert!(!format!("{service:?}").contains("s3cret"), "{service:?}");
        }
        assert_eq!(parse("redis://u:p%40s%3As@h").unwrap().password.unwrap().expose(), "p@s:s");
        assert_eq!(parse("redis://u:p@s:s@h").unwrap().password.unwrap().expose(), "p@s:s");
    }

    #[test]
    fn what_is_wrong_is_named() {
        use ServiceUrlError as Error;
        for (url, error) in [
            ("redis", Error::Scheme(None)),
            ("gopher://x", Error::Scheme(Some("gopher".to_owned()))),
            ("hunter://2@x", Error::Scheme(None)),
            ("tcp://host:+80", Error::Port),
            ("redis://[redis]:6379", Error::Host),
            ("redis://redis/+1", Error::Unknown("path but a database's number")),
            ("http://web/a b", Error::HttpPath),
            ("s3cret/p://x", Error::Scheme(None)),
            ("postgres://a:b@c/d", Error::Database),
            ("tcp://host", Error::Port),
            ("tcp://host:0", Error::Port),
            ("tcp://:80", Error::Host),
            ("tcp://::1:80", Error::Host),
            ("tcp://u@host:80", Error::Unknown("user")),
            ("redis://u:p/w@host", Error::PercentEncode),
            ("redis://h/%zz", Error::Unknown("path but a database's number")),
            ("file://relative", Error::Path),
        ] {
            assert_eq!(parse(url).expect_err(url), error, "{url}");
        }
    }

    /// Passwords with special characters, raw and encoded: whatever the result, no part of the URL's password
    /// is shown.
    #[test]
    fn no_password_is_shown() {
        let mut seed = 1_u32;
        let mut random = |below: usize| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) as usize % below
        };
        let odd: Vec<char> = ":@/?#%[]&= '\"\\é".chars().collect();
        for _ in 0..20_000 {
            let mut password = String::from("Zq7");
            for _ in 0..random(6) {
                password.push(odd[random(odd.len())]);
                password.push_str("Zq7");
            }
            let scheme = ["redis", "rediss", "http", "https", "amqp", "tcp", "file", "gopher"][random(8)];
            let written = if random(2) == 0 {
                password.clone()
            } else {
                percent_encoding::utf8_percent_encode(&password, percent_encoding::NON_ALPHANUMERIC)
                    .to_string()
            };
            if scheme == "file" {
                continue;
            }
            let url = format!("{scheme}://app:{written}@host:80/0?password={written}");
            let shown = match parse(&url) {
                Ok(service) => format!("{service} {service:?}"),
                Err(error) => format!("{error} {error:?}"),
            };
            assert!(!shown.contains("Zq7"), "{url}: {shown}");
        }
    }
}
