//! A request and the state of its response.

use std::fmt;
use std::net::IpAddr;
use std::time::Instant;

use hyper::{Method, Request, StatusCode, Uri, Version};

use super::request_id::RequestId;
use super::request_info::RequestInfo;

/// The status of a request whose client disconnected before the response, as in nginx's logs.
pub(super) const CLIENT_CLOSED_REQUEST: u16 = 499;

/// Why an exchange ended before its last byte was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Abort {
    /// The client closed the connection.
    ClientClosed,
    /// The server stopped without waiting any longer.
    Stopped,
    /// The response body failed. Its error or panic is logged on a separate line.
    BodyFailed,
    /// The client did not read its response in time.
    SlowReader,
    /// The client did not send the rest of its request in time.
    SlowSender,
    /// The body of the request is larger than the limit.
    TooLarge,
}

impl fmt::Display for Abort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientClosed => "client closed the connection",
            Self::Stopped => "cut off: the server stopped",
            Self::BodyFailed => "the response body failed",
            Self::SlowReader => "cut off: the client reads too slowly",
            Self::SlowSender => "cut off: the client sends too slowly",
            Self::TooLarge => "the body is larger than MANAGE_SERVER_MAX_BODY_BYTES",
        })
    }
}

/// A request and the state of its response.
pub(super) struct Exchange {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) version: Version,
    pub(super) id: RequestId,
    pub(super) client: IpAddr,
    pub(super) started: Instant,
    /// Whether the handler waits for the body of the request.
    pub(super) awaits_body: bool,
    /// When a part of the body arrived.
    pub(super) body_at: Option<Instant>,
    /// The status of the handler's response.
    pub(super) status: Option<StatusCode>,
    /// The number of bytes of the response body that were passed to the connection.
    pub(super) sent: u64,
    /// Whether the whole response was passed to the connection.
    pub(super) is_complete: bool,
    pub(super) aborted: Option<Abort>,
    /// Why the server itself responded.
    pub(super) note: Option<String>,
    /// Whether it is not logged.
    pub(super) is_silent: bool,
}

impl Exchange {
    pub(super) fn new<B>(request: &Request<B>, info: &RequestInfo) -> Self {
        Self {
            method: request.method().clone(),
            uri: target(request),
            version: request.version(),
            id: info.request_id().clone(),
            client: info.client(),
            started: Instant::now(),
            awaits_body: false,
            body_at: None,
            status: None,
            sent: 0,
            is_complete: false,
            aborted: None,
            note: None,
            is_silent: false,
        }
    }

    /// Returns the status for the log; `None` if the server stopped before there was one.
    pub(super) fn logged_status(&self) -> Option<u16> {
        match (self.status, self.aborted) {
            (Some(status), _) => Some(status.as_u16()),
            (None, Some(Abort::ClientClosed)) => Some(CLIENT_CLOSED_REQUEST),
            (None, _) => None,
        }
    }
}

/// Returns the target of a request. In HTTP/2 each one contains the host, as if it were meant for a proxy.
fn target<B>(request: &Request<B>) -> Uri {
    let path = request.uri().path_and_query().filter(|_| request.version() == Version::HTTP_2);
    path.map_or_else(|| request.uri().clone(), |path| Uri::from(path.clone()))
}
