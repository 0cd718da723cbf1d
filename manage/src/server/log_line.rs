//! A line of the log about a request: for people, or for programs.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::Write as _;
use std::net::IpAddr;
use std::thread::LocalKey;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Local, Utc};
use hyper::{Method, Uri, Version};
use serde::{Serialize, Serializer};

use crate::console::{Role, printable, printable_json};

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
    time: Now,
    level: &'static str,
    event: &'static str,
    request_id: Option<&'a str>,
    client: Option<IpAddr>,
    method: Option<&'a str>,
    target: Option<Cow<'a, str>>,
    version: Option<&'static str>,
    status: Option<u16>,
    bytes: Option<u64>,
    duration_ms: Option<f64>,
    note: Option<&'a str>,
}

/// The keys of any other line.
#[derive(Serialize)]
pub(super) struct MessageLine<'a> {
    pub(super) time: Now,
    pub(super) level: &'static str,
    pub(super) event: &'static str,
    pub(super) request_id: Option<&'a str>,
    pub(super) message: &'a str,
}

impl Entry<'_> {
    pub(super) fn level(&self) -> &'static str {
        match self.status {
            None | Some(500..) => "error",
            Some(400..) => "warn",
            Some(_) => "info",
        }
    }

    pub(super) fn role(&self) -> Role {
        match self.status.unwrap_or_default() {
            100..200 => Role::HttpInfo,
            200..300 => Role::HttpSuccess,
            304 => Role::HttpNotModified,
            300..400 => Role::HttpRedirect,
            404 => Role::HttpNotFound,
            400..500 => Role::HttpBadRequest,
            _ => Role::HttpServerError,
        }
    }

    /// Writes a line for people: Django's format, and the duration.
    pub(super) fn write_text(&self, line: &mut Vec<u8>) {
        line.push(b'[');
        with_second(&LOCAL, SystemTime::now(), |second| line.extend_from_slice(second.as_bytes()));
        line.extend_from_slice(b"] \"");
        match self.request {
            // The method consists of letters and the like.
            Some((method, uri, version)) => {
                for part in [method.as_str(), " ", &*printable(&*target(uri)), " ", version_name(version)] {
                    line.extend_from_slice(part.as_bytes());
                }
            }
            None => line.push(b'-'),
        }
        line.push(b'"');
        for number in [self.status.map(u64::from), self.bytes] {
            line.push(b' ');
            match number {
                Some(number) => push_number(line, number),
                None => line.push(b'-'),
            }
        }
        if let Some(duration) = self.duration {
            let tenths = (duration.as_micros() as u64 + 50) / 100;
            line.push(b' ');
            push_number(line, tenths / 10);
            line.push(b'.');
            push_number(line, tenths % 10);
            line.extend_from_slice(b"ms");
        }
        if let Some(note) = self.note {
            // Writing to memory cannot fail.
            let _ = write!(line, " ({})", printable(note));
        }
    }

    /// Writes a JSON object into an empty line.
    pub(super) fn write_json(&self, line: &mut Vec<u8>) -> serde_json::Result<()> {
        write_json(
            line,
            &RequestLine {
                time: Now,
                level: self.level(),
                event: "request",
                request_id: self.id,
                client: self.client,
                method: self.request.map(|(method, ..)| method.as_str()),
                target: self.request.map(|(_, uri, _)| target(uri)),
                version: self.request.map(|(.., version)| version_name(version)),
                status: self.status,
                bytes: self.bytes,
                duration_ms: self.duration.map(|duration| duration.as_micros() as f64 / 1_000.0),
                note: self.note,
            },
        )
    }
}

/// Writes an object into an empty line, without characters that a terminal would interpret.
pub(super) fn write_json(line: &mut Vec<u8>, object: &impl Serialize) -> serde_json::Result<()> {
    serde_json::to_writer(&mut *line, object)?;
    let escaped = match printable_json(&String::from_utf8_lossy(line)) {
        Cow::Borrowed(_) => None,
        Cow::Owned(escaped) => Some(escaped),
    };
    if let Some(escaped) = escaped {
        *line = escaped.into_bytes();
    }
    Ok(())
}

/// The time when it is serialized: in UTC, with microseconds.
pub(super) struct Now;

impl Serialize for Now {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let now = SystemTime::now();
        let micros = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_micros());
        with_second(&UTC, now, |second| serializer.collect_str(&format_args!("{second}.{micros:06}Z")))
    }
}

/// A formatted second, which many lines share.
struct Second {
    /// Since 1970.
    number: u64,
    text: String,
    format: fn(SystemTime) -> String,
}

impl Second {
    const fn new(format: fn(SystemTime) -> String) -> RefCell<Self> {
        RefCell::new(Self { number: 0, text: String::new(), format })
    }
}

thread_local! {
    static UTC: RefCell<Second> =
        const { Second::new(|now| DateTime::<Utc>::from(now).format("%Y-%m-%dT%H:%M:%S").to_string()) };
    static LOCAL: RefCell<Second> =
        const { Second::new(|now| DateTime::<Local>::from(now).format("%d/%b/%Y %H:%M:%S").to_string()) };
}

/// Calls a function with the text of a time's second.
fn with_second<T>(
    last: &'static LocalKey<RefCell<Second>>,
    now: SystemTime,
    function: impl FnOnce(&str) -> T,
) -> T {
    let number = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    last.with_borrow_mut(|second| {
        if second.number != number || second.text.is_empty() {
            (second.number, second.text) = (number, (second.format)(now));
        }
        function(&second.text)
    })
}

/// Returns the target as the client sent it: nearly always a path, which is borrowed.
fn target(uri: &Uri) -> Cow<'_, str> {
    match uri.path_and_query() {
        Some(path) if uri.authority().is_none() => Cow::Borrowed(path.as_str()),
        _ => Cow::Owned(uri.to_string()),
    }
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

fn push_number(line: &mut Vec<u8>, number: u64) {
    line.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}
