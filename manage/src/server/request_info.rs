//! What the server knows about a request beyond its headers.

use std::convert::Infallible;
use std::fmt;
use std::net::IpAddr;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use hyper::Request;
use hyper::StatusCode;

use super::proxies::TrustedProxies;
use super::request_id::{RequestId, X_REQUEST_ID};

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
    id: RequestId,
    client: IpAddr,
    is_https: bool,
    host: Option<String>,
}

impl RequestInfo {
    /// Determines it, and removes headers that only a trusted proxy may set.
    pub(super) fn of<B>(request: &mut Request<B>, peer: IpAddr, proxies: &TrustedProxies) -> Self {
        let headers = request.headers_mut();
        let client = proxies.client(headers, peer);
        // To compare all names is faster than to compute the hash of this one, which few requests have.
        let has_id = headers.keys().any(|name| *name == X_REQUEST_ID);
        let given = if has_id { headers.get(X_REQUEST_ID) } else { None };
        let of_proxy = given.filter(|_| client.by_proxy).and_then(RequestId::of_proxy);
        let replaces = given.is_some() && of_proxy.is_none();
        let id = of_proxy.unwrap_or_else(RequestId::new);
        if replaces {
            headers.insert(X_REQUEST_ID, id.header_value());
        }
        Self { id, client: client.address, is_https: client.is_https, host: client.host }
    }

    /// Returns the id of the request, which is also in the log and in the header `X-Request-Id` of the
    /// response. A proxy may have chosen it; otherwise it is new.
    pub fn id(&self) -> &str {
        self.id.as_str()
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

    pub(super) fn request_id(&self) -> &RequestId {
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
