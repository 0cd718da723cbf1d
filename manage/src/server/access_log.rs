//! A line for each request, in the form of Django's, written when the last byte of the answer is sent.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::{Method, Request, StatusCode, Uri, Version};

use super::site::with_causes;
use crate::caught::Panic;
use crate::console::{Role, Stream, printable};

/// The status of a request whose client did not wait for the answer, as in nginx's logs.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// Why an exchange ended before its last byte was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Abort {
    /// The client closed the connection.
    ClientClosed,
    /// The server stopped and did not wait any longer.
    Stopped,
    /// The body of the response failed: its error, or its panic, has a line of its own.
    BodyFailed,
}

impl fmt::Display for Abort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientClosed => "client closed the connection",
            Self::Stopped => "cut off: the server stopped",
            Self::BodyFailed => "the response body failed",
        })
    }
}

/// A request and what is known of its answer so far.
struct Exchange {
    method: Method,
    uri: Uri,
    version: Version,
    /// What the handler answered.
    status: Option<StatusCode>,
    /// Bytes of the response body that the connection has taken.
    sent: u64,
    /// Whether the connection has taken all of the response.
    is_complete: bool,
    aborted: Option<Abort>,
}

/// The log of one connection, which has one request at a time. Clones are of the same connection.
#[derive(Clone)]
pub(super) struct ConnectionLog {
    shared: Arc<Shared>,
}

struct Shared {
    access: Option<Stream>,
    errors: Stream,
    exchange: Mutex<Option<Exchange>>,
}

impl ConnectionLog {
    /// `access` is where each request gets a line, `errors` where panics and failing bodies are reported.
    pub(super) fn new(access: Option<Stream>, errors: Stream) -> Self {
        Self { shared: Arc::new(Shared { access, errors, exchange: Mutex::new(None) }) }
    }

    /// A request has arrived.
    pub(super) fn begin<B>(&self, request: &Request<B>) {
        let new = Exchange {
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            status: None,
            sent: 0,
            is_complete: false,
            aborted: None,
        };
        let before = self.lock().replace(new);
        // A client that sends its next request before it has read the answer.
        if let Some(before) = before {
            self.write(before);
        }
    }

    /// The handler has answered; `is_complete` where there is no body to send.
    pub(super) fn answered(&self, status: StatusCode, is_complete: bool) {
        self.update(|exchange| {
            // Of a client that left before it had sent all of its request: it gets no answer.
            exchange.status = exchange.aborted.is_none().then_some(status);
            exchange.is_complete = is_complete;
        });
    }

    /// The connection has taken a part of the body; `is_complete` where it was the last one.
    pub(super) fn sent(&self, bytes: u64, is_complete: bool) {
        self.update(|exchange| {
            exchange.sent += bytes;
            exchange.is_complete = is_complete;
        });
    }

    /// The request's body, or the response's, ended too early.
    pub(super) fn abort(&self, why: Abort) {
        self.update(|exchange| exchange.aborted = exchange.aborted.or(Some(why)));
    }

    /// All that the connection has taken is with the operating system.
    pub(super) fn flushed(&self) {
        let exchange = self.lock().take_if(|exchange| exchange.is_complete);
        if let Some(exchange) = exchange {
            self.write(exchange);
        }
    }

    /// The connection has ended. Returns whether a request was unfinished.
    pub(super) fn ended(&self, why: Abort) -> bool {
        let Some(mut exchange) = self.lock().take() else { return false };
        exchange.aborted = exchange.aborted.or(Some(why));
        self.write(exchange);
        true
    }

    /// The connection has ended before a request was understood.
    pub(super) fn refused(&self, error: &hyper::Error) {
        // Nothing but port checks and connections that a browser keeps ready ends without a word.
        if error.is_parse() {
            self.line("-", Some(400), None, Some(&printable(&with_causes(error))));
        } else if error.is_incomplete_message() {
            self.line("-", Some(CLIENT_CLOSED_REQUEST), None, Some(&Abort::ClientClosed.to_string()));
        }
    }

    /// A handler, or the body that it made, has panicked.
    pub(super) fn panicked(&self, panic: &Panic) {
        let what = self.request();
        let place = panic.place.as_ref().map(|place| format!(" at {place}")).unwrap_or_default();
        let mut text = format!("Error: {what} panicked{place}: {}", printable(&panic.message));
        if let Some(backtrace) = &panic.backtrace {
            text.push_str(&format!("\n{backtrace}"));
        }
        let _ = self.shared.errors.styled_line(Role::Error, text);
    }

    /// The body of a response has failed.
    pub(super) fn body_failed(&self, error: &(dyn std::error::Error + 'static)) {
        let causes = with_causes(error);
        let text = format!("Error: {}: the response body failed: {}", self.request(), printable(&causes));
        let _ = self.shared.errors.styled_line(Role::Error, text);
    }

    /// The method and the path, without the query, which may be confidential.
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
        let note = exchange.aborted.map(|why| why.to_string());
        let Exchange { method, uri, version, .. } = exchange;
        self.line(&format!("{method} {uri} {version:?}"), status, size, note.as_deref());
    }

    fn line(&self, request_line: &str, status: Option<u16>, size: Option<u64>, note: Option<&str>) {
        let Some(access) = &self.shared.access else { return };
        let now = chrono::Local::now().format("%d/%b/%Y %H:%M:%S");
        let mut text = format!("[{now}] \"{}\"", printable(request_line));
        for number in [status.map(u64::from), size] {
            // A string takes whatever is written to it.
            let _ = match number {
                Some(number) => write!(text, " {number}"),
                None => write!(text, " -"),
            };
        }
        if let Some(note) = note {
            let _ = write!(text, " ({note})");
        }
        // A broken log is no reason to stop serving.
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
