//! What a client may cost the server.

use std::time::Duration;

use crate::settings::{Settings, SettingsError};

/// The limits of a server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The maximum number of connections; fewer if the process cannot open as many files.
    pub(crate) max_connections: usize,
    /// The maximum size of a request's head.
    pub(crate) max_head_bytes: u32,
    /// The maximum size of a request's body.
    pub(crate) max_body_bytes: u64,
    /// How long a client may keep the server waiting: for the head of a request and its body, for the next
    /// request of a connection, and for reading a response. The time of a slow handler does not count.
    pub(crate) client_timeout: Duration,
    /// How long a handler may take until it responds; `None` means any time.
    pub(crate) request_timeout: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 1024,
            max_head_bytes: 64 * 1024,
            max_body_bytes: 10 * 1024 * 1024,
            client_timeout: Duration::from_secs(30),
            request_timeout: None,
        }
    }
}

impl Limits {
    /// The time of a handler in production, unless the settings name another.
    pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

    /// Reads the settings. `request_timeout` is the default for the time of a handler.
    pub(crate) fn read(
        settings: &Settings,
        request_timeout: Option<Duration>,
    ) -> Result<Self, SettingsError> {
        let (server, default) = (&settings.server, Self::default());
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        Ok(Self {
            max_connections: server
                .max_connections()?
                .map_or(default.max_connections, |count| count as usize),
            max_head_bytes: server.max_head_bytes()?.unwrap_or(default.max_head_bytes),
            max_body_bytes: server.max_body_bytes()?.unwrap_or(default.max_body_bytes),
            client_timeout: server.client_timeout()?.map_or(default.client_timeout, seconds),
            request_timeout: server.request_timeout()?.map(seconds).or(request_timeout),
        })
    }
}
