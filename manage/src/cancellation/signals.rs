//! The process's signals.
//!
//! A signal handler must be async-signal-safe, so it consists of `signal-hook`'s actions: exit, write a
//! number, write a byte. They run in the order of registration. Work that needs a clock or a lock is done by
//! a thread that the byte wakes.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::stop::StopSignal;

/// Signals within this time after the first one are the same request. `timeout` and many supervisors signal a
/// program and then its process group, which is the same program again; a terminal signals the group, and a
/// supervisor in that group passes a signal on, also as SIGTERM after SIGINT.
const SAME_REQUEST: Duration = Duration::from_secs(1);

/// Whether the next signal ends the process at once. Empty if the signals belong to an embedding program.
static ENDS_AT_ONCE: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Makes SIGINT and SIGTERM end the process with 130 and 143, even as PID 1, where the kernel ignores them by
/// default.
pub(crate) fn end_at_once() {
    let ends = ENDS_AT_ONCE.get_or_init(|| Arc::new(AtomicBool::new(true)));
    for signal in StopSignal::ALL {
        let exit = i32::from(signal.exit_code().0);
        // This fails only for signals that cannot be caught.
        let _ = signal_hook::flag::register_conditional_shutdown(signal.number(), exit, Arc::clone(ends));
    }
}

/// Returns where a signal handler writes the number of the last signal.
pub(super) fn received() -> &'static Arc<AtomicUsize> {
    static RECEIVED: OnceLock<Arc<AtomicUsize>> = OnceLock::new();
    RECEIVED.get_or_init(Arc::default)
}

/// Runs the callbacks after a signal, and returns the signal.
pub(super) type Tell = fn() -> Option<StopSignal>;

/// Lets the command handle the first signal, whose number is kept. One that arrives more than
/// [`SAME_REQUEST`] later ends the process.
pub(super) fn take_over(tell: Tell) {
    // The command handles signals itself; the shutdown callbacks are for those that do not.
    ASKED.store(true, Ordering::SeqCst);
    keep_first(tell);
}

static ASKED: AtomicBool = AtomicBool::new(false);

fn keep_first(tell: Tell) {
    static TAKEN: Once = Once::new();
    let Some(ends) = ENDS_AT_ONCE.get() else { return };
    TAKEN.call_once(|| {
        for signal in StopSignal::ALL {
            let number = usize::try_from(signal.number()).unwrap_or_default();
            let _ = signal_hook::flag::register_usize(signal.number(), Arc::clone(received()), number);
        }
        let start = || {
            let next = wakes()?;
            let thread = thread::Builder::new().name("manage-signals".to_owned());
            thread.spawn(move || watch(next, ends, tell))
        };
        // Without the thread no callback would run, and no later signal would end the process; so the first
        // one does.
        if start().is_ok() {
            ends.store(false, Ordering::SeqCst);
        }
    });
}

/// Runs the callbacks when `next` has returned after a signal, and lets one that arrives after
/// [`SAME_REQUEST`] end the process.
fn watch(mut next: impl FnMut(), ends: &AtomicBool, tell: Tell) {
    let signal = loop {
        match tell() {
            Some(signal) => break signal,
            None => next(),
        }
    };
    let over = Instant::now() + SAME_REQUEST;
    // On a separate thread: a stream that is not read may block them, and must not block this thread.
    let words = thread::Builder::new().name("manage-last-words".to_owned());
    if words.spawn(move || say_last_words(signal)).is_err() {
        say_last_words(signal);
    }
    thread::sleep(over.saturating_duration_since(Instant::now()));
    ends.store(true, Ordering::SeqCst);
}

/// Returns a function that returns after a signal, and perhaps more often.
#[cfg(unix)]
fn wakes() -> std::io::Result<impl FnMut() + Send + 'static> {
    let (mut reader, writer) = std::os::unix::net::UnixStream::pair()?;
    for signal in StopSignal::ALL {
        signal_hook::low_level::pipe::register(signal.number(), writer.try_clone()?)?;
    }
    Ok(move || {
        use std::io::Read;
        // An interrupted read also means a signal.
        let _ = reader.read(&mut [0; 8]);
    })
}

/// Without a pipe that a handler could write to: polls.
#[cfg(not(unix))]
fn wakes() -> std::io::Result<impl FnMut() + Send + 'static> {
    Ok(|| thread::sleep(Duration::from_millis(50)))
}

pub(super) type Words = Box<dyn FnOnce() + Send>;

static LAST_WORDS: Mutex<Option<Words>> = Mutex::new(None);

/// Registers a callback for when a signal ends a command that does not handle signals.
pub(super) fn on_shutdown(words: Words, tell: Tell) -> ShutdownCallback {
    if ENDS_AT_ONCE.get().is_some() {
        *LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner) = Some(words);
        keep_first(tell);
    }
    ShutdownCallback
}

/// Removes the callback when it is dropped.
pub(crate) struct ShutdownCallback;

impl Drop for ShutdownCallback {
    fn drop(&mut self) {
        drop(LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

#[expect(clippy::disallowed_methods, reason = "a signal that nobody handles ends the process")]
fn say_last_words(signal: StopSignal) {
    if ASKED.load(Ordering::SeqCst) {
        return;
    }
    // Taken out first: the lock must not be held while they run.
    let words = LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(words) = words {
        words();
    }
    std::process::exit(signal.exit_code().0.into());
}
