//! What the server knows about a request beyond its headers.

use std::convert::Infallible;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use hyper::Request;
use hyper::StatusCode;
use hyper::header::{HeaderName, HeaderValue};

use super::proxies::TrustedProxies;

/// The header with the id of a request.
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The maximum length of an id that a proxy may set.
const LONGEST_ID: usize = 128;

/// What the server knows about a request beyond its headers. Handlers take it as an argument.
///
/// Behind a proxy of the setting `trusted_proxies` it describes the client of that proxy.
///
/// ```
/// use manage::server::RequestInfo;
///
/// async fn whoami(info: RequestInfo) -> String {
///     format!("{} by {}, request {}\n", info.client(), info.scheme(), info.id())
/// }
/// # let _: manage::axum::Router = manage::axum::Router::new()
/// #     .route("/", manage::axum::routing::get(whoami));
/// ```
#[derive(Clone)]
pub struct RequestInfo {
    id: HeaderValue,
    client: IpAddr,
    is_https: bool,
    host: Option<String>,
}

impl RequestInfo {
    /// Determines it, and removes headers that only a trusted proxy may set.
    pub(super) fn of<B>(request: &mut Request<B>, peer: IpAddr, proxies: &TrustedProxies) -> Self {
        let headers = request.headers_mut();
        let client = proxies.client(headers, peer);
        let id = match headers.get_mut(X_REQUEST_ID) {
            Some(id) if client.by_proxy && is_sane(id) => id.clone(),
            Some(id) => {
                *id = new_id();
                id.clone()
            }
            None => new_id(),
        };
        Self { id, client: client.address, is_https: client.is_https, host: client.host }
    }

    /// Returns the id of the request, which is also in the log and in the header `X-Request-Id` of the
    /// response. A proxy may have chosen it; otherwise it is new.
    pub fn id(&self) -> &str {
        self.id.to_str().unwrap_or_default()
    }

    /// Returns the address of the client.
    pub fn client(&self) -> IpAddr {
        self.client
    }

    /// Returns `https` if the client uses an encrypted connection to the proxy, otherwise `http`.
    pub fn scheme(&self) -> &'static str {
        if self.is_https { "https" } else { "http" }
    }

    /// Returns the host that the client named to the proxy, if the proxy says so. It is one of the allowed
    /// hosts.
    pub fn forwarded_host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    pub(super) fn header(&self) -> &HeaderValue {
        &self.id
    }
}

impl fmt::Debug for RequestInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestInfo")
            .field("id", &self.id())
            .field("client", &self.client)
            .field("scheme", &self.scheme())
            .finish_non_exhaustive()
    }
}

impl<S: Sync> FromRequestParts<S> for RequestInfo {
    /// Another server than `serve` and `runserver` does not know it.
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.get().cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for RequestInfo {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get().cloned())
    }
}

/// Returns whether an id can be logged and searched for without quoting.
fn is_sane(id: &HeaderValue) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:=+/@".contains(byte);
    !id.is_empty() && id.len() <= LONGEST_ID && id.as_bytes().iter().all(is_plain)
}

/// Returns an id that no other request of this or another process has: a random number of the process, and
/// the number of the request.
fn new_id() -> HeaderValue {
    static PROCESS: OnceLock<u64> = OnceLock::new();
    static NEXT: AtomicU64 = AtomicU64::new(1);
    // Its keys are random.
    let process = PROCESS.get_or_init(|| RandomState::new().hash_one(0));
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut text = [b'-'; 25];
    push_hex(&mut text[..16], *process);
    push_hex(&mut text[17..], number);
    HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Writes the last digits of a number: `format!` would take longer than all other parts of an id.
fn push_hex(digits: &mut [u8], mut number: u64) {
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number & 15) as usize];
        number >>= 4;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_plain() {
        for (id, expected) in [
            ("7b0b1d3c-88c4-4cf7-8a21-5c6f8a7d9e10", true),
            ("Root=1-67891233-abcdef012345678912345678", true),
            ("01J9Z6:abc/def+@x.y_z", true),
            ("", false),
            ("a b", false),
            ("a\tb", false),
            ("a\",\"admin\":true", false),
            ("${jndi:ldap://x}", false),
            (&"x".repeat(LONGEST_ID), true),
            (&"x".repeat(LONGEST_ID + 1), false),
        ] {
            assert_eq!(is_sane(&HeaderValue::from_str(id).expect("a value")), expected, "{id}");
        }
        assert!(!is_sane(&HeaderValue::from_bytes(b"\xff").expect("a value")));
    }

    #[test]
    fn new_ids_differ_and_are_sane() {
        let (one, two) = (new_id(), new_id());
        assert!(is_sane(&one) && one != two, "{one:?} {two:?}");
    }
}
