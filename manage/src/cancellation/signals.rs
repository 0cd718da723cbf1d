//! The process's signals.
//!
//! What a signal handler does must be safe inside one, so it is made of `signal-hook`'s ready parts: end, write a number,
//! write a byte. They run in the order in which they were registered. What takes a clock or a lock is done by a thread
//! that the byte wakes.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::stop::StopSignal;

/// Signals within this time after the first one are the same request. `timeout` and many supervisors signal a program
/// and then its process group, which is the same program again; a terminal signals the group, and a supervisor in that
/// group passes a signal on, also as SIGTERM after SIGINT.
const SAME_REQUEST: Duration = Duration::from_secs(1);

/// Whether the next signal ends the process by itself. Empty where the signals are somebody else's.
static ENDS_AT_ONCE: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Makes SIGINT and SIGTERM end the process with 130 and 143, also where it is PID 1 and the kernel's default would be to
/// ignore them.
pub(crate) fn end_at_once() {
    let ends = ENDS_AT_ONCE.get_or_init(|| Arc::new(AtomicBool::new(true)));
    for signal in StopSignal::ALL {
        let exit = i32::from(signal.exit_code().0);
        // It fails only for signals that cannot be caught.
        let _ = signal_hook::flag::register_conditional_shutdown(signal.number(), exit, Arc::clone(ends));
    }
}

/// Where a signal handler writes the number of the signal that came last.
pub(super) fn received() -> &'static Arc<AtomicUsize> {
    static RECEIVED: OnceLock<Arc<AtomicUsize>> = OnceLock::new();
    RECEIVED.get_or_init(Arc::default)
}

/// Calls those who wait, once a signal has come, and returns the signal.
pub(super) type Tell = fn() -> Option<StopSignal>;

/// From here on the first signal is the command's: its number is kept. One that comes more than [`SAME_REQUEST`] later
/// ends the process.
pub(super) fn take_over(tell: Tell) {
    // That the command itself asked: last words are for one that did not.
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
        // Without the thread no waiter would be called, and no later signal would end the process: then the first one does.
        if start().is_ok() {
            ends.store(false, Ordering::SeqCst);
        }
    });
}

/// Calls those who wait when `next` has returned with a signal, and lets one that comes after [`SAME_REQUEST`] end the process.
fn watch(mut next: impl FnMut(), ends: &AtomicBool, tell: Tell) {
    let signal = loop {
        match tell() {
            Some(signal) => break signal,
            None => next(),
        }
    };
    let over = Instant::now() + SAME_REQUEST;
    // On a thread of their own: a stream that is not read may block them, and must not block this thread.
    let words = thread::Builder::new().name("manage-last-words".to_owned());
    if words.spawn(move || say_last_words(signal)).is_err() {
        say_last_words(signal);
    }
    thread::sleep(over.saturating_duration_since(Instant::now()));
    ends.store(true, Ordering::SeqCst);
}

/// What returns when a signal has come, and perhaps more often.
#[cfg(unix)]
fn wakes() -> std::io::Result<impl FnMut() + Send + 'static> {
    let (mut reader, writer) = std::os::unix::net::UnixStream::pair()?;
    for signal in StopSignal::ALL {
        signal_hook::low_level::pipe::register(signal.number(), writer.try_clone()?)?;
    }
    Ok(move || {
        use std::io::Read;
        // An interrupted read has met a signal, too.
        let _ = reader.read(&mut [0; 8]);
    })
}

/// There is no pipe that a handler could write to: look often.
#[cfg(not(unix))]
fn wakes() -> std::io::Result<impl FnMut() + Send + 'static> {
    Ok(|| thread::sleep(Duration::from_millis(50)))
}

pub(super) type Words = Box<dyn FnOnce() + Send>;

static LAST_WORDS: Mutex<Option<Words>> = Mutex::new(None);

/// What to do before a signal ends a command that never asked about signals.
pub(super) fn last_words(words: Words, tell: Tell) -> LastWords {
    if ENDS_AT_ONCE.get().is_some() {
        *LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner) = Some(words);
        keep_first(tell);
    }
    LastWords
}

/// Takes the last words back when it is dropped.
pub(crate) struct LastWords;

impl Drop for LastWords {
    fn drop(&mut self) {
        drop(LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

#[expect(clippy::disallowed_methods, reason = "a signal that nobody asked about ends the process")]
fn say_last_words(signal: StopSignal) {
    if ASKED.load(Ordering::SeqCst) {
        return;
    }
    // Taken out first: nothing may hold the lock while they are said.
    let words = LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(words) = words {
        words();
    }
    std::process::exit(signal.exit_code().0.into());
}
