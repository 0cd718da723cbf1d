//! The handle that threads and tasks keep.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::task::{Context, Poll};
use std::time::Duration;

use super::signals::{self, LastWords};
use super::stop::{Cancelled, StopSignal};
use crate::Exit;

/// Tells whether the program was asked to stop. A clone is another handle to the same.
///
/// [`Context::cancellation`](crate::Context::cancellation) gives the one for SIGINT and SIGTERM. One of
/// [`Cancellation::new`] is cancelled by code alone, for tests and for programs that embed this one.
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
    /// The number of the signal that came last, or zero. A signal handler writes it, so it is no lock.
    received: Arc<AtomicUsize>,
    /// The first one that was read there: another one a moment later changes nothing.
    first: AtomicUsize,
    /// Whether being stopped is how the command is meant to end.
    ends_well: AtomicBool,
    /// Those to be told, by number.
    calls: Mutex<Vec<(u64, Call)>>,
    next: AtomicU64,
}

impl Shared {
    /// No code of others runs under this lock.
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
    /// A handle that no signal cancels, only [`Cancellation::cancel`].
    pub fn new() -> Self {
        Self { shared: Arc::default() }
    }

    /// The process's. From its first use on the first signal is the command's; one that comes more than a second later
    /// ends the process.
    ///
    /// Where `Program::main` does not run, the signals belong to somebody else, and this is never cancelled.
    pub(crate) fn process() -> Self {
        let handle = Self::of_process();
        signals::take_over(tell_process);
        handle.clone()
    }

    /// The process's handle, without taking anything over.
    pub(crate) fn of_process() -> &'static Self {
        static PROCESS: OnceLock<Cancellation> = OnceLock::new();
        PROCESS.get_or_init(|| {
            let received = Arc::clone(signals::received());
            Self { shared: Arc::new(Shared { received, ..Shared::default() }) }
        })
    }

    /// The signal that asked to stop, if one did.
    pub fn signal(&self) -> Option<StopSignal> {
        let received = match self.shared.received.load(Ordering::SeqCst) {
            0 => return None,
            received => received,
        };
        let first = self.shared.first.compare_exchange(0, received, Ordering::SeqCst, Ordering::SeqCst);
        StopSignal::of(first.map_or_else(|first| first, |_| received))
    }

    /// Whether the program was asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.signal().is_some()
    }

    /// Fails when the program was asked to stop: `cancellation.check()?`.
    pub fn check(&self) -> Result<(), Cancelled> {
        self.signal().map_or(Ok(()), |signal| Err(Cancelled { signal }))
    }

    /// Sleeps, but no longer than until the program is asked to stop. Returns the signal that did.
    pub fn sleep(&self, duration: Duration) -> Option<StopSignal> {
        let (tell, told) = mpsc::channel();
        let _told = self.on_cancel(move |signal| {
            // Nobody waits any more when the time was over first.
            let _ = tell.send(signal);
        });
        told.recv_timeout(duration).ok()
    }

    /// Waits, in an async function, until the program is asked to stop. It works on any runtime.
    pub fn cancelled(&self) -> impl Future<Output = StopSignal> + Send + use<> {
        WhenCancelled { cancellation: self.clone(), told: None }
    }

    /// Says that being stopped is how this command ends: its `Ok` ends the program with 0, as that of a server, whose work has
    /// no other end. Without it a command that was cancelled ends with 130 or 143.
    pub fn ends_well(&self) {
        self.shared.ends_well.store(true, Ordering::SeqCst);
    }

    /// Cancels by code, as if the signal had come. Only the first one counts.
    pub fn cancel(&self, signal: StopSignal) {
        let number = usize::try_from(signal.number()).unwrap_or_default();
        let _ = self.shared.received.compare_exchange(0, number, Ordering::SeqCst, Ordering::SeqCst);
        self.tell();
    }

    /// Calls a closure when the program is asked to stop, on another thread; at once, on this one, when it was. Dropping what
    /// it returns forgets the closure.
    pub(crate) fn on_cancel(&self, call: impl FnOnce(StopSignal) + Send + 'static) -> Told {
        let number = self.shared.next.fetch_add(1, Ordering::Relaxed);
        self.shared.calls().push((number, Box::new(call)));
        // A signal that came before the entry existed has not called it.
        self.tell();
        Told { shared: Arc::clone(&self.shared), number }
    }

    /// Calls all that wait, if a signal has come, and returns it.
    fn tell(&self) -> Option<StopSignal> {
        let signal = self.signal()?;
        let calls = std::mem::take(&mut *self.shared.calls());
        calls.into_iter().for_each(|(_, call)| call(signal));
        Some(signal)
    }

    /// What the program ends with when its command returned an exit code of its own.
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

/// Something to do before a signal ends a command that never asked about signals. Dropping what it returns takes it back.
///
/// It runs on another thread while the command is still at work, so it must be short.
pub(crate) fn last_words(words: impl FnOnce() + Send + 'static) -> LastWords {
    signals::last_words(Box::new(words), tell_process)
}

impl fmt::Debug for Cancellation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancellation").field("signal", &self.signal()).finish_non_exhaustive()
    }
}

/// A closure that waits to be called; dropping this forgets it.
pub(crate) struct Told {
    shared: Arc<Shared>,
    number: u64,
}

impl Drop for Told {
    fn drop(&mut self) {
        let mut calls = self.shared.calls();
        let forgotten = calls.iter().position(|(number, _)| *number == self.number);
        let forgotten = forgotten.map(|position| calls.swap_remove(position));
        // What a closure holds may have a `Drop` that comes back here.
        drop(calls);
        drop(forgotten);
    }
}

struct WhenCancelled {
    cancellation: Cancellation,
    told: Option<Told>,
}

impl Future for WhenCancelled {
    type Output = StopSignal;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<StopSignal> {
        if let Some(signal) = self.cancellation.signal() {
            return Poll::Ready(signal);
        }
        let waker = context.waker().clone();
        let told = self.cancellation.on_cancel(move |_| waker.wake());
        self.told = Some(told);
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
        assert_eq!(cancellation.shared.calls().len(), 1, "asking again is waiting once");
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
