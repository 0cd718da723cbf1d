//! Sessions whose socket is driven by the background thread: for connections that async code uses, on any
//! runtime.

use std::future::Future;
use std::time::Duration;

use diesel_async::async_connection_wrapper::BlockOn as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio_postgres::tls::TlsStream;
use tokio_postgres::{Client, Config};
#[cfg(unix)]
use tokio_postgres::{NoTls, config::SslMode};

use super::driving::SessionDriver;
use super::open::connect_error;
#[cfg(unix)]
use super::stream::Fair;
use super::stream::Negotiation;
#[cfg(unix)]
use super::wire::WatchedStream;
use crate::database::ConnectError;
use crate::database::network::background::Background;
use crate::database::network::dial::Endpoint;
use crate::settings::DatabaseSettings;

/// The task that drives a connection's socket.
pub(super) struct BackgroundDriven {
    /// Present until drop.
    task: Option<JoinHandle<()>>,
    closes_cleanly: bool,
}

impl BackgroundDriven {
    const CLOSE_LIMIT: Duration = Duration::from_millis(100);

    fn start<S, T>(connection: tokio_postgres::Connection<S, T>) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        T: TlsStream + Unpin + Send + 'static,
    {
        // The next use of the connection reports how it ended.
        let task = Background.spawn(async move { drop(connection.await) });
        Self { task: Some(task), closes_cleanly: true }
    }

    /// Lets the task run on until its client is dropped: it then sends the terminate message and ends.
    pub(super) fn detach(mut self) {
        self.task = None;
    }
}

impl SessionDriver for BackgroundDriven {
    async fn log_in(
        settings: &DatabaseSettings,
        config: &Config,
        negotiation: &Negotiation,
        target: &Endpoint,
    ) -> Result<(Client, Self), ConnectError> {
        #[cfg(unix)]
        if let Endpoint::Unix { path, port } = target {
            let socket = tokio::net::UnixStream::connect(path.join(format!(".s.PGSQL.{port}"))).await;
            let socket = socket.map_err(|error| ConnectError::of_io(settings, &error))?;
            let stream = WatchedStream::new(Fair::new(socket), negotiation.wire.clone());
            let connected = config.clone().ssl_mode(SslMode::Disable).connect_raw(stream, NoTls).await;
            let (client, connection) = connected.map_err(|error| connect_error(settings, &error))?;
            return Ok((client, Self::start(connection)));
        }
        let _ = target;
        // The driver makes its own socket, to which it can connect again for `cancel_token`.
        let connected = config.connect(negotiation.clone()).await;
        let (client, connection) = connected.map_err(|error| connect_error(settings, &error))?;
        Ok((client, Self::start(connection)))
    }

    async fn drive<F: Future>(&mut self, future: F) -> F::Output {
        future.await
    }

    fn run<F: Future>(future: F) -> F::Output {
        Background.block_on(future)
    }

    fn closes_cleanly(&mut self, is_clean: bool) {
        self.closes_cleanly = is_clean;
    }
}

impl Drop for BackgroundDriven {
    fn drop(&mut self) {
        let Some(mut task) = self.task.take() else { return };
        if !self.closes_cleanly || task.is_finished() {
            return task.abort();
        }
        Background.finish(async move {
            drop(tokio::time::timeout(Self::CLOSE_LIMIT, &mut task).await);
            task.abort();
        });
    }
}
