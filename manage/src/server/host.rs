//! The hosts that requests may name.
//!
//! A page on the internet can make its own host name resolve to this machine and then read a development
//! server's responses (DNS rebinding). It cannot change the name that the browser sends, so the server
//! rejects unknown names.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use hyper::header::HOST;
use hyper::http::uri::Authority;
use hyper::{Request, Version};

use super::ListenAddress;
use crate::console::echo;

/// The maximum length of a DNS name.
const LONGEST: usize = 253;

/// The hosts that requests may name.
///
/// `localhost`, its subdomains and the loopback addresses are always allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AllowedHosts {
    patterns: Vec<String>,
    everything: bool,
    /// Whether IP addresses are allowed, which cannot be rebound.
    addresses: bool,
    listening: Option<String>,
}

impl AllowedHosts {
    /// Allows only these hosts, or every host if the list is empty: `example.org`, `.example.org` for it and
    /// all its subdomains, or `*` for every host.
    pub(crate) fn in_production(patterns: &[String]) -> Result<Self, HostPatternError> {
        let patterns = Self::read(patterns)?;
        let everything = patterns.is_empty() || patterns.iter().any(|pattern| pattern == "*");
        Ok(Self { patterns, everything, addresses: false, listening: None })
    }

    /// Allows these hosts, in the same form, and also IP addresses and the name of the address that the
    /// server listens on.
    pub(crate) fn in_development(
        patterns: &[String],
        listening: &ListenAddress,
    ) -> Result<Self, HostPatternError> {
        let patterns = Self::read(patterns)?;
        let everything = patterns.iter().any(|pattern| pattern == "*");
        let listening = Some(listening.host.to_ascii_lowercase());
        Ok(Self { patterns, everything, addresses: true, listening })
    }

    /// Returns the hosts without `*`, and without that of an empty list.
    #[cfg(debug_assertions)]
    pub(super) fn without_wildcard(self) -> Self {
        Self { everything: false, ..self }
    }

    fn read(settings: &[String]) -> Result<Vec<String>, HostPatternError> {
        let mut patterns = Vec::new();
        for (index, text) in settings.iter().enumerate() {
            let pattern = text.trim().to_ascii_lowercase();
            let name = pattern.strip_prefix('.').unwrap_or(&pattern);
            if pattern != "*" && Host::parse(name).is_none_or(|host| host.name != name) {
                return Err(HostPatternError { number: index + 1, text: text.trim().to_owned() });
            }
            patterns.push(pattern);
        }
        Ok(patterns)
    }

    /// Checks the host that a request names, and the one that a trusted proxy says the client has named.
    pub(super) fn check<B>(&self, request: &Request<B>, forwarded: Option<&str>) -> Result<(), HostError> {
        if let Some(host) = forwarded {
            self.check_allowed(Host::parse(host).ok_or(HostError::Malformed)?)?;
        }
        let mut headers = request.headers().get_all(HOST).iter();
        let header = headers.next();
        if headers.next().is_some() {
            return Err(HostError::Several);
        }
        let header = match header {
            Some(value) => {
                let text = value.to_str().map_err(|_| HostError::Malformed)?;
                Some(Host::parse(text).ok_or(HostError::Malformed)?)
            }
            None => None,
        };
        let target = match request.uri().authority() {
            Some(authority) => Some(Host::of(authority).ok_or(HostError::Malformed)?),
            None => None,
        };
        let host = match (header, target) {
            (Some(header), Some(target)) if !header.is_same(&target) => return Err(HostError::Contradiction),
            (Some(header), _) => header,
            // HTTP/2 names the host in the target.
            (None, Some(target)) if request.version() == Version::HTTP_2 => target,
            // Some health checks send HTTP/1.0, which does not require this header.
            (None, target) if request.version() < Version::HTTP_11 => match target {
                Some(target) => target,
                None => return Ok(()),
            },
            (None, _) => return Err(HostError::Missing),
        };
        self.check_allowed(host)
    }

    fn check_allowed(&self, host: Host<'_>) -> Result<(), HostError> {
        if self.allows(&host) {
            return Ok(());
        }
        let name = host.name.to_ascii_lowercase();
        let setting = self.patterns.iter().chain([&name]).cloned().collect();
        Err(HostError::Foreign { name, setting, is_development: self.addresses })
    }

    fn allows(&self, host: &Host<'_>) -> bool {
        if self.everything || host.is_loopback() || (self.addresses && host.address.is_some()) {
            return true;
        }
        let name = host.name.trim_end_matches('.');
        self.listening.as_ref().is_some_and(|listening| name.eq_ignore_ascii_case(listening))
            || self.patterns.iter().any(|pattern| match pattern.strip_prefix('.') {
                Some(parent) => name.eq_ignore_ascii_case(parent) || is_below(name, pattern),
                None => name.eq_ignore_ascii_case(pattern),
            })
    }
}

/// A host and its port, as in a `Host` header. It borrows the name, since each request is checked.
#[derive(Clone, Copy, Debug)]
struct Host<'a> {
    /// In any case; IPv6 with its brackets.
    name: &'a str,
    address: Option<IpAddr>,
    port: u16,
}

impl<'a> Host<'a> {
    /// Parses a host; `None` for anything else, such as a host with a user or a path.
    fn parse(text: &'a str) -> Option<Self> {
        let end = if text.starts_with('[') { text.find(']')? + 1 } else { name_length(text)? };
        let (name, port) = text.split_at(end);
        let port = match port.strip_prefix(':') {
            // A port may be empty.
            Some("") => 80,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
            Some(_) => return None,
            None if port.is_empty() => 80,
            None => return None,
        };
        let address = match name.strip_prefix('[') {
            Some(name) => Some(IpAddr::V6(name.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?)),
            None if name.starts_with(|c: char| c.is_ascii_digit()) => name.parse().ok().map(IpAddr::V4),
            None => None,
        };
        Some(Self { name, address, port })
    }

    fn of(authority: &'a Authority) -> Option<Self> {
        Self::parse(authority.as_str())
    }

    fn is_same(&self, other: &Self) -> bool {
        self.name.eq_ignore_ascii_case(other.name) && self.port == other.port
    }

    fn is_loopback(&self) -> bool {
        let name = self.name.strip_suffix('.').unwrap_or(self.name);
        name.eq_ignore_ascii_case("localhost")
            || is_below(name, ".localhost")
            || self.address.is_some_and(|address| address.to_canonical().is_loopback())
    }
}

/// Returns the length of the name that a text begins with: labels with dots between them, and maybe one after
/// them.
fn name_length(text: &str) -> Option<usize> {
    let (mut length, mut is_start) = (0, true);
    for byte in text.bytes() {
        is_start = match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'A'..=b'Z' => false,
            b'.' if !is_start => true,
            b'.' => return None,
            _ => break,
        };
        length += 1;
    }
    let without_dot = length - usize::from(length > 0 && is_start);
    (1..=LONGEST).contains(&without_dot).then_some(length)
}

/// Returns whether a name is one of a domain's subdomains, which is given with its leading dot.
fn is_below(name: &str, domain: &str) -> bool {
    let start = name.len().checked_sub(domain.len());
    // A name is ASCII.
    start.and_then(|start| name.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(domain))
}

/// Why the host of a request is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HostError {
    Missing,
    Several,
    Malformed,
    /// The request line names a different host than the header.
    Contradiction,
    Foreign {
        name: String,
        setting: Vec<String>,
        /// Whether the client may be the project's developer, who can change the setting.
        is_development: bool,
    },
}

impl HostError {
    /// Returns the note in the log.
    pub(super) fn note(&self) -> String {
        match self {
            Self::Foreign { name, setting, .. } => format!(
                "the host '{name}' is not allowed; if it is yours: MANAGE_SERVER_ALLOWED_HOSTS={}",
                setting.join(",")
            ),
            other => other.to_string(),
        }
    }

    /// Returns the response body for the client.
    pub(super) fn page(&self) -> String {
        let Self::Foreign { name, setting, is_development: true } = self else {
            return format!("Bad Request: {self}.\n");
        };
        // An unknown client must not learn the project's other hosts.
        let others = match setting.len() {
            1 => "",
            _ => "Keep the hosts that are already set: the server's log lists all of them.\n",
        };
        format!(
            "Bad Request: {self}.\nIf the name is this project's, set MANAGE_SERVER_ALLOWED_HOSTS={name} or write \
             allowed_hosts = [\"{name}\"] below [server] in manage.toml.\n{others}"
        )
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the request has no Host header"),
            Self::Several => f.write_str("the request has more than one Host header"),
            Self::Malformed => f.write_str("the request's host is malformed"),
            Self::Contradiction => {
                f.write_str("the request's target and its Host header name different hosts")
            }
            Self::Foreign { name, .. } => write!(f, "this server is not for the host '{name}'"),
        }
    }
}

/// An entry in the settings that is not a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostPatternError {
    /// Counted from 1.
    number: usize,
    text: String,
}

impl HostPatternError {
    /// Returns the host that the entry probably means: that of a URL, or one with a port or a path.
    pub(super) fn meant(&self) -> Option<String> {
        let rest = self.text.split_once("://").map_or(&*self.text, |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // A user, and maybe a password.
        if authority.contains('@') {
            return None;
        }
        let below = authority.strip_prefix('*').filter(|domain| domain.starts_with('.'));
        let authority = match authority.parse::<Ipv6Addr>() {
            Ok(address) => format!("[{address}]"),
            Err(_) => below.unwrap_or(authority).to_ascii_lowercase(),
        };
        let host = Host::parse(authority.strip_prefix('.').unwrap_or(&authority))?;
        let name = if authority.starts_with('.') { format!(".{}", host.name) } else { host.name.to_owned() };
        // A key or a token must not be repeated.
        (echo(&name) == name).then_some(name)
    }
}

impl fmt::Display for HostPatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {} of allowed_hosts, '{}', is not a host name", self.number, echo(&self.text))
    }
}

impl std::error::Error for HostPatternError {}

#[cfg(test)]
#[path = "host_tests.rs"]
mod tests;
