//! Listens, serves, and stops: no new connections, the running requests to their end, and no longer than promised.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper::server::conn::http1::{self, UpgradeableConnection};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::ListenAddress;
use super::access_log::{Abort, ConnectionLog};
use super::observed::{Observed, ObservedIo};
use crate::console::Stream;

/// How long a client may take for the head of a request: one that sends half of it would hold a connection for ever.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// A socket that listens; nothing is accepted yet.
pub struct Listening {
    listener: TcpListener,
}

impl Listening {
    /// The address in truth: the port that the operating system chose where 0 was asked for.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Takes the first address of the host that can be taken.
pub async fn listen(address: &ListenAddress) -> io::Result<Listening> {
    let listener = TcpListener::bind((address.host.as_str(), address.port)).await?;
    Ok(Listening { listener })
}

/// How to serve.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Where each request gets a line; none for no log.
    pub log: Option<Stream>,
    /// Where a handler that panics, and a response body that fails, are reported.
    pub errors: Stream,
    /// How long running requests may take after the signal to stop.
    pub grace: Duration,
}

/// Serves until `stop` is ready, and then ends the running requests. Returns whether all of them ended in time.
pub async fn serve(
    listening: Listening,
    router: Router,
    options: ServeOptions,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<bool> {
    let routes = TowerToHyperService::new(router.with_state(()));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    // Each connection holds a receiver: all have ended when there is none left.
    let (stopping, stopped) = watch::channel(false);
    let mut listener = listening.listener;
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            (stream, _) = Listener::accept(&mut listener) => {
                let log = ConnectionLog::new(options.log.clone(), options.errors.clone());
                let io = ObservedIo { io: TokioIo::new(stream), log: log.clone() };
                let service = Observed { routes: routes.clone(), log: log.clone() };
                let connection = builder.serve_connection(io, service).with_upgrades();
                tokio::spawn(drive(connection, Unfinished(log), stopped.clone()));
            }
            () = &mut stop => break,
        }
    }
    drop((listener, stopped));
    let _ = stopping.send(true);
    Ok(tokio::time::timeout(options.grace, stopping.closed()).await.is_ok())
}

/// The log of a connection. A request that is still running when it is dropped was cut off by the server.
struct Unfinished(ConnectionLog);

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.0.ended(Abort::Stopped);
    }
}

/// Serves one connection; when the server stops, up to the end of the request that is running.
async fn drive(
    connection: UpgradeableConnection<ObservedIo<TokioIo<TcpStream>>, Observed>,
    log: Unfinished,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        _ = stopped.wait_for(|stopped| *stopped) => {
            connection.as_mut().graceful_shutdown();
            None
        }
    };
    let ended = match ended {
        Some(ended) => ended,
        None => connection.await,
    };
    let Unfinished(log) = &log;
    match ended {
        Ok(()) => log.flushed(),
        Err(error) if !log.ended(Abort::ClientClosed) => log.refused(&error),
        Err(_) => {}
    }
}
