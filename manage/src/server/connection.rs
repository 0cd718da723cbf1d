//! One connection, of HTTP/1 or HTTP/2: the first bytes decide.

use std::error::Error;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper_util::rt::TokioIo;
#[cfg(feature = "http2")]
use hyper_util::rt::TokioTimer;
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep};

use super::access_log::ConnectionLog;
use super::exchange::Abort;
use super::limits::Limits;
use super::metrics::Connected;
use super::observed::Observed;
use super::observed_io::ObservedIo;
use super::phase::Phase;
use super::quiet::Quiet;
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
    // hyper's own limit for the time of a head would set a timer for each request.
    builder.http1().header_read_timeout(None).max_buf_size(head);
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

/// What happens to a connection.
enum Event {
    Ended(Result<(), Box<dyn Error + Send + Sync>>),
    Phase(Phase),
    Crowded,
    Alarm,
}

impl Signals {
    async fn next(&mut self, alarm: Pin<&mut Sleep>) -> Event {
        tokio::select! {
            Ok(()) = self.phase.changed() => Event::Phase(*self.phase.borrow_and_update()),
            Ok(()) = self.crowded.changed() => Event::Crowded,
            () = alarm => Event::Alarm,
        }
    }
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
    let client_timeout = signals.client_timeout;
    let mut alarm = pin!(sleep(client_timeout));
    let mut is_ending = false;
    let ended = loop {
        let event = {
            let mut other = pin!(signals.next(alarm.as_mut()));
            let mut quiet = Quiet::default();
            poll_fn(|cx| match connection.as_mut().poll(cx) {
                Poll::Ready(ended) => Poll::Ready(Event::Ended(ended)),
                Poll::Pending => quiet.poll(cx, other.as_mut()),
            })
            .await
        };
        let ends = match event {
            Event::Ended(ended) => break ended,
            Event::Phase(Phase::CutOff) => return,
            // In a handover the next response of HTTP/1 ends its connection.
            Event::Phase(phase) => phase == Phase::Stop || log.0.open_streams().is_some(),
            // hyper would also close a connection whose first request is on its way.
            Event::Crowded => log.0.has_begun(),
            Event::Alarm => {
                let (idle, is_http2) = (log.0.idle_for(), log.0.open_streams().is_some());
                let left = idle.map_or(client_timeout, |idle| client_timeout.saturating_sub(idle));
                if left.is_zero() && (is_ending || !is_http2) {
                    return;
                }
                alarm.as_mut().reset(Instant::now() + if left.is_zero() { client_timeout } else { left });
                left.is_zero()
            }
        };
        if ends && !is_ending {
            connection.as_mut().graceful_shutdown();
            is_ending = true;
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
