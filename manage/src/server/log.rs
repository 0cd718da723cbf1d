//! The server's log: lines for people, or JSON objects for programs.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::thread::LocalKey;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Local, Utc};
use hyper::{Method, Uri, Version};
use serde::Serialize;

use super::events;
use super::log_buffer::LogBuffer;
use crate::console::{Role, Stream, printable, printable_json};

/// The form of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Lines in Django's format.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// A log. Clones write to the same stream.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    stream: Stream,
    format: LogFormat,
    buffer: Option<Arc<LogBuffer>>,
}

/// A request that has ended.
pub(super) struct Entry<'a> {
    /// The method, the target and the version; `None` if the request could not be read.
    pub(super) request: Option<(&'a Method, &'a Uri, Version)>,
    pub(super) id: Option<&'a str>,
    pub(super) client: Option<IpAddr>,
    pub(super) status: Option<u16>,
    /// The size of the body, if there was a response.
    pub(super) bytes: Option<u64>,
    pub(super) duration: Option<Duration>,
    /// Why the request ended early, or why the server itself responded.
    pub(super) note: Option<&'a str>,
}

/// The keys of a line about a request.
#[derive(Serialize)]
struct RequestLine<'a> {
    time: String,
    level: &'static str,
    event: &'static str,
    request_id: Option<&'a str>,
    client: Option<IpAddr>,
    method: Option<&'a str>,
    target: Option<String>,
    version: Option<&'static str>,
    status: Option<u16>,
    bytes: Option<u64>,
    duration_ms: Option<f64>,
    note: Option<&'a str>,
}

/// The keys of any other line.
#[derive(Serialize)]
struct MessageLine<'a> {
    time: String,
    level: &'static str,
    event: &'static str,
    request_id: Option<&'a str>,
    message: &'a str,
}

impl Log {
    pub(crate) fn new(stream: Stream, format: LogFormat) -> Self {
        Self { stream, format, buffer: None }
    }

    /// Writes lines about requests together, some milliseconds later. On a terminal each one is written at
    /// once.
    #[must_use]
    pub(crate) fn buffered(self) -> Self {
        let buffer = (!self.stream.is_terminal()).then(|| LogBuffer::start(self.stream.clone()));
        Self { buffer, ..self }
    }

    /// Writes what is buffered.
    pub(crate) fn flush(&self) {
        if let Some(buffer) = &self.buffer {
            buffer.flush();
        }
    }

    /// Writes a message. A broken log is not a reason to stop serving.
    pub(crate) fn report(&self, role: Role, text: &str) {
        self.report_about(None, role, text);
    }

    /// The same, about a request.
    pub(super) fn report_about(&self, request_id: Option<&str>, role: Role, text: &str) {
        let level = match role {
            Role::Error => "error",
            Role::Warning => "warn",
            _ => "info",
        };
        events::message(level, text);
        // In the order of time.
        self.flush();
        let _ = match self.format {
            LogFormat::Text => self.stream.styled_line(role, text),
            LogFormat::Json => {
                let message = text.strip_prefix("Error: ").or(text.strip_prefix("Warning: ")).unwrap_or(text);
                let line = MessageLine { time: time(), level, event: "message", request_id, message };
                json(&line).map_err(Into::into).and_then(|line| self.stream.line(line))
            }
        };
    }

    /// Writes a line about a request.
    pub(super) fn request(&self, entry: &Entry<'_>) {
        let mut line = match self.format {
            LogFormat::Text => text(entry),
            LogFormat::Json => match json(&RequestLine::of(entry)) {
                Ok(line) => line,
                Err(_) => return,
            },
        };
        // A broken log is not a reason to stop serving.
        let _ = match (&self.buffer, self.format) {
            (Some(buffer), _) => {
                if self.format == LogFormat::Text && self.stream.has_colors() {
                    line = self.stream.style(role(entry.status), line);
                }
                line.push('\n');
                buffer.push(&line);
                Ok(())
            }
            (None, LogFormat::Text) => self.stream.styled_line(role(entry.status), line),
            (None, LogFormat::Json) => self.stream.line(line),
        };
    }
}

/// Returns an object on one line, without characters that a terminal would interpret.
fn json(line: &impl Serialize) -> serde_json::Result<String> {
    let text = serde_json::to_string(line)?;
    Ok(match printable_json(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(escaped) => escaped,
    })
}

impl<'a> RequestLine<'a> {
    fn of(entry: &Entry<'a>) -> Self {
        Self {
            time: time(),
            level: entry.level(),
            event: "request",
            request_id: entry.id,
            client: entry.client,
            method: entry.request.map(|(method, ..)| method.as_str()),
            target: entry.request.map(|(_, target, _)| target.to_string()),
            version: entry.request.map(|(.., version)| version_name(version)),
            status: entry.status,
            bytes: entry.bytes,
            duration_ms: entry.duration.map(|duration| duration.as_micros() as f64 / 1_000.0),
            note: entry.note,
        }
    }
}

impl Entry<'_> {
    pub(super) fn level(&self) -> &'static str {
        match self.status {
            None | Some(500..) => "error",
            Some(400..) => "warn",
            Some(_) => "info",
        }
    }
}

/// Returns the time in UTC, with microseconds.
fn time() -> String {
    let (mut text, now) = (String::with_capacity(27), SystemTime::now());
    push_second(&mut text, &UTC, now, |now| {
        DateTime::<Utc>::from(now).format("%Y-%m-%dT%H:%M:%S").to_string()
    });
    let micros = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_micros());
    // Writing to a string cannot fail.
    let _ = write!(text, ".{micros:06}Z");
    text
}

type Second = LocalKey<RefCell<(u64, String)>>;

thread_local! {
    static UTC: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
    static LOCAL: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
}

/// Appends a time in seconds, which many lines share.
fn push_second(text: &mut String, last: &'static Second, now: SystemTime, format: fn(SystemTime) -> String) {
    let second = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    last.with_borrow_mut(|(last, formatted)| {
        if *last != second {
            (*last, *formatted) = (second, format(now));
        }
        text.push_str(formatted);
    });
}

fn version_name(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_3 => "HTTP/3",
        _ => "HTTP/1.1",
    }
}

/// Formats a request for people: Django's format, and the duration.
fn text(entry: &Entry<'_>) -> String {
    let mut text = String::with_capacity(128);
    text.push('[');
    push_second(&mut text, &LOCAL, SystemTime::now(), |now| {
        DateTime::<Local>::from(now).format("%d/%b/%Y %H:%M:%S").to_string()
    });
    text.push_str("] \"");
    match entry.request {
        // The method consists of letters and the like.
        Some((method, target, version)) => {
            text.push_str(method.as_str());
            text.push(' ');
            let start = text.len();
            // Writing to a string cannot fail.
            let _ = write!(text, "{target}");
            if let Cow::Owned(escaped) = printable(&text[start..]) {
                text.truncate(start);
                text.push_str(&escaped);
            }
            text.push(' ');
            text.push_str(version_name(version));
        }
        None => text.push('-'),
    }
    text.push('"');
    for number in [entry.status.map(u64::from), entry.bytes] {
        let _ = match number {
            Some(number) => write!(text, " {number}"),
            None => write!(text, " -"),
        };
    }
    if let Some(duration) = entry.duration {
        let tenths = (duration.as_micros() + 50) / 100;
        let _ = write!(text, " {}.{}ms", tenths / 10, tenths % 10);
    }
    if let Some(note) = entry.note {
        let _ = write!(text, " ({})", printable(note));
    }
    text
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
