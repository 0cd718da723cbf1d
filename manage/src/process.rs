//! What belongs to the whole process: signals, panics, and a traceback on request.

use std::ffi::OsString;
use std::io::Write;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGINT, SIGTERM};

use crate::Exit;

/// Whether a signal ends the process by itself. A command that stops in its own way switches it off.
static ENDS_AT_ONCE: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Makes SIGINT and SIGTERM end the process with 130 and 143, also where it is PID 1 and the kernel's default would
/// be to ignore them; and makes a panic print one line.
pub(crate) fn prepare() {
    let ends = ENDS_AT_ONCE.get_or_init(|| Arc::new(AtomicBool::new(true)));
    for (signal, exit) in [(SIGINT, Exit::INTERRUPTED), (SIGTERM, Exit::TERMINATED)] {
        // It fails only for signals that cannot be caught.
        let _ = signal_hook::flag::register_conditional_shutdown(signal, i32::from(exit.0), Arc::clone(ends));
    }
    if !backtraces("RUST_BACKTRACE") {
        std::panic::set_hook(Box::new(report_panic));
    }
}

/// SIGINT and SIGTERM, for a command that stops in its own way.
#[cfg(feature = "runserver")]
pub(crate) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

#[cfg(feature = "runserver")]
impl Signals {
    /// From here on the first signal is the caller's; a second one ends the process at once.
    pub(crate) fn take_over() -> std::io::Result<Self> {
        #[cfg(unix)]
        let signals = {
            use tokio::signal::unix::{SignalKind, signal};
            Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? }
        };
        #[cfg(not(unix))]
        let signals = Self {};
        if let Some(ends) = ENDS_AT_ONCE.get() {
            ends.store(false, std::sync::atomic::Ordering::SeqCst);
        }
        Ok(signals)
    }

    /// The next signal.
    pub(crate) async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
        if let Some(ends) = ENDS_AT_ONCE.get() {
            ends.store(true, std::sync::atomic::Ordering::SeqCst);
        }
    }
}

/// A panic is a bug of the command: say so, and where, without a backtrace.
#[expect(clippy::disallowed_methods, reason = "a panic hook has nobody to return to")]
fn report_panic(info: &std::panic::PanicHookInfo<'_>) {
    let payload = info.payload();
    let owned = payload.downcast_ref::<String>().map(String::as_str);
    let message = owned.or(payload.downcast_ref::<&str>().copied()).unwrap_or("no message");
    // `println!` panics when the reader has gone; that is no bug.
    if message.starts_with("failed printing to std") {
        std::process::exit(Exit::BROKEN_PIPE.0.into());
    }
    let place = info.location().map(|location| format!(" at {location}")).unwrap_or_default();
    let _ = writeln!(
        std::io::stderr(),
        "Error: The program failed: {message}\nThis is a bug{place}. Run it again with RUST_BACKTRACE=1 to see how it came about."
    );
}

/// Whether the process was told to record backtraces. The standard library takes `0` for no.
fn backtraces(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| value != "0")
}

/// An error records where it came from only if the process was started with `RUST_BACKTRACE`. With `--traceback` the
/// program therefore starts itself anew with that set; the exit code is that of the second run.
pub(crate) fn restart_for_traceback(arguments: &[OsString]) -> Option<Exit> {
    let asked =
        arguments.iter().take_while(|argument| *argument != "--").any(|argument| argument == "--traceback");
    if !asked || backtraces("RUST_LIB_BACKTRACE") {
        return None;
    }
    let mut again = std::process::Command::new(std::env::current_exe().ok()?);
    again.args(arguments).env("RUST_LIB_BACKTRACE", "1");
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        if let Some(name) = std::env::args_os().next() {
            again.arg0(name);
        }
        // It returns only when the program could not be started: then go on without.
        let _ = again.exec();
        None
    }
    #[cfg(not(unix))]
    again.status().ok().and_then(|status| status.code()).map(|code| Exit(u8::try_from(code).unwrap_or(1)))
}
