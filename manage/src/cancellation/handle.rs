//! The handle for threads and tasks.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::task::{Context, Poll};
use std::time::Duration;

use super::signals::{self, ShutdownCallback};
use super::stop::{Cancelled, StopSignal};
use crate::error::Exit;

/// Reports whether the program was cancelled. A clone is another handle to the same state.
///
/// [`Context::cancellation`](crate::Context::cancellation) gives the one for SIGINT and SIGTERM. A handle
/// from [`Cancellation::new`] is cancelled only by code, for tests and for programs that embed this one.
///
/// ```
/// use manage::{Cancellation, StopSignal};
///
/// let cancellation = Cancellation::new();
/// let worker = std::thread::spawn({
///     let cancellation = cancellation.clone();
///     move || while !cancellation.is_cancelled() { /* … a piece of work … */ }
/// });
/// cancellation.cancel(StopSignal::Terminate);
/// worker.join().unwrap();
/// ```
#[derive(Clone)]
pub struct Cancellation {
    shared: Arc<Shared>,
}

type Call = Box<dyn FnOnce(StopSignal) + Send>;

#[derive(Default)]
struct Shared {
    /// The number of the last signal, or zero. A signal handler writes it, so it must not be a lock.
    received: Arc<AtomicUsize>,
    /// The first signal that was read: later ones change nothing.
    first: AtomicUsize,
    /// Whether cancellation is the normal end of the command.
    ends_well: AtomicBool,
    /// The callbacks, by number.
    calls: Mutex<Vec<(u64, Call)>>,
    next: AtomicU64,
}

impl Shared {
    /// No foreign code runs under this lock.
    fn calls(&self) -> MutexGuard<'_, Vec<(u64, Call)>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Cancellation {
    fn default() -> Self {
        Self::new()
    }
}

impl Cancellation {
    /// Creates a handle that only [`Cancellation::cancel`] cancels.
    pub fn new() -> Self {
        Self { shared: Arc::default() }
    }

    /// Returns the process's handle and takes over the signals: the command then handles the first signal;
    /// one that arrives more than a second later ends the process.
    ///
    /// Without `Program::main` the signals belong to the embedding program, and this handle is never
    /// cancelled.
    pub(crate) fn process() -> Self {
        let handle = Self::of_process();
        signals::take_over(tell_process);
        handle.clone()
    }

    /// Returns the process's handle without taking over the signals.
    pub(crate) fn of_process() -> &'static Self {
        static PROCESS: OnceLock<Cancellation> = OnceLock::new();
        PROCESS.get_or_init(|| {
            let received = Arc::clone(signals::received());
            Self { shared: Arc::new(Shared { received, ..Shared::default() }) }
        })
    }

    /// Returns the signal that cancelled the program, if any.
    pub fn signal(&self) -> Option<StopSignal> {
        let received = match self.shared.received.load(Ordering::SeqCst) {
            0 => return None,
            received => received,
        };
        let first = self.shared.first.compare_exchange(0, received, Ordering::SeqCst, Ordering::SeqCst);
        StopSignal::of(first.map_or_else(|first| first, |_| received))
    }

    /// Returns whether the program was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.signal().is_some()
    }

    /// Fails if the program was cancelled: `cancellation.check()?`.
    pub fn check(&self) -> Result<(), Cancelled> {
        self.signal().map_or(Ok(()), |signal| Err(Cancelled { signal }))
    }

    /// Sleeps until the duration has passed or the program is cancelled. Returns the signal in that case.
    pub fn sleep(&self, duration: Duration) -> Option<StopSignal> {
        let (tell, reported) = mpsc::channel();
        let _told = self.on_cancel(move |signal| {
            // If the time has passed first, nobody is waiting any more.
            let _ = tell.send(signal);
        });
        reported.recv_timeout(duration).ok()
    }

    /// Waits, in an async function, until the program is cancelled. Works on any runtime.
    pub fn cancelled(&self) -> impl Future<Output = StopSignal> + Send + use<> {
        WhenCancelled { cancellation: self.clone(), reported: None }
    }

    /// Declares cancellation the normal end of this command, as for a server: its `Ok` then exits with 0.
    /// Without this, a cancelled command exits with 130 or 143.
    pub fn ends_well(&self) {
        self.shared.ends_well.store(true, Ordering::SeqCst);
    }

    /// Cancels by code, as if the signal had arrived. Only the first one counts.
    pub fn cancel(&self, signal: StopSignal) {
        let number = usize::try_from(signal.number()).unwrap_or_default();
        let _ = self.shared.received.compare_exchange(0, number, Ordering::SeqCst, Ordering::SeqCst);
        self.tell();
    }

    /// Calls a closure on another thread when the program is cancelled, or at once on this thread if it
    /// already was. Dropping the returned value removes the closure.
    pub(crate) fn on_cancel(&self, call: impl FnOnce(StopSignal) + Send + 'static) -> CallbackGuard {
        let number = self.shared.next.fetch_add(1, Ordering::Relaxed);
        self.shared.calls().push((number, Box::new(call)));
        // A signal that arrived before the entry existed has not called it.
        self.tell();
        CallbackGuard { shared: Arc::clone(&self.shared), number }
    }

    /// Runs all callbacks if a signal has arrived, and returns it.
    fn tell(&self) -> Option<StopSignal> {
        let signal = self.signal()?;
        let calls = std::mem::take(&mut *self.shared.calls());
        calls.into_iter().for_each(|(_, call)| call(signal));
        Some(signal)
    }

    /// Returns the program's exit code after a command that returned one.
    pub(crate) fn exit_code(&self, exit: Exit) -> Exit {
        match self.signal() {
            Some(signal) if exit == Exit::SUCCESS && !self.shared.ends_well.load(Ordering::SeqCst) => {
                signal.exit_code()
            }
            _ => exit,
        }
    }
}

fn tell_process() -> Option<StopSignal> {
    Cancellation::of_process().tell()
}

/// Registers a callback for when a signal ends a command that does not handle signals. Dropping the returned
/// value removes it.
///
/// It runs on another thread while the command is still running, so it must be short.
pub(crate) fn on_shutdown(words: impl FnOnce() + Send + 'static) -> ShutdownCallback {
    signals::on_shutdown(Box::new(words), tell_process)
}

impl fmt::Debug for Cancellation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancellation").field("signal", &self.signal()).finish_non_exhaustive()
    }
}

/// A registered closure; dropping this removes it.
pub(crate) struct CallbackGuard {
    shared: Arc<Shared>,
    number: u64,
}

impl Drop for CallbackGuard {
    fn drop(&mut self) {
        let mut calls = self.shared.calls();
        let forgotten = calls.iter().position(|(number, _)| *number == self.number);
        let forgotten = forgotten.map(|position| calls.swap_remove(position));
        // A value in the closure may have a `Drop` that calls back here.
        drop(calls);
        drop(forgotten);
    }
}

struct WhenCancelled {
    cancellation: Cancellation,
    reported: Option<CallbackGuard>,
}

impl Future for WhenCancelled {
    type Output = StopSignal;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<StopSignal> {
        if let Some(signal) = self.cancellation.signal() {
            return Poll::Ready(signal);
        }
        let waker = context.waker().clone();
        let reported = self.cancellation.on_cancel(move |_| waker.wake());
        self.reported = Some(reported);
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Wake, Waker};

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn a_future_is_woken_and_leaves_nothing_behind() {
        let cancellation = Cancellation::new();
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        assert_eq!(Box::pin(cancellation.cancelled()).as_mut().poll(&mut context), Poll::Pending);
        assert_eq!(cancellation.shared.calls().len(), 0);
        let mut future = pin!(cancellation.cancelled());
        for _ in 0..3 {
            assert_eq!(future.as_mut().poll(&mut context), Poll::Pending);
        }
        assert_eq!(cancellation.shared.calls().len(), 1, "registering again waits once");
        cancellation.cancel(StopSignal::Terminate);
        assert_eq!(woken.0.load(Ordering::SeqCst), 1);
        assert_eq!(future.as_mut().poll(&mut context), Poll::Ready(StopSignal::Terminate));
    }

    #[test]
    fn a_sleep_ends_early_and_a_late_one_at_once() {
        let cancellation = Cancellation::new();
        assert_eq!(cancellation.sleep(Duration::from_millis(1)), None);
        let sleeper = std::thread::spawn({
            let cancellation = cancellation.clone();
            move || cancellation.sleep(Duration::MAX)
        });
        cancellation.cancel(StopSignal::Interrupt);
        assert_eq!(sleeper.join().expect("no panic"), Some(StopSignal::Interrupt));
        assert_eq!(cancellation.sleep(Duration::MAX), Some(StopSignal::Interrupt));
        cancellation.cancel(StopSignal::Terminate);
        assert_eq!(
            cancellation.check(),
            Err(Cancelled { signal: StopSignal::Interrupt }),
            "the first one counts"
        );
    }

    #[test]
    fn the_exit_code_is_the_signals_unless_another_was_chosen() {
        let cancellation = Cancellation::new();
        assert_eq!(cancellation.exit_code(Exit::SUCCESS), Exit::SUCCESS);
        cancellation.cancel(StopSignal::Terminate);
        assert_eq!(cancellation.exit_code(Exit::SUCCESS), Exit::TERMINATED);
        assert_eq!(cancellation.exit_code(Exit(7)), Exit(7));
        cancellation.ends_well();
        assert_eq!(cancellation.exit_code(Exit::SUCCESS), Exit::SUCCESS);
    }
}
