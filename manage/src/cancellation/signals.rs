//! The process's signals.
//!
//! What a signal handler does must be safe inside one, so it is made of `signal-hook`'s ready parts: end, write a number,
//! set a flag, write a byte. They run in the order in which they were registered.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once, OnceLock, PoisonError};

use super::stop::StopSignal;

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

/// Where a signal handler writes the number of the signal that came.
pub(super) fn received() -> &'static Arc<AtomicUsize> {
    static RECEIVED: OnceLock<Arc<AtomicUsize>> = OnceLock::new();
    RECEIVED.get_or_init(Arc::default)
}

/// From here on the first signal is the command's: its number is kept. It also arms the end at once again, for the second.
pub(super) fn take_over() {
    // That the command itself asked: last words are for one that did not.
    ASKED.store(true, Ordering::SeqCst);
    keep_first();
}

static ASKED: AtomicBool = AtomicBool::new(false);

fn keep_first() {
    static TAKEN: Once = Once::new();
    let Some(ends) = ENDS_AT_ONCE.get() else { return };
    TAKEN.call_once(|| {
        for signal in StopSignal::ALL {
            let number = usize::try_from(signal.number()).unwrap_or_default();
            // These come after the end in the handler, so that the first signal arms what the second one meets.
            let _ = signal_hook::flag::register_usize(signal.number(), Arc::clone(received()), number);
            let _ = signal_hook::flag::register(signal.number(), Arc::clone(ends));
        }
        ends.store(false, Ordering::SeqCst);
    });
}

/// Starts the thread that tells those who wait, by a call of `tell`. A command that only asks needs none.
pub(super) fn listen(tell: fn()) {
    static LISTENING: Once = Once::new();
    if ENDS_AT_ONCE.get().is_none() {
        return;
    }
    LISTENING.call_once(|| {
        let start = || {
            let next = wakes()?;
            std::thread::Builder::new().name("manage-signals".to_owned()).spawn(move || tell_all(next, tell))
        };
        // Without it nobody could be told: then the first signal ends the process again.
        if start().is_err()
            && let Some(ends) = ENDS_AT_ONCE.get()
        {
            ends.store(true, Ordering::SeqCst);
        }
    });
}

/// Tells of the first signal, when `next` has returned; a second one ends the process.
fn tell_all(mut next: impl FnMut(), tell: fn()) {
    let signal = loop {
        match StopSignal::of(received().load(Ordering::SeqCst)) {
            Some(signal) => break signal,
            None => next(),
        }
    };
    tell();
    say_last_words(signal);
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
    Ok(|| std::thread::sleep(std::time::Duration::from_millis(50)))
}

pub(super) type Words = Box<dyn FnOnce() + Send>;

static LAST_WORDS: Mutex<Option<Words>> = Mutex::new(None);

/// What to do before a signal ends a command that never asked about signals.
pub(super) fn last_words(words: Words, tell: fn()) -> LastWords {
    if ENDS_AT_ONCE.get().is_some() {
        *LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner) = Some(words);
        keep_first();
        listen(tell);
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
