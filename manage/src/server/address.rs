//! Parses `[ADDR:]PORT` as Django does.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::console::{echo, printable};

/// The address to listen on. The host may be a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListenAddress {
    /// A name, or an IP address without brackets.
    pub host: String,
    /// The port; 0 lets the operating system choose.
    pub port: u16,
}

/// The version of the Internet Protocol for an address without a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum IpVersion {
    /// `127.0.0.1`, and `0.0.0.0` for every interface.
    #[default]
    V4,
    /// `::1`, and `::` for every interface. An IPv4 address is rejected.
    V6,
}

impl ListenAddress {
    /// Django's default port.
    pub(crate) const DEFAULT_PORT: u16 = 8000;

    /// Parses `8000`, `127.0.0.1:8000`, `[::1]:8000`, `localhost:8000`, an IPv4 address without a port, or
    /// `0:8000` for all IPv4 interfaces. The default is the loopback address and port 8000.
    pub(crate) fn parse(text: Option<&str>, version: IpVersion) -> Result<Self, AddressError> {
        let (loopback, unspecified): (IpAddr, IpAddr) = match version {
            IpVersion::V4 => (Ipv4Addr::LOCALHOST.into(), Ipv4Addr::UNSPECIFIED.into()),
            IpVersion::V6 => (Ipv6Addr::LOCALHOST.into(), Ipv6Addr::UNSPECIFIED.into()),
        };
        let loopback = || loopback.to_string();
        let Some(text) = text else { return Ok(Self { host: loopback(), port: Self::DEFAULT_PORT }) };
        let wrong = || AddressError { text: text.to_owned(), not_ipv6: false };
        let port = |digits: &str| {
            // Rust's parser would accept a sign.
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse::<u16>().ok().filter(|_| plain).ok_or_else(wrong)
        };
        let ipv4 = |host: &str, port| {
            if version == IpVersion::V6 {
                return Err(AddressError { text: host.to_owned(), not_ipv6: true });
            }
            Ok(Self { host: host.to_owned(), port })
        };
        if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
            return Ok(Self { host: loopback(), port: port(text)? });
        }
        if text.parse::<Ipv4Addr>().is_ok() {
            return ipv4(text, Self::DEFAULT_PORT);
        }
        // In an IPv6 address without brackets the port is ambiguous, so it is rejected.
        let (host, digits) = text.rsplit_once(':').ok_or_else(wrong)?;
        let port = port(digits)?;
        if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            let address: Ipv6Addr = inner.parse().map_err(|_| wrong())?;
            return Ok(Self { host: address.to_string(), port });
        }
        match host {
            "" | "0" => Ok(Self { host: unspecified.to_string(), port }),
            host if host.parse::<Ipv4Addr>().is_ok() => ipv4(host, port),
            host if is_name(host) => Ok(Self { host: host.to_owned(), port }),
            _ => Err(wrong()),
        }
    }
}

/// Returns whether it is a host name: labels of letters, digits and hyphens. Text that resembles an IP
/// address but is invalid does not count.
fn is_name(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.split('.').all(label) && host.bytes().any(|byte| byte.is_ascii_alphabetic())
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// A text that is not an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AddressError {
    text: String,
    not_ipv6: bool,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.not_ipv6 {
            return write!(f, "'{}' is not a valid IPv6 address.", printable(&self.text));
        }
        write!(f, "'{}' is not a valid port number or address:port pair.", echo(&self.text))
    }
}

impl std::error::Error for AddressError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<String> {
        ListenAddress::parse(Some(text), IpVersion::V4).ok().map(|address| address.to_string())
    }

    #[test]
    fn all_of_djangos_forms_are_read() {
        for (text, address) in [
            ("7000", "127.0.0.1:7000"),
            ("0", "127.0.0.1:0"),
            ("1.2.3.4:8000", "1.2.3.4:8000"),
            ("0:8000", "0.0.0.0:8000"),
            ("0.0.0.0:8000", "0.0.0.0:8000"),
            ("[::1]:8000", "[::1]:8000"),
            ("localhost:80", "localhost:80"),
            ("test.domain.local:7000", "test.domain.local:7000"),
            ("1.2.3.4", "1.2.3.4:8000"),
        ] {
            assert_eq!(parse(text).as_deref(), Some(address), "{text}");
        }
        assert_eq!(ListenAddress::parse(None, IpVersion::V4).unwrap().to_string(), "127.0.0.1:8000");
        assert_eq!(ListenAddress::parse(None, IpVersion::V6).unwrap().to_string(), "[::1]:8000");
        assert_eq!(ListenAddress::parse(Some("7000"), IpVersion::V6).unwrap().to_string(), "[::1]:7000");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "x",
            "65536",
            "1.2.3.4:99999",
            "1.2.3.4.5:80",
            "[::1:80",
            "[x]:80",
            "a b:80",
            "http://localhost:80",
            "-x:1",
            "::1",
            "::1:8124",
            "+8128",
            "1.2.3.4:+80",
            "localhost:",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        for text in ["127.0.0.1:8132", "127.0.0.1"] {
            let error = ListenAddress::parse(Some(text), IpVersion::V6).unwrap_err();
            assert_eq!(error.to_string(), "'127.0.0.1' is not a valid IPv6 address.");
        }
        assert_eq!(ListenAddress::parse(Some("0:80"), IpVersion::V6).unwrap().to_string(), "[::]:80");
    }
}
