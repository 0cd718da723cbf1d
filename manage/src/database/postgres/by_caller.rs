//! Sessions whose socket is driven by the thread that uses them.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio_postgres::{Client, Config};

use super::driving::SessionDriver;
use super::handover::Lent;
use super::open::RawConnection;
use super::open::connect_error;
use super::protocol::Protocol;
use super::stream::{Negotiated, Negotiation};
use super::wire::WatchedStream;
use crate::database::ConnectError;
use crate::database::network::caller;
use crate::database::network::dial::Endpoint;
use crate::panics;
use crate::settings::DatabaseSettings;

/// The system's socket, without encryption.
#[cfg(unix)]
pub(super) type Socket = caller::Socket;
#[cfg(not(unix))]
pub(super) type Socket = tokio_postgres::Socket;

/// The stream of a logged-in session: encrypted or not, and observed.
pub(super) type SessionStream = Lent<WatchedStream<Negotiated<Socket>>>;

type Connection = tokio_postgres::Connection<Socket, SessionStream>;

/// Drives a session while one of its queries runs, and at no other time.
pub(super) struct CallerDriven {
    /// `None` once the connection has ended.
    connection: Option<Box<Connection>>,
    closes_cleanly: bool,
}

impl CallerDriven {
    const CLOSE_LIMIT: Duration = Duration::from_millis(100);

    /// Sends and receives what is possible now.
    fn poll(&mut self, cx: &mut Context<'_>) {
        let Some(connection) = &mut self.connection else { return };
        // The next query reports how the connection ended, or that it panicked.
        match panics::call_silently(|| Pin::new(connection).poll(cx)) {
            Ok(Poll::Pending) => {}
            Ok(Poll::Ready(_)) | Err(_) => {
                let _ = panics::call_silently(|| self.connection = None);
            }
        }
    }

    /// Returns whether the connection has ended. It reads what has arrived, and does not wait.
    pub(super) fn has_ended(&mut self) -> bool {
        if self.connection.is_some() {
            caller::look(poll_fn(|cx| {
                self.poll(cx);
                if self.connection.is_none() { Poll::Ready(()) } else { Poll::Pending }
            }));
        }
        self.connection.is_none()
    }
}

impl RawConnection<CallerDriven> {
    /// Takes the session's stream from the driver. Between two statements the driver has nothing to send, and
    /// nothing to wait for.
    pub(super) fn take_over(mut self) -> Option<Protocol> {
        let stream = self.lender?.take_back()?;
        self.session.connection = None;
        self.wire.take_over();
        let (input, skip) = self.wire.partly_received();
        Some(Protocol::new(stream, &input, skip))
    }
}

impl SessionDriver for CallerDriven {
    async fn log_in(
        settings: &DatabaseSettings,
        config: &Config,
        negotiation: &Negotiation,
        target: &Endpoint,
    ) -> Result<(Client, Self), ConnectError> {
        let (client, connection) = connect(settings, config, negotiation, target).await?;
        Ok((client, Self { connection: Some(Box::new(connection)), closes_cleanly: true }))
    }

    async fn drive<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|cx| {
            let polled = future.as_mut().poll(cx);
            if polled.is_pending() {
                self.poll(cx);
            }
            polled
        })
        .await
    }

    fn run<F: Future>(future: F) -> F::Output {
        caller::run(future)
    }

    fn closes_cleanly(&mut self, is_clean: bool) {
        self.closes_cleanly = is_clean;
    }
}

impl Drop for CallerDriven {
    fn drop(&mut self) {
        let Some(connection) = &mut self.connection else { return };
        if self.closes_cleanly && caller::is_usable() {
            // The client is gone, so this sends the terminate message. It is short, and takes no time.
            let close = || caller::run_until(Instant::now() + Self::CLOSE_LIMIT, connection);
            let _ = panics::call_silently(close);
        }
    }
}

/// Connects to an endpoint, and logs in.
#[cfg(unix)]
async fn connect(
    settings: &DatabaseSettings,
    config: &Config,
    negotiation: &Negotiation,
    target: &Endpoint,
) -> Result<(Client, Connection), ConnectError> {
    let (socket, host) = match target {
        Endpoint::Ip { host, ip, port } => {
            let socket = Socket::connect((*ip, *port).into()).await;
            let socket = socket.and_then(|socket| keep_alive(&socket, config).map(|()| socket));
            (socket, host.as_str())
        }
        Endpoint::Unix { path, port } => {
            (Socket::connect_local(&path.join(format!(".s.PGSQL.{port}"))).await, "")
        }
    };
    let socket = socket.map_err(|error| ConnectError::of_io(settings, &error))?;
    let connected = config.connect_raw(socket, negotiation.with_host(host)).await;
    connected.map_err(|error| connect_error(settings, &error))
}

#[cfg(not(unix))]
async fn connect(
    settings: &DatabaseSettings,
    config: &Config,
    negotiation: &Negotiation,
    _: &Endpoint,
) -> Result<(Client, Connection), ConnectError> {
    let connected = config.connect(negotiation.clone()).await;
    connected.map_err(|error| connect_error(settings, &error))
}

/// Sets the socket's options, as the driver does for its own sockets.
#[cfg(unix)]
fn keep_alive(socket: &Socket, config: &Config) -> std::io::Result<()> {
    use rustix::net::sockopt;
    #[cfg(target_os = "linux")]
    if let Some(limit) = config.get_tcp_user_timeout() {
        sockopt::set_tcp_user_timeout(socket, u32::try_from(limit.as_millis()).unwrap_or(u32::MAX))?;
    }
    if !config.get_keepalives() {
        return Ok(());
    }
    sockopt::set_socket_keepalive(socket, true)?;
    sockopt::set_tcp_keepidle(socket, config.get_keepalives_idle())?;
    if let Some(interval) = config.get_keepalives_interval() {
        sockopt::set_tcp_keepintvl(socket, interval)?;
    }
    if let Some(count) = config.get_keepalives_retries() {
        sockopt::set_tcp_keepcnt(socket, count)?;
    }
    Ok(())
}
