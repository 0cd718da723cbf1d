//! One connection, of HTTP/1 or HTTP/2: the first bytes decide.

use std::error::Error;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, interval_at};

use super::access_log::{Abort, ConnectionLog};
use super::limits::Limits;
use super::metrics::Connected;
use super::observed::{Observed, ObservedIo};
use super::phase::Phase;
use super::stream_timeout::StreamExecutor;

/// How many requests a client of HTTP/2 may have at a time.
#[cfg(feature = "http2")]
const MAX_STREAMS: u32 = 128;

/// The size of the buffer for each response of HTTP/2.
#[cfg(feature = "http2")]
const STREAM_BUFFER: usize = 64 * 1024;

/// Returns what creates a connection, with its limits.
pub(super) fn builder(limits: &Limits) -> Arc<Builder<StreamExecutor>> {
    let mut builder = Builder::new(StreamExecutor { client_timeout: limits.client_timeout });
    let head = usize::try_from(limits.max_head_bytes).unwrap_or(usize::MAX);
    builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.client_timeout).max_buf_size(head);
    #[cfg(feature = "http2")]
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(limits.max_head_bytes)
        .max_concurrent_streams(MAX_STREAMS)
        .max_send_buf_size(STREAM_BUFFER)
        // Finds clients that have vanished.
        .keep_alive_interval(limits.client_timeout)
        .keep_alive_timeout(limits.client_timeout);
    Arc::new(builder)
}

/// What ends a connection, apart from its client.
pub(super) struct Signals {
    /// The server shuts down, or another process takes over.
    pub(super) phase: watch::Receiver<Phase>,
    /// Other clients wait for a connection.
    pub(super) crowded: watch::Receiver<()>,
    /// How long it may be idle.
    pub(super) client_timeout: Duration,
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
/// the running requests.
pub(super) async fn drive(
    builder: Arc<Builder<StreamExecutor>>,
    io: ObservedIo<TokioIo<TcpStream>>,
    service: Observed,
    mut signals: Signals,
) {
    let _connected = Connected::new();
    let log = Unfinished(service.log.clone());
    let mut connection = pin!(builder.serve_connection_with_upgrades(io, service));
    let mut ticks = interval_at(Instant::now() + signals.client_timeout, signals.client_timeout);
    let mut is_ending = false;
    let ended = loop {
        tokio::select! {
            ended = connection.as_mut() => break ended,
            Ok(()) = signals.phase.changed() => {
                let phase = *signals.phase.borrow_and_update();
                if phase == Phase::CutOff {
                    return;
                }
                // In a handover the next response of HTTP/1 ends its connection.
                if !is_ending && (phase == Phase::Stop || log.0.open_streams().is_some()) {
                    connection.as_mut().graceful_shutdown();
                    is_ending = true;
                }
            }
            // hyper would also close a connection whose first request is on its way.
            Ok(()) = signals.crowded.changed(), if !is_ending => {
                if log.0.has_begun() {
                    connection.as_mut().graceful_shutdown();
                    is_ending = true;
                }
            }
            _ = ticks.tick() => {
                let (streams, was_active) = (log.0.open_streams(), log.0.was_active());
                match streams {
                    // Until the first bytes decide on the version, nothing else limits the time.
                    None if !log.0.has_begun() => return,
                    // It may also still read what is buffered.
                    Some(0) if was_active => {}
                    Some(0) if is_ending => return,
                    Some(0) => {
                        connection.as_mut().graceful_shutdown();
                        is_ending = true;
                    }
                    _ => {}
                }
            }
        }
    };
    let Unfinished(log) = &log;
    match ended {
        Ok(()) => log.flushed(),
        Err(_) if log.ended(Abort::ClientClosed) => {}
        Err(error) => {
            if let Some(error) = as_hyper(error.as_ref()) {
                log.refused(error);
            }
        }
    }
}

fn as_hyper<'a>(error: &'a (dyn Error + Send + Sync + 'static)) -> Option<&'a hyper::Error> {
    error.downcast_ref()
}
