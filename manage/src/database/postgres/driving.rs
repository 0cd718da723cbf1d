//! What drives a session's socket.

use std::future::Future;

use tokio_postgres::{Client, Config};

use super::stream::Negotiation;
use crate::database::ConnectError;
use crate::database::network::dial::Endpoint;
use crate::settings::DatabaseSettings;

/// Drives the socket of one session. Dropping it closes the session; its client must be dropped before.
pub(super) trait SessionDriver: Sized {
    /// Connects to an endpoint, and logs in.
    async fn log_in(
        settings: &DatabaseSettings,
        config: &Config,
        negotiation: &Negotiation,
        target: &Endpoint,
    ) -> Result<(Client, Self), ConnectError>;

    /// Runs a future of the session's client.
    async fn drive<F: Future>(&mut self, future: F) -> F::Output;

    /// Runs the futures of such sessions.
    fn run<F: Future>(future: F) -> F::Output;

    /// Sets whether the end of the session sends the terminate message.
    fn closes_cleanly(&mut self, is_clean: bool);
}
