//! The same as events of `tracing`, for a team's subscriber.

use super::log_line::Entry;

/// Whether events are sent at all.
pub(crate) const ENABLED: bool = cfg!(feature = "tracing");

/// Returns whether the program has installed a subscriber, which gets the events.
#[cfg(feature = "tracing")]
pub(crate) fn has_subscriber() -> bool {
    tracing::dispatcher::has_been_set()
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn has_subscriber() -> bool {
    false
}

#[cfg(feature = "tracing")]
pub(super) fn request(entry: &Entry<'_>) {
    macro_rules! event {
        ($level:ident) => {
            tracing::event!(
                target: "manage::request",
                tracing::Level::$level,
                request_id = entry.id.map(super::request_id::RequestId::as_str),
                client = entry.client.map(tracing::field::display),
                method = entry.request.map(|(method, ..)| method.as_str()),
                // The query may be confidential.
                path = entry.request.map(|(_, target, _)| target.path()),
                status = entry.status,
                bytes = entry.bytes,
                duration_ms = entry.duration.map(|duration| duration.as_micros() as f64 / 1_000.0),
                note = entry.note,
                "request"
            )
        };
    }
    match entry.level() {
        "error" => event!(ERROR),
        "warn" => event!(WARN),
        _ => event!(INFO),
    }
}

#[cfg(feature = "tracing")]
pub(super) fn message(level: &str, request_id: Option<&str>, text: &str) {
    match level {
        "error" => tracing::error!(target: "manage::server", request_id, "{text}"),
        "warn" => tracing::warn!(target: "manage::server", request_id, "{text}"),
        _ => tracing::info!(target: "manage::server", request_id, "{text}"),
    }
}

#[cfg(not(feature = "tracing"))]
pub(super) fn request(_: &Entry<'_>) {}

#[cfg(not(feature = "tracing"))]
pub(super) fn message(_: &str, _: Option<&str>, _: &str) {}
