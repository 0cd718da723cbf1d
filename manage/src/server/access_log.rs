//! Writes a line for each request, in Django's format, when the last byte of the response is sent.

use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::{Method, Request, StatusCode, Uri, Version};

use super::site::with_causes;
use crate::console::{Role, Stream, printable};
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
}

impl fmt::Display for Abort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientClosed => "client closed the connection",
            Self::Stopped => "cut off: the server stopped",
            Self::BodyFailed => "the response body failed",
            Self::SlowReader => "cut off: the client reads too slowly",
            Self::SlowSender => "cut off: the client sends too slowly",
        })
    }
}

/// A request and the state of its response.
struct Exchange {
    method: Method,
    uri: Uri,
    version: Version,
    /// The status of the handler's response.
    status: Option<StatusCode>,
    /// The number of bytes of the response body that were passed to the connection.
    sent: u64,
    /// Whether the whole response was passed to the connection.
    is_complete: bool,
    aborted: Option<Abort>,
    /// Why the server itself responded.
    note: Option<String>,
}

/// The log of one connection, which has at most one request at a time. Clones share it.
#[derive(Clone)]
pub(super) struct ConnectionLog {
    shared: Arc<Shared>,
}

struct Shared {
    access: Option<Stream>,
    errors: Stream,
    exchange: Mutex<Option<Exchange>>,
    has_begun: AtomicBool,
}

impl ConnectionLog {
    /// Creates the log. `access` gets a line for each request, `errors` the panics and failed bodies.
    pub(super) fn new(access: Option<Stream>, errors: Stream) -> Self {
        let (exchange, has_begun) = (Mutex::new(None), AtomicBool::new(false));
        Self { shared: Arc::new(Shared { access, errors, exchange, has_begun }) }
    }

    /// Records the start of a request.
    pub(super) fn begin<B>(&self, request: &Request<B>) {
        let new = Exchange {
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            status: None,
            sent: 0,
            is_complete: false,
            aborted: None,
            note: None,
        };
        self.shared.has_begun.store(true, Ordering::Relaxed);
        let before = self.lock().replace(new);
        // The client sent its next request before it had read the response.
        if let Some(before) = before {
            self.write(before);
        }
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
    }

    /// Records that a part of the body was passed to the connection; `is_complete` if it was the last one.
    pub(super) fn sent(&self, bytes: u64, is_complete: bool) {
        self.update(|exchange| {
            exchange.sent += bytes;
            exchange.is_complete = is_complete;
        });
    }

    /// Records that the body of the request or the response ended prematurely.
    pub(super) fn abort(&self, why: Abort) {
        self.update(|exchange| exchange.aborted = exchange.aborted.or(Some(why)));
    }

    /// Records why the server itself responded.
    pub(super) fn note(&self, note: String) {
        self.update(|exchange| exchange.note = Some(note));
    }

    /// Returns whether the client did not send all of its request in time.
    pub(super) fn is_slow_sender(&self) -> bool {
        self.lock().as_ref().is_some_and(|exchange| exchange.aborted == Some(Abort::SlowSender))
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
        if error.is_parse() {
            self.line("-", Some(400), None, Some(&printable(&with_causes(error))));
        } else if error.is_incomplete_message() {
            self.line("-", Some(CLIENT_CLOSED_REQUEST), None, Some(&Abort::ClientClosed.to_string()));
        }
    }

    /// Reports a panic of a handler or of its response body.
    pub(super) fn panicked(&self, panic: &Panic) {
        let what = self.request();
        let place = panic.place.as_ref().map(|place| format!(" at {place}")).unwrap_or_default();
        let mut text = format!("Error: {what} panicked{place}: {}", printable(&panic.message));
        if let Some(backtrace) = &panic.backtrace {
            text.push_str(&format!("\n{backtrace}"));
        }
        let _ = self.shared.errors.styled_line(Role::Error, text);
    }

    /// Reports an error of a response body.
    pub(super) fn body_failed(&self, error: &(dyn std::error::Error + 'static)) {
        let causes = with_causes(error);
        let text = format!("Error: {}: the response body failed: {}", self.request(), printable(&causes));
        let _ = self.shared.errors.styled_line(Role::Error, text);
    }

    /// Returns the method and the path. The query may be confidential and is omitted.
    fn request(&self) -> String {
        let exchange = self.lock();
        let request =
            exchange.as_ref().map(|exchange| format!("{} {}", exchange.method, exchange.uri.path()));
        printable(&request.unwrap_or_default()).into_owned()
    }

    fn write(&self, exchange: Exchange) {
        if self.shared.access.is_none() {
            return;
        }
        let size = exchange.status.map(|_| exchange.sent);
        let status = match (exchange.status, exchange.aborted) {
            (Some(status), _) => Some(status.as_u16()),
            (None, Some(Abort::ClientClosed)) => Some(CLIENT_CLOSED_REQUEST),
            (None, _) => None,
        };
        let Exchange { method, uri, version, aborted, note, .. } = exchange;
        let note = aborted.map(|why| why.to_string()).or(note);
        self.line(&format!("{method} {uri} {version:?}"), status, size, note.as_deref());
    }

    fn line(&self, request_line: &str, status: Option<u16>, size: Option<u64>, note: Option<&str>) {
        let Some(access) = &self.shared.access else { return };
        let now = chrono::Local::now().format("%d/%b/%Y %H:%M:%S");
        let mut text = format!("[{now}] \"{}\"", printable(request_line));
        for number in [status.map(u64::from), size] {
            // Writing to a string cannot fail.
            let _ = match number {
                Some(number) => write!(text, " {number}"),
                None => write!(text, " -"),
            };
        }
        if let Some(note) = note {
            let _ = write!(text, " ({note})");
        }
        // A broken log is not a reason to stop serving.
        let _ = access.styled_line(role(status), text);
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

fn role(status: Option<u16>) -> Role {
    match status.unwrap_or_default() {
        100..200 => Role::HttpInfo,
        200..300 => Role::HttpSuccess,
        304 => Role::HttpNotModified,
        300..400 => Role::HttpRedirect,
        404 => Role::HttpNotFound,
        400..500 => Role::HttpBadRequest,
        _ => Role::HttpServerError,
    }
}
