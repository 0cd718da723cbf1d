//! Follows each request, and logs it when the last byte of the response is sent.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::{Request, StatusCode};

use super::exchange::{Abort, CLIENT_CLOSED_REQUEST, Exchange};
use super::failure::Failure;
use super::failure_hints::FailureHints;
use super::log::Log;
use super::log_line::Entry;
use super::log_time::LogTime;
use super::request_id::RequestId;
use super::request_info::RequestInfo;
use super::site::with_causes;
use super::{events, metrics};
use crate::console::{Role, printable};
use crate::panics::Panic;

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
    /// Finds causes of failed requests.
    pub(super) hints: FailureHints,
}

struct Shared {
    logs: Arc<Logs>,
    peer: IpAddr,
    state: Mutex<State>,
    has_begun: AtomicBool,
    /// Whether the client began a TLS handshake.
    is_tls: AtomicBool,
    /// The number of open streams; `usize::MAX` unless the connection speaks HTTP/2.
    streams: AtomicUsize,
    /// Whether a stream of HTTP/2 was opened, or data passed to the operating system, since this was last read.
    is_active: AtomicBool,
    /// Whether a request was passed on to another process, which logs it. It is the last one here.
    is_forwarding: AtomicBool,
    /// The connection, for a stream.
    connection: Option<ConnectionLog>,
}

struct State {
    exchange: Option<Exchange>,
    /// When the last request ended, or else the connection began.
    idle_since: Instant,
}

impl State {
    /// Ends the request, if it is to end. Returns it and the time.
    fn end(&mut self, ends: impl FnOnce(&mut Exchange) -> bool) -> Option<(Exchange, Instant)> {
        let exchange = self.exchange.take_if(ends)?;
        self.idle_since = Instant::now();
        Some((exchange, self.idle_since))
    }
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
        let Shared { streams, is_active, is_forwarding, .. } = &*self.shared;
        match streams.load(Ordering::Relaxed) {
            NO_STREAMS => {
                let state = self.lock();
                let is_busy = is_forwarding.load(Ordering::Relaxed) || state.exchange.is_some();
                (!is_busy).then(|| state.idle_since.elapsed())
            }
            0 => (!is_active.swap(false, Ordering::Relaxed)).then_some(Duration::MAX),
            _ => None,
        }
    }

    /// Records the start of a request.
    pub(super) fn begin<B>(&self, request: &Request<B>, info: &RequestInfo) {
        let new = Exchange::new(request, info);
        metrics::began();
        self.shared.has_begun.store(true, Ordering::Relaxed);
        let started = new.started;
        let before = self.lock().exchange.replace(new);
        // The client sent its next request before it had read the response.
        if let Some(before) = before {
            self.write(before, started);
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
        let state = self.lock();
        let exchange = state.exchange.as_ref().filter(|exchange| !exchange.awaits_body)?;
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
        self.lock().exchange.as_ref().and_then(|exchange| exchange.aborted)
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
        let ended = self.lock().end(|exchange| exchange.is_complete);
        if let Some((exchange, now)) = ended {
            self.write(exchange, now);
        }
    }

    /// Records the end of the connection. Returns whether a request was incomplete.
    pub(super) fn ended(&self, why: Abort) -> bool {
        self.abort(why);
        let ended = self.lock().end(|_| true);
        if let Some((exchange, now)) = ended {
            self.write(exchange, now);
            return true;
        }
        false
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
            time: LogTime::now(),
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
        self.report(&text);
        let (errors, id) = (self.shared.logs.errors.clone(), self.request_id());
        self.shared.logs.hints.find(error, move |hint| {
            let id = id.as_ref().map(RequestId::as_str);
            errors.report_about(id, Role::Warning, &printable(&format!("Hint: {hint}")));
        });
    }

    /// Reports an error of a response body.
    pub(super) fn body_failed(&self, error: &(dyn std::error::Error + 'static)) {
        let causes = with_causes(error);
        let text = format!("Error: {}: the response body failed: {}", self.request(), printable(&causes));
        self.report(&text);
    }

    fn report(&self, text: &str) {
        let id = self.request_id();
        self.shared.logs.errors.report_about(id.as_ref().map(RequestId::as_str), Role::Error, text);
    }

    fn request_id(&self) -> Option<RequestId> {
        self.lock().exchange.as_ref().map(|exchange| exchange.id.clone())
    }

    /// Returns the method and the path. The query may be confidential and is omitted.
    fn request(&self) -> String {
        let state = self.lock();
        let request =
            state.exchange.as_ref().map(|exchange| format!("{} {}", exchange.method, exchange.uri.path()));
        printable(&request.unwrap_or_default()).into_owned()
    }

    fn write(&self, exchange: Exchange, now: Instant) {
        if exchange.is_silent {
            return;
        }
        let aborted = exchange.aborted.map(|why| why.to_string());
        self.log(&Entry {
            time: LogTime(now),
            request: Some((&exchange.method, &exchange.uri, exchange.version)),
            id: Some(&exchange.id),
            client: Some(exchange.client),
            status: exchange.logged_status(),
            bytes: exchange.status.map(|_| exchange.sent),
            duration: Some(now.saturating_duration_since(exchange.started)),
            note: aborted.as_deref().or(exchange.note.as_deref()),
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
        if let Some(exchange) = self.lock().exchange.as_mut() {
            change(exchange);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn new(logs: Arc<Logs>, peer: IpAddr, connection: Option<ConnectionLog>) -> Self {
        Self {
            logs,
            peer: peer.to_canonical(),
            state: Mutex::new(State { exchange: None, idle_since: Instant::now() }),
            has_begun: AtomicBool::new(false),
            is_tls: AtomicBool::new(false),
            streams: AtomicUsize::new(NO_STREAMS),
            is_active: AtomicBool::new(false),
            is_forwarding: AtomicBool::new(false),
            connection,
        }
    }
}
