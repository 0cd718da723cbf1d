//! Serves, and shuts down gracefully: on shutdown it accepts no new connections and finishes the
//! running requests, within a time limit.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1::{self, UpgradeableConnection};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::AllowedHosts;
use super::accept::Accepting;
use super::access_log::{Abort, ConnectionLog};
use super::draining::Draining;
use super::limits::Limits;
use super::listening::Listening;
use super::observed::{Observed, ObservedIo};
use crate::console::Stream;

/// How to serve.
#[derive(Clone, Debug)]
pub(crate) struct ServeOptions {
    /// The access log; `None` for no log.
    pub log: Option<Stream>,
    /// The stream for panics of handlers and failing response bodies.
    pub errors: Stream,
    /// How long running requests may continue after a stop signal.
    pub grace: Duration,
    /// Which hosts requests may name.
    pub hosts: AllowedHosts,
    /// What a client may cost the server.
    pub limits: Limits,
    /// Set when `stop` is ready, or by whoever knows earlier.
    pub draining: Draining,
}

/// Serves until `stop` is ready, and then finishes the running requests. Returns whether all of them finished
/// in time.
pub(crate) async fn serve(
    listening: Listening,
    router: Router,
    options: ServeOptions,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<bool> {
    let routes = TowerToHyperService::new(router.with_state(()));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(options.limits.client_timeout);
    let hosts = Arc::new(options.hosts);
    let (limits, draining) = (options.limits, options.draining);
    let client_timeout = limits.client_timeout;
    // Each connection holds a receiver: when none is left, all connections have ended.
    let (stopping, stopped) = watch::channel(false);
    let listener = listening.listener;
    let mut accepting =
        Accepting::new(listener, limits.max_connections, client_timeout, options.errors.clone());
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            (stream, slot) = accepting.accept() => {
                let log = ConnectionLog::new(options.log.clone(), options.errors.clone());
                let io = ObservedIo::new(TokioIo::new(stream), log.clone(), client_timeout, slot);
                let routes = routes.clone();
                let (hosts, is_full) = (Arc::clone(&hosts), accepting.is_full());
                let service = Observed { routes, log: log.clone(), hosts, is_full, client_timeout };
                let connection = builder.serve_connection(io, service).with_upgrades();
                tokio::spawn(drive(connection, Unfinished(log), stopped.clone(), accepting.crowded()));
            }
            () = &mut stop => break,
        }
    }
    draining.begin();
    drop((accepting, stopped));
    let _ = stopping.send(true);
    let in_time = tokio::time::timeout(options.grace, stopping.closed()).await.is_ok();
    draining.cut_off();
    Ok(in_time)
}

/// The log of a connection. When it is dropped, it records that the server aborted a request that is still
/// running.
struct Unfinished(ConnectionLog);

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.0.ended(Abort::Stopped);
    }
}

/// Serves one connection. When the server shuts down, or other clients wait for a connection, it ends after
/// the running request.
async fn drive(
    connection: UpgradeableConnection<ObservedIo<TokioIo<TcpStream>>, Observed>,
    log: Unfinished,
    mut stopped: watch::Receiver<bool>,
    mut crowded: watch::Receiver<()>,
) {
    let mut connection = pin!(connection);
    let ended = loop {
        tokio::select! {
            ended = connection.as_mut() => break Some(ended),
            _ = stopped.wait_for(|stopped| *stopped) => {
                connection.as_mut().graceful_shutdown();
                break None;
            }
            // hyper would also close a connection whose first request is on its way.
            Ok(()) = crowded.changed() => if log.0.has_begun() {
                connection.as_mut().graceful_shutdown();
                break None;
            }
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
