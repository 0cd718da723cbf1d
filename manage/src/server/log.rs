//! The server's log: lines for people, or JSON objects for programs.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Local, SecondsFormat, Utc};
use hyper::{Method, Uri, Version};
use serde::Serialize;

use super::events;
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
        Self { stream, format }
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
        let _ = match self.format {
            LogFormat::Text => self.stream.styled_line(role, text),
            LogFormat::Json => {
                let message = text.strip_prefix("Error: ").or(text.strip_prefix("Warning: ")).unwrap_or(text);
                self.json(&MessageLine { time: time(), level, event: "message", request_id, message })
            }
        };
    }

    /// Writes a line about a request.
    pub(super) fn request(&self, entry: &Entry<'_>) {
        let _ = match self.format {
            LogFormat::Text => self.stream.styled_line(role(entry.status), text(entry)),
            LogFormat::Json => self.json(&RequestLine {
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
            }),
        };
    }

    fn json(&self, line: &impl Serialize) -> std::io::Result<()> {
        let text = serde_json::to_string(line)?;
        self.stream.line(printable_json(&text))
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

fn time() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true)
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
    push_local_time(&mut text);
    text.push_str("] \"");
    match entry.request {
        // The method consists of letters and the like.
        Some((method, target, version)) => {
            let target = target.to_string();
            text.push_str(method.as_str());
            text.push(' ');
            text.push_str(&printable(&target));
            text.push(' ');
            text.push_str(version_name(version));
        }
        None => text.push('-'),
    }
    text.push('"');
    for number in [entry.status.map(u64::from), entry.bytes] {
        // Writing to a string cannot fail.
        let _ = match number {
            Some(number) => write!(text, " {number}"),
            None => write!(text, " -"),
        };
    }
    if let Some(duration) = entry.duration {
        let _ = write!(text, " {:.1}ms", duration.as_micros() as f64 / 1_000.0);
    }
    if let Some(note) = entry.note {
        let _ = write!(text, " ({})", printable(note));
    }
    text
}

/// Appends the local time in seconds, which many lines share.
fn push_local_time(text: &mut String) {
    thread_local! {
        static LAST: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
    }
    let now = SystemTime::now();
    let second = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    LAST.with_borrow_mut(|(last, formatted)| {
        if *last != second {
            *last = second;
            *formatted = DateTime::<Local>::from(now).format("%d/%b/%Y %H:%M:%S").to_string();
        }
        text.push_str(formatted);
    });
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
