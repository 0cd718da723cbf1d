//! Which proxies are trusted, and what they say about a client.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use hyper::HeaderMap;
use hyper::header::{FORWARDED, HeaderName};
use ipnet::IpNet;

use crate::console::echo;

pub(super) const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(super) const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
pub(super) const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Headers that only a proxy may set. They are removed from the requests of anyone else.
const OF_PROXIES: [HeaderName; 6] = [
    FORWARDED,
    X_FORWARDED_FOR,
    X_FORWARDED_PROTO,
    X_FORWARDED_HOST,
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-real-ip"),
];

/// The headers in which a proxy describes its client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ForwardedHeader {
    /// `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`.
    #[default]
    XForwarded,
    /// `Forwarded`, of RFC 7239.
    Rfc7239,
}

impl ForwardedHeader {
    /// Parses the setting.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "x-forwarded-for" | "x-forwarded" => Some(Self::XForwarded),
            "forwarded" => Some(Self::Rfc7239),
            _ => None,
        }
    }
}

/// The proxies whose headers are used.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrustedProxies {
    networks: Vec<IpNet>,
    everyone: bool,
    header: ForwardedHeader,
}

/// What is known of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) address: IpAddr,
    pub(super) is_https: bool,
    /// The host that the client named to the proxy.
    pub(super) host: Option<String>,
    /// Whether the request came from a trusted proxy.
    pub(super) by_proxy: bool,
}

impl TrustedProxies {
    /// Parses addresses (`10.0.0.5`), networks (`10.0.0.0/8`), and `*` for everyone.
    pub(crate) fn parse(entries: &[String], header: ForwardedHeader) -> Result<Self, ProxyError> {
        let mut proxies = Self { header, ..Self::default() };
        for (index, entry) in entries.iter().enumerate() {
            let entry = entry.trim();
            if entry == "*" {
                proxies.everyone = true;
                continue;
            }
            let network = entry.parse().or_else(|_| entry.parse::<IpAddr>().map(IpNet::from));
            proxies
                .networks
                .push(network.map_err(|_| ProxyError { number: index + 1, text: entry.to_owned() })?);
        }
        Ok(proxies)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.everyone || self.networks.iter().any(|network| network.contains(&address))
    }

    /// Determines the client of a request, and removes the headers that are not to be trusted.
    pub(super) fn client(&self, headers: &mut HeaderMap, peer: IpAddr) -> Client {
        let peer = peer.to_canonical();
        let direct = Client { address: peer, is_https: false, host: None, by_proxy: false };
        if !self.trusts(peer) {
            // Few requests have any, and each removal would compute a hash.
            if headers.keys().any(is_of_proxies) {
                for name in &OF_PROXIES {
                    headers.remove(name);
                }
            }
            return direct;
        }
        let direct = Client { by_proxy: true, ..direct };
        // A proxy passes on the headers that it does not know, so a client may have set them.
        match self.header {
            ForwardedHeader::XForwarded => {
                headers.remove(FORWARDED);
                self.x_forwarded(headers, direct)
            }
            ForwardedHeader::Rfc7239 => {
                for name in OF_PROXIES.iter().filter(|name| **name != FORWARDED) {
                    headers.remove(name);
                }
                self.forwarded(headers, direct)
            }
        }
    }

    fn x_forwarded(&self, headers: &HeaderMap, direct: Client) -> Client {
        let values = list(headers, &X_FORWARDED_FOR);
        let hops: Vec<Option<IpAddr>> = values.iter().map(|value| address(value)).collect();
        let (address, hop) = self.farthest(direct.address, &hops);
        let of_hop = |name| {
            let all = list(headers, name);
            // Each proxy has added one, or the last one has replaced all.
            let index = if all.len() == hops.len() { hop } else { None };
            index.and_then(|index| all.get(index)).or(all.last()).map(|value| (*value).to_owned())
        };
        Client {
            address,
            is_https: of_hop(&X_FORWARDED_PROTO).is_some_and(|proto| proto.eq_ignore_ascii_case("https")),
            host: of_hop(&X_FORWARDED_HOST),
            ..direct
        }
    }

    fn forwarded(&self, headers: &HeaderMap, direct: Client) -> Client {
        let values: Vec<&str> =
            headers.get_all(FORWARDED).iter().filter_map(|value| value.to_str().ok()).collect();
        let joined = values.join(",");
        let elements: Vec<Vec<(String, String)>> =
            split_quoted(&joined, ',').into_iter().map(pairs).collect();
        let of = |element: &[(String, String)], wanted: &str| {
            element.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone())
        };
        let hops: Vec<Option<IpAddr>> =
            elements.iter().map(|element| of(element, "for").and_then(|value| address(&value))).collect();
        let (address, hop) = self.farthest(direct.address, &hops);
        let element = hop.and_then(|hop| elements.get(hop)).or(elements.last());
        let element = element.map_or(&[][..], Vec::as_slice);
        Client {
            address,
            is_https: of(element, "proto").is_some_and(|proto| proto.eq_ignore_ascii_case("https")),
            host: of(element, "host"),
            ..direct
        }
    }

    /// Follows the hops from the nearest to the farthest, as long as the proxy that wrote one is trusted.
    /// Returns the last address, and the hop that names it.
    fn farthest(&self, peer: IpAddr, hops: &[Option<IpAddr>]) -> (IpAddr, Option<usize>) {
        let (mut address, mut found) = (peer, None);
        for (index, hop) in hops.iter().enumerate().rev() {
            // An unknown or hidden address: nobody knows who wrote what comes before it.
            let Some(hop) = hop else { break };
            (address, found) = (*hop, Some(index));
            if !self.trusts(*hop) {
                break;
            }
        }
        (address, found)
    }
}

/// Returns whether a header is one of [`OF_PROXIES`]. The beginning of most names already says no.
fn is_of_proxies(name: &HeaderName) -> bool {
    let text = name.as_str();
    (text.starts_with("x-") || text.starts_with('f')) && OF_PROXIES.contains(name)
}

/// Returns the parts of a header that are separated by commas, of all lines.
fn list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    let lines = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or(""));
    lines.flat_map(|line| line.split(',')).map(str::trim).collect()
}

/// Parses an address, possibly with a port, and for IPv6 in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let parsed = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    parsed.map(|address: IpAddr| address.to_canonical())
}

/// Returns the pairs of one element of `Forwarded`, with names in lower case and values without quotes.
fn pairs(element: &str) -> Vec<(String, String)> {
    let parts = split_quoted(element, ';').into_iter().filter_map(|part| part.split_once('='));
    parts
        .map(|(name, value)| {
            let value = value.trim();
            let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
            let value = inner.map_or_else(|| value.to_owned(), |inner| inner.replace('\\', ""));
            (name.trim().to_ascii_lowercase(), value)
        })
        .collect()
}

/// Splits a text at a separator, except inside of quotes.
fn split_quoted(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start, mut is_quoted, mut is_escaped) = (Vec::new(), 0, false, false);
    for (index, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            c if c == separator && !is_quoted => {
                parts.push(&text[start..index]);
                start = index + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// An entry in the settings that is neither an address nor a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProxyError {
    /// Counted from 1.
    number: usize,
    text: String,
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, text } = self;
        write!(
            f,
            "entry {number} of trusted_proxies, '{}', is neither an IP address nor a network",
            echo(text)
        )
    }
}

impl std::error::Error for ProxyError {}

#[cfg(test)]
#[path = "proxies_tests.rs"]
mod tests;
