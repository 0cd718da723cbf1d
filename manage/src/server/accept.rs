//! Accepts connections, up to a limit, and continues after an error of the operating system.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::log::Log;
use crate::console::Role;

/// How often the same problem may be reported, so that a client cannot fill the log.
const REPORT_EVERY: Duration = Duration::from_secs(60);

/// How long to pause after the operating system refused a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// The number of file descriptors reserved for databases, logs and handlers.
const RESERVED: usize = 64;

/// The size of the kernel's send buffer. The progress of a slow client is visible in steps of this size.
#[cfg(unix)]
const SEND_BUFFER: usize = 128 * 1024;

/// How long a connection is idle before the kernel sends keepalive probes.
#[cfg(any(target_os = "linux", target_os = "android"))]
const PROBE_AFTER: Duration = Duration::from_secs(60);

/// A listening socket that counts its connections.
pub(super) struct Accepting {
    listener: TcpListener,
    slots: Arc<Semaphore>,
    is_last: Arc<AtomicBool>,
    limit: usize,
    /// Whether the limit was lowered because there are too few file descriptors.
    is_lowered: bool,
    errors: Log,
    crowded: watch::Sender<()>,
    full: Seldom,
    failing: Seldom,
}

/// A permit for one of the allowed connections.
pub(super) type Slot = OwnedSemaphorePermit;

impl Accepting {
    pub(super) fn new(listener: TcpListener, most: usize, client_timeout: Duration, errors: Log) -> Self {
        set_options(&listener, client_timeout);
        let limit = within(most, descriptors_left()).min(Semaphore::MAX_PERMITS);
        Self {
            listener,
            slots: Arc::new(Semaphore::new(limit)),
            is_last: Arc::default(),
            limit,
            is_lowered: limit < most,
            errors,
            crowded: watch::Sender::new(()),
            full: Seldom::default(),
            failing: Seldom::default(),
        }
    }

    /// Returns a channel that changes when all connections are in use, so that idle ones can be closed.
    pub(super) fn crowded(&self) -> watch::Receiver<()> {
        self.crowded.subscribe()
    }

    /// Returns a flag that is true while each response is the last one of its connection: all connections are
    /// in use, so that a new client has to wait, or another process accepts them.
    pub(super) fn is_last(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_last)
    }

    pub(super) async fn accept(&mut self) -> (TcpStream, IpAddr, Slot) {
        let slot = self.slot().await;
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    // Otherwise the kernel keeps a small piece back until the client confirms the one before,
                    // which takes 40 ms. It fails only if the client has left.
                    let _ = stream.set_nodelay(true);
                    return (stream, peer.ip(), slot);
                }
                Err(error) if is_of_one_client(&error) => {}
                Err(error) => {
                    if self.failing.is_due() {
                        self.errors.report(Role::Error, &cannot_accept(&error));
                    }
                    // The listening socket remains readable: without a pause this would be a busy loop.
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn slot(&mut self) -> Slot {
        if let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() {
            return slot;
        }
        if self.full.is_due() {
            self.errors.report(Role::Warning, &self.all_in_use());
        }
        self.is_last.store(true, Ordering::Relaxed);
        self.crowded.send_replace(());
        match Arc::clone(&self.slots).acquire_owned().await {
            Ok(slot) => {
                self.is_last.store(false, Ordering::Relaxed);
                slot
            }
            // The semaphore is never closed.
            Err(_) => std::future::pending().await,
        }
    }

    fn all_in_use(&self) -> String {
        let what = match self.limit {
            1 => "The only connection is".to_owned(),
            limit => format!("All {limit} connections are"),
        };
        let remedy = if self.is_lowered {
            "There are not enough file descriptors: raise the limit of the process (`ulimit -n`)."
        } else {
            "Set MANAGE_SERVER_MAX_CONNECTIONS to allow more."
        };
        format!("Warning: {what} in use; further clients wait until one ends. {remedy}")
    }
}

/// Returns the maximum number of connections. It is lowered if file descriptors are scarce, to leave some for
/// other files.
fn within(most: usize, descriptors: Option<usize>) -> usize {
    let Some(left) = descriptors else { return most.max(1) };
    most.min(left - RESERVED.min(left / 2)).max(1)
}

/// Returns how many file descriptors this process can still open.
#[cfg(unix)]
fn descriptors_left() -> Option<usize> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current?;
    // The directory itself is open while it is being read.
    let open = std::fs::read_dir("/dev/fd").map_or(RESERVED, |entries| entries.count().saturating_sub(1));
    Some(usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(open))
}

#[cfg(not(unix))]
fn descriptors_left() -> Option<usize> {
    None
}

/// Sets the options that accepted connections inherit. Failures are ignored.
fn set_options(listener: &TcpListener, client_timeout: Duration) {
    #[cfg(unix)]
    {
        use rustix::net::sockopt;

        let _ = sockopt::set_socket_send_buffer_size(listener, SEND_BUFFER);
        let _ = sockopt::set_socket_keepalive(listener, true);
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            let _ = sockopt::set_tcp_keepidle(listener, PROBE_AFTER);
            // This also applies after the last byte was passed to the kernel, when none of the server's own
            // timers runs.
            let milliseconds = u32::try_from(client_timeout.as_millis()).unwrap_or(u32::MAX);
            let _ = sockopt::set_tcp_user_timeout(listener, milliseconds);
        }
    }
    let _ = (listener, client_timeout);
}

/// Returns whether the client disconnected before its connection was accepted.
fn is_of_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

fn cannot_accept(error: &io::Error) -> String {
    let hint = match shortage(error) {
        Some(Shortage::OfProcess) => {
            " Every file descriptor of this process is in use: raise the limit (`ulimit -n`), or lower \
             MANAGE_SERVER_MAX_CONNECTIONS."
        }
        Some(Shortage::OfSystem) => " Every file descriptor of the system is in use (`sysctl fs.file-max`).",
        None => "",
    };
    format!("Error: Cannot accept connections: {error}.{hint} Clients wait until this succeeds again.")
}

enum Shortage {
    OfProcess,
    OfSystem,
}

#[cfg(unix)]
fn shortage(error: &io::Error) -> Option<Shortage> {
    use rustix::io::Errno;
    match Errno::from_io_error(error)? {
        Errno::MFILE => Some(Shortage::OfProcess),
        Errno::NFILE => Some(Shortage::OfSystem),
        _ => None,
    }
}

#[cfg(not(unix))]
fn shortage(_: &io::Error) -> Option<Shortage> {
    None
}

/// A message with a limited rate.
#[derive(Default)]
struct Seldom(Option<Instant>);

impl Seldom {
    fn is_due(&mut self) -> bool {
        let is_due = self.0.is_none_or(|last| last.elapsed() >= REPORT_EVERY);
        if is_due {
            self.0 = Some(Instant::now());
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_room_for_other_files() {
        for (most, descriptors, expected) in [
            (1024, None, 1024),
            (1024, Some(65_000), 1024),
            (1024, Some(1012), 948),
            (1024, Some(1088), 1024),
            (1024, Some(20), 10),
            (1024, Some(1), 1),
            (1024, Some(0), 1),
            (5, Some(20), 5),
            (0, None, 1),
        ] {
            assert_eq!(within(most, descriptors), expected, "{most} of {descriptors:?}");
        }
    }

    #[test]
    fn the_same_is_reported_once_in_a_while() {
        let mut seldom = Seldom::default();
        assert!(seldom.is_due() && !seldom.is_due());
        seldom.0 = Instant::now().checked_sub(REPORT_EVERY);
        assert!(seldom.is_due() && !seldom.is_due());
    }
}
