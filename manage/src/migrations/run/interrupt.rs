//! Stops a run of migrations after SIGINT or SIGTERM: the statement that is running is cancelled.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::cancellation::{CallbackGuard, Cancellation, Cancelled};
use crate::database::Connection;

/// How often a running statement is cancelled: a request that arrives before the statement is lost.
const REPEAT: Duration = Duration::from_millis(100);

/// Stops the statements of a connection.
pub(super) struct Interrupt {
    cancellation: Cancellation,
    shared: Arc<Shared>,
    _callback: Option<CallbackGuard>,
}

#[derive(Default)]
struct Shared {
    /// Whether a statement of a migration is running. Locked while a request to cancel it is under way, so that
    /// the request does not hit what comes after it: the rollback, or the journal's record.
    is_running: Mutex<bool>,
    has_ended: AtomicBool,
}

impl Interrupt {
    pub(super) fn new(cancellation: &Cancellation, connection: &mut Connection) -> Self {
        let shared = Arc::<Shared>::default();
        let callback = connection.statement_canceller().map(|cancel| {
            let shared = Arc::clone(&shared);
            cancellation.on_cancel(move |_| {
                // Without a thread the statement ends by itself.
                let _ = thread::Builder::new().name("manage-cancel".to_owned()).spawn(move || {
                    while !shared.has_ended.load(Ordering::SeqCst) {
                        let is_running = shared.is_running.lock().unwrap_or_else(PoisonError::into_inner);
                        if *is_running {
                            cancel();
                        }
                        drop(is_running);
                        thread::sleep(REPEAT);
                    }
                });
            })
        });
        Self { cancellation: cancellation.clone(), shared, _callback: callback }
    }

    /// Fails if the run is to stop.
    pub(super) fn check(&self) -> Result<(), Cancelled> {
        self.cancellation.check()
    }

    /// Runs a statement that may be cancelled.
    pub(super) fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        self.set_running(true);
        let result = work();
        self.set_running(false);
        result
    }

    /// Pauses, unless the run is to stop.
    pub(super) fn sleep(&self, pause: Duration) {
        self.cancellation.sleep(pause);
    }

    fn set_running(&self, is_running: bool) {
        *self.shared.is_running.lock().unwrap_or_else(PoisonError::into_inner) = is_running;
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        self.shared.has_ended.store(true, Ordering::SeqCst);
    }
}
