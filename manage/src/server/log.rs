//! The server's log: lines for people, or JSON objects for programs.

use std::cell::RefCell;
use std::sync::Arc;

use super::events;
use super::log_buffer::LogBuffer;
use super::log_line::{Entry, MessageLine, write_json};
use super::log_time::LogTime;
use crate::console::{Role, Stream};

thread_local! {
    /// The line that a thread writes. It is kept, so that no line needs new memory.
    static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The form of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Lines in Django's format.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
    /// No lines: the subscriber of `tracing` has the events.
    Events,
}

/// A log. Clones write to the same stream.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    stream: Stream,
    format: LogFormat,
    buffer: Option<Arc<LogBuffer>>,
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
        // The level says it already.
        let message = text.strip_prefix("Error: ").or(text.strip_prefix("Warning: ")).unwrap_or(text);
        events::message(level, request_id, message);
        // In the order of time.
        self.flush();
        let _ = match self.format {
            LogFormat::Text => self.stream.styled_line(role, text),
            LogFormat::Json => {
                let mut line = Vec::new();
                let object =
                    MessageLine { time: LogTime::now(), level, event: "message", request_id, message };
                write_json(&mut line, &object)
                    .map_err(Into::into)
                    .and_then(|()| self.stream.line(String::from_utf8_lossy(&line)))
            }
            LogFormat::Events => Ok(()),
        };
    }

    /// Writes a line about a request.
    pub(super) fn request(&self, entry: &Entry<'_>) {
        if self.format == LogFormat::Events {
            return;
        }
        LINE.with_borrow_mut(|line| {
            line.clear();
            match self.format {
                LogFormat::Text => entry.write_text(line),
                LogFormat::Json if entry.write_json(line).is_err() => return,
                LogFormat::Json | LogFormat::Events => {}
            }
            self.write(entry, line);
        });
    }

    fn write(&self, entry: &Entry<'_>, line: &mut Vec<u8>) {
        if self.format == LogFormat::Text && self.stream.has_colors() {
            *line = self.stream.style(entry.role(), String::from_utf8_lossy(line)).into_bytes();
        }
        match &self.buffer {
            Some(buffer) => {
                line.push(b'\n');
                buffer.push(line);
            }
            // A broken log is not a reason to stop serving.
            None => drop(self.stream.line(String::from_utf8_lossy(line))),
        }
    }
}
