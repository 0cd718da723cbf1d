//! Whether a server serves, hands over to another process, or stops.

use tokio::sync::watch;

use crate::reload::Ending;

/// What a server is to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    #[default]
    Serve,
    /// Another process accepts at this address: each connection ends with its next response, which says so.
    /// A client that waits for none is not cut off while it may be sending a request.
    HandOver,
    /// Connections without a running request are closed.
    Stop,
    /// The time for running requests is over.
    CutOff,
}

/// Returns the phase of a server that stops when `stopped` is ready, or when its supervisor says so.
pub(crate) fn phases(
    stopped: impl Future<Output: Send> + Send + 'static,
    ending: Option<watch::Receiver<Ending>>,
) -> watch::Receiver<Phase> {
    let (change, phase) = watch::channel(Phase::Serve);
    let supervised = change.clone();
    tokio::spawn(async move {
        let _ = stopped.await;
        change.send_replace(Phase::Stop);
    });
    if let Some(mut ending) = ending {
        tokio::spawn(async move {
            while ending.changed().await.is_ok() {
                let phase = match *ending.borrow_and_update() {
                    Ending::NotYet => Phase::Serve,
                    Ending::Finish => Phase::HandOver,
                    Ending::Stop | Ending::Orphaned => Phase::Stop,
                };
                supervised.send_modify(|now| *now = phase.max(*now));
            }
        });
    }
    phase
}
