//! Follows each request, and logs it when the last byte of the response is sent.

use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use hyper::{Method, Request, StatusCode, Uri, Version};

use super::failure::Failure;
use super::log::Log;
use super::log_line::Entry;
use super::request_id::RequestId;
use super::request_info::RequestInfo;
use super::site::with_causes;
use super::{events, metrics};
use crate::console::{Role, printable};
use crate::panics::Panic;

/// The status of a request whose client disconnected before the response, as in nginx's logs.
const CLIENT_CLOSED_REQUEST: u16 = 499;

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
struct Exchange {
    method: Method,
    uri: Uri,
    version: Version,
    id: RequestId,
    client: IpAddr,
    started: Instant,
    /// Whether the handler waits for the body of the request.
    awaits_body: bool,
    /// When a part of the body arrived.
    body_at: Option<Instant>,
    /// The status of the handler's response.
    status: Option<StatusCode>,
    /// The number of bytes of the response body that were passed to the connection.
    sent: u64,
    /// Whether the whole response was passed to the connection.
    is_complete: bool,
    aborted: Option<Abort>,
    /// Why the server itself responded.
    note: Option<String>,
    /// Whether it is not logged.
    is_silent: bool,
}

/// The log of one connection with at most one request at a time, or of one stream of HTTP/2. Clones share it.
#[derive(Clone)]
pub(super) struct ConnectionLog {
    shared: Arc<Shared>,
}

/// The logs of a server.
pub(super) struct Logs {
    /// It gets a line for each request.
    pub(super) access: Option<Log>,
    /// It gets panics, failed bodies, and the server's own problems.
    pub(super) errors: Log,
}

struct Shared {
    logs: Arc<Logs>,
    peer: IpAddr,
    exchange: Mutex<Option<Exchange>>,
    has_begun: AtomicBool,
    /// Whether the client began a TLS handshake.
    is_tls: AtomicBool,
    /// The number of open streams; `usize::MAX` unless the connection speaks HTTP/2.
    streams: AtomicUsize,
    /// Whether a stream of HTTP/2 was opened, or data passed to the operating system, since this was last read.
    is_active: AtomicBool,
    /// When the last request ended, or else the connection began: in milliseconds since the first connection.
    idle_since: AtomicU64,
    /// Whether a request was passed on to another process, which logs it. It is the last one here.
    is_forwarding: AtomicBool,
    /// The connection, for a stream.
    connection: Option<ConnectionLog>,
}

/// A write of fewer bytes may be one of HTTP/2's own messages.
const LEAST_DATA: usize = 256;

const NO_STREAMS: usize = usize::MAX;

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(connection) = &self.connection {
            connection.shared.streams.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl ConnectionLog {
    /// Creates the log.
    pub(super) fn new(logs: Arc<Logs>, peer: IpAddr) -> Self {
        Self { shared: Arc::new(Shared::new(logs, peer, None)) }
    }

    /// Creates the log of a stream of this connection, which speaks HTTP/2.
    pub(super) fn stream(&self) -> Self {
        let Shared { logs, peer, has_begun, is_active, streams, .. } = &*self.shared;
        has_begun.store(true, Ordering::Relaxed);
        is_active.store(true, Ordering::Relaxed);
        let _ = streams.compare_exchange(NO_STREAMS, 0, Ordering::Relaxed, Ordering::Relaxed);
        streams.fetch_add(1, Ordering::Relaxed);
        let shared = Shared::new(Arc::clone(logs), *peer, Some(self.clone()));
        Self { shared: Arc::new(shared) }
    }

    /// Returns whether it is the log of a stream, whose end the connection does not report.
    pub(super) fn is_stream(&self) -> bool {
        self.shared.connection.is_some()
    }

    /// Returns the number of open streams, if the connection speaks HTTP/2.
    pub(super) fn open_streams(&self) -> Option<usize> {
        let streams = self.shared.streams.load(Ordering::Relaxed);
        (streams != NO_STREAMS).then_some(streams)
    }

    /// Records that bytes were passed to the operating system.
    pub(super) fn wrote(&self, bytes: usize) {
        if bytes >= LEAST_DATA {
            self.shared.is_active.store(true, Ordering::Relaxed);
        }
    }

    /// Records that a request was passed on to another process.
    #[cfg(feature = "reload")]
    pub(super) fn forwards(&self) {
        self.shared.is_forwarding.store(true, Ordering::Relaxed);
    }

    /// Returns how long the connection has had no request; `None` if it has one, or its client still reads.
    pub(super) fn idle_for(&self) -> Option<Duration> {
        let Shared { streams, is_active, idle_since, is_forwarding, .. } = &*self.shared;
        match streams.load(Ordering::Relaxed) {
            NO_STREAMS => {
                let is_busy = is_forwarding.load(Ordering::Relaxed) || self.lock().is_some();
                let idle = || milliseconds(Instant::now()).saturating_sub(idle_since.load(Ordering::Relaxed));
                (!is_busy).then(idle).map(Duration::from_millis)
            }
            0 => (!is_active.swap(false, Ordering::Relaxed)).then_some(Duration::MAX),
            _ => None,
        }
    }

    /// Records the start of a request.
    pub(super) fn begin<B>(&self, request: &Request<B>, info: &RequestInfo) {
        let new = Exchange {
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
        };
        metrics::began();
        self.shared.has_begun.store(true, Ordering::Relaxed);
        let before = self.lock().replace(new);
        // The client sent its next request before it had read the response.
        if let Some(before) = before {
            self.write(before);
        }
    }

    /// Records that the client began a TLS handshake.
    pub(super) fn begins_tls(&self) {
        self.shared.is_tls.store(true, Ordering::Relaxed);
    }

    /// Returns whether a request has ever arrived.
    pub(super) fn has_begun(&self) -> bool {
        self.shared.has_begun.load(Ordering::Relaxed)
    }

    /// Records the handler's response; `is_complete` if it has no body.
    pub(super) fn answered(&self, status: StatusCode, is_complete: bool) {
        self.update(|exchange| {
            // The client disconnected before it had sent its whole request, so it gets no response.
            exchange.status = (exchange.aborted != Some(Abort::ClientClosed)).then_some(status);
            exchange.is_complete = is_complete;
        });
        self.flush_stream();
    }

    /// Records that a part of the body was passed to the connection; `is_complete` if it was the last one.
    pub(super) fn sent(&self, bytes: u64, is_complete: bool) {
        self.update(|exchange| {
            exchange.sent += bytes;
            exchange.is_complete = is_complete;
        });
        self.flush_stream();
    }

    /// Records that the handler waits for the body of the request, or that a part of it has arrived.
    pub(super) fn awaits_body(&self, awaits: bool) {
        self.update(|exchange| {
            exchange.awaits_body = awaits;
            if !awaits {
                exchange.body_at = Some(Instant::now());
            }
        });
    }

    /// Returns since when the handler itself is at work; `None` while it waits for the client.
    pub(super) fn works_since(&self) -> Option<Instant> {
        let exchange = self.lock();
        let exchange = exchange.as_ref().filter(|exchange| !exchange.awaits_body)?;
        Some(exchange.body_at.unwrap_or(exchange.started))
    }

    /// Records that the body of the request or the response ended prematurely.
    pub(super) fn abort(&self, why: Abort) {
        self.update(|exchange| exchange.aborted = exchange.aborted.or(Some(why)));
    }

    /// Records why the server itself responded.
    pub(super) fn note(&self, note: String) {
        self.update(|exchange| exchange.note = Some(note));
    }

    /// Returns why the request ended early, if it did.
    pub(super) fn aborted(&self) -> Option<Abort> {
        self.lock().as_ref().and_then(|exchange| exchange.aborted)
    }

    /// Does not log the request.
    pub(super) fn silence(&self) {
        self.update(|exchange| exchange.is_silent = true);
    }

    /// Nobody knows when the data of a stream was passed to the operating system.
    fn flush_stream(&self) {
        if self.is_stream() {
            self.flushed();
        }
    }

    /// Records that all data has been passed to the operating system.
    pub(super) fn flushed(&self) {
        let exchange = self.lock().take_if(|exchange| exchange.is_complete);
        if let Some(exchange) = exchange {
            self.write(exchange);
        }
    }

    /// Records the end of the connection. Returns whether a request was incomplete.
    pub(super) fn ended(&self, why: Abort) -> bool {
        let Some(mut exchange) = self.lock().take() else { return false };
        exchange.aborted = exchange.aborted.or(Some(why));
        self.write(exchange);
        true
    }

    /// Records that the connection ended before a request was parsed.
    pub(super) fn refused(&self, error: &hyper::Error) {
        // Only port checks and browsers' preconnected sockets disconnect without sending anything.
        let (status, note) = if self.shared.is_tls.load(Ordering::Relaxed) {
            (
                400,
                "a TLS handshake: this port speaks plain HTTP, so use http:// or a proxy with TLS".to_owned(),
            )
        } else if error.is_parse_too_large() {
            (431, with_causes(error))
        } else if error.is_parse() {
            (400, with_causes(error))
        } else if error.is_incomplete_message() {
            (CLIENT_CLOSED_REQUEST, Abort::ClientClosed.to_string())
        } else {
            return;
        };
        self.log(&Entry {
            request: None,
            id: None,
            client: Some(self.shared.peer),
            status: Some(status),
            bytes: None,
            duration: None,
            note: Some(&note),
        });
    }

    /// Reports a panic of a handler or of its response body.
    pub(super) fn panicked(&self, panic: &Panic) {
        let what = self.request();
        let place = panic.place.as_ref().map(|place| format!(" at {place}")).unwrap_or_default();
        let mut text = format!("Error: {what} panicked{place}: {}", printable(&panic.message));
        if let Some(backtrace) = &panic.backtrace {
            text.push_str(&format!("\n{backtrace}"));
        }
        self.report(&text);
    }

    /// Reports why a handler failed.
    pub(super) fn failed(&self, failure: &Failure) {
        let error = match failure {
            Failure::Panic(panic) => return self.panicked(panic),
            Failure::Error(error) => error.error(),
        };
        let place = failure.place().map(|place| format!(" at {place}")).unwrap_or_default();
        let causes = with_causes(error.as_ref());
        let text = format!("Error: {} failed{place}: {}", self.request(), printable(&causes));
        self.shared.logs.errors.report(Role::Error, &text);
    }

    /// Reports an error of a response body.
    pub(super) fn body_failed(&self, error: &(dyn std::error::Error + 'static)) {
        let causes = with_causes(error);
        let text = format!("Error: {}: the response body failed: {}", self.request(), printable(&causes));
        self.report(&text);
    }

    fn report(&self, text: &str) {
        let id = self.lock().as_ref().map(|exchange| exchange.id.clone());
        self.shared.logs.errors.report_about(id.as_ref().map(RequestId::as_str), Role::Error, text);
    }

    /// Returns the method and the path. The query may be confidential and is omitted.
    fn request(&self) -> String {
        let exchange = self.lock();
        let request =
            exchange.as_ref().map(|exchange| format!("{} {}", exchange.method, exchange.uri.path()));
        printable(&request.unwrap_or_default()).into_owned()
    }

    fn write(&self, exchange: Exchange) {
        let now = Instant::now();
        self.shared.idle_since.store(milliseconds(now), Ordering::Relaxed);
        if exchange.is_silent {
            return;
        }
        let status = match (exchange.status, exchange.aborted) {
            (Some(status), _) => Some(status.as_u16()),
            (None, Some(Abort::ClientClosed)) => Some(CLIENT_CLOSED_REQUEST),
            (None, _) => None,
        };
        let note = exchange.aborted.map(|why| why.to_string()).or(exchange.note);
        self.log(&Entry {
            request: Some((&exchange.method, &exchange.uri, exchange.version)),
            id: Some(exchange.id.as_str()),
            client: Some(exchange.client),
            status,
            bytes: exchange.status.map(|_| exchange.sent),
            duration: Some(now.saturating_duration_since(exchange.started)),
            note: note.as_deref(),
        });
    }

    fn log(&self, entry: &Entry<'_>) {
        metrics::ended(entry);
        if events::ENABLED {
            events::request(entry);
        }
        if let Some(access) = &self.shared.logs.access {
            access.request(entry);
        }
    }

    fn update(&self, change: impl FnOnce(&mut Exchange)) {
        if let Some(exchange) = self.lock().as_mut() {
            change(exchange);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Exchange>> {
        self.shared.exchange.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn milliseconds(now: Instant) -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let since = now.saturating_duration_since(*START.get_or_init(|| now));
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Returns the target of a request. In HTTP/2 each one contains the host, as if it were meant for a proxy.
fn target<B>(request: &Request<B>) -> Uri {
    let path = request.uri().path_and_query().filter(|_| request.version() == Version::HTTP_2);
    path.map_or_else(|| request.uri().clone(), |path| Uri::from(path.clone()))
}

impl Shared {
    fn new(logs: Arc<Logs>, peer: IpAddr, connection: Option<ConnectionLog>) -> Self {
        Self {
            logs,
            peer: peer.to_canonical(),
            exchange: Mutex::new(None),
            has_begun: AtomicBool::new(false),
            is_tls: AtomicBool::new(false),
            streams: AtomicUsize::new(NO_STREAMS),
            is_active: AtomicBool::new(false),
            idle_since: AtomicU64::new(milliseconds(Instant::now())),
            is_forwarding: AtomicBool::new(false),
            connection,
        }
    }
}
