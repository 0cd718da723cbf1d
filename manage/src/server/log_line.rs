//! A line of the log about a request: for people, or for programs.

use std::borrow::Cow;
use std::mem;
use std::net::IpAddr;
use std::time::Duration;

use hyper::{Method, Uri, Version};
use serde::Serialize;
use serde::ser::Error as _;

use super::log_time::LogTime;
use super::request_id::RequestId;
use crate::console::{Role, printable_json, printable_str};

/// A request that has ended.
pub(super) struct Entry<'a> {
    pub(super) time: LogTime,
    /// The method, the target and the version; `None` if the request could not be read.
    pub(super) request: Option<(&'a Method, &'a Uri, Version)>,
    pub(super) id: Option<&'a RequestId>,
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
    time: LogTime,
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
    pub(super) time: LogTime,
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
        self.time.with_local(|time| line.extend_from_slice(time.as_bytes()));
        line.push(b'"');
        match self.request {
            // The method consists of letters and the like.
            Some((method, uri, version)) => {
                line.extend_from_slice(method.as_str().as_bytes());
                line.push(b' ');
                push_printable(line, &target(uri));
                line.push(b' ');
                line.extend_from_slice(version_name(version).as_bytes());
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
            line.extend_from_slice(b" (");
            push_printable(line, note);
            line.push(b')');
        }
    }

    /// Writes a JSON object into an empty line.
    pub(super) fn write_json(&self, line: &mut Vec<u8>) -> serde_json::Result<()> {
        write_json(
            line,
            &RequestLine {
                time: self.time,
                level: self.level(),
                event: "request",
                request_id: self.id.map(RequestId::as_str),
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
    let text = String::from_utf8(mem::take(line)).map_err(serde_json::Error::custom)?;
    let escaped = match printable_json(&text) {
        Cow::Borrowed(_) => None,
        Cow::Owned(escaped) => Some(escaped),
    };
    *line = escaped.unwrap_or(text).into_bytes();
    Ok(())
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

fn push_printable(line: &mut Vec<u8>, text: &str) {
    line.extend_from_slice(printable_str(text).as_bytes());
}

fn push_number(line: &mut Vec<u8>, number: u64) {
    line.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}
