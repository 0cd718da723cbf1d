//! Listens, serves, and stops: no new connections, the running requests to their end, and no longer than promised.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::middleware::{self, Next};
use axum::serve::Listener;
use hyper::server::conn::http1::{self, UpgradeableConnection};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::ListenAddress;
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
    let router = match options.log {
        Some(stream) => router.layer(middleware::from_fn(move |request, next: Next| {
            let stream = stream.clone();
            super::log::log(stream, request, next)
        })),
        None => router,
    };
    let service = TowerToHyperService::new(router.with_state(()));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    // Each connection holds a receiver: all have ended when there is none left.
    let (stopping, stopped) = watch::channel(false);
    let mut listener = listening.listener;
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            (stream, _) = Listener::accept(&mut listener) => {
                let connection = builder.serve_connection(TokioIo::new(stream), service.clone()).with_upgrades();
                tokio::spawn(drive(connection, stopped.clone()));
            }
            () = &mut stop => break,
        }
    }
    drop((listener, stopped));
    let _ = stopping.send(true);
    Ok(tokio::time::timeout(options.grace, stopping.closed()).await.is_ok())
}

/// Serves one connection; when the server stops, up to the end of the request that is running.
async fn drive(
    connection: UpgradeableConnection<TokioIo<TcpStream>, TowerToHyperService<Router>>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connection = pin!(connection);
    tokio::select! {
        // A visitor who went away in the middle is no news.
        _ = connection.as_mut() => return,
        _ = stopped.wait_for(|stopped| *stopped) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
