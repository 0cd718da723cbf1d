//! Process-wide behaviour: panics, and backtraces on request.

use std::backtrace::Backtrace;
use std::ffi::OsString;
use std::io::Write;
use std::panic::PanicHookInfo;

use crate::console::printable_lines;
use crate::error::Exit;
use crate::panics::OnPanic;

/// The variable that makes errors capture backtraces.
const TRACEBACK: &str = "RUST_LIB_BACKTRACE";

/// Makes SIGINT and SIGTERM end the process, and a panic print one line. Then `on_panic` is called.
pub(crate) fn prepare(on_panic: Option<OnPanic>) {
    crate::cancellation::end_at_once();
    let usual = std::panic::take_hook();
    let with_backtrace = backtraces("RUST_BACKTRACE");
    // `--traceback` sets it; the default hook ignores it.
    let with_trace = backtraces(TRACEBACK);
    std::panic::set_hook(Box::new(move |info| {
        if crate::panics::is_silent() {
            return;
        }
        end_if_print_failed(crate::panics::message(info.payload()));
        let is_caught = crate::panics::takes(info, with_trace && !with_backtrace);
        match is_caught {
            _ if with_backtrace => usual(info),
            true => {}
            false => report_panic(info, with_trace),
        }
        // A caught panic is reported as a message or a warning instead.
        if let Some(on_panic) = on_panic.as_ref().filter(|_| !is_caught) {
            on_panic(info);
        }
    }));
}

/// Handles a panic of `println!` after a failed write, which is not a bug but a broken pipe or a full disk.
#[expect(clippy::disallowed_methods, reason = "a panic hook has no caller to return to")]
fn end_if_print_failed(message: &str) {
    let Some((stream, why)) =
        message.strip_prefix("failed printing to ").and_then(|rest| rest.split_once(": "))
    else {
        return;
    };
    // Only the error's text is available. Its error number is EPIPE, or on Windows that of a closed pipe.
    let numbers: &[&str] = if cfg!(windows) { &["109", "232"] } else { &["32"] };
    if numbers.iter().any(|number| why.ends_with(&format!("(os error {number})"))) {
        std::process::exit(Exit::BROKEN_PIPE.0.into());
    }
    let _ = writeln!(std::io::stderr(), "Error: Cannot write to {stream}: {why}");
    std::process::exit(Exit::FAILURE.0.into());
}

/// Flushes stdout, which may contain an incomplete line from `print!`, and returns the exit code.
pub(crate) fn flushed(exit: Exit) -> Exit {
    match std::io::stdout().flush() {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::BROKEN_PIPE,
        Err(error) if exit == Exit::SUCCESS => {
            let _ = writeln!(std::io::stderr(), "Error: Cannot write to stdout: {error}");
            Exit::FAILURE
        }
        _ => exit,
    }
}

/// Reports a panic, which is a bug, with its location; with a backtrace only if requested.
fn report_panic(info: &PanicHookInfo<'_>, with_trace: bool) {
    let message = printable_lines(crate::panics::message(info.payload()));
    let place = info.location().map(|location| format!(" at {location}")).unwrap_or_default();
    let mut text = format!("Error: internal error (a bug in this program){place}: {message}");
    match with_trace {
        true => text.push_str(&format!("\n\n{}", Backtrace::force_capture())),
        false => text.push_str("\nHint: Use --traceback to see where it came from."),
    }
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Returns whether the process captures backtraces. As in the standard library, `0` means no.
fn backtraces(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| value != "0")
}

/// Restarts the process for `--traceback`. Errors capture a backtrace only if the variable was set when the
/// process started. So the program restarts itself with that variable, and exits with the code of the second
/// run.
pub(crate) fn restart_for_traceback(arguments: &[OsString]) -> Option<Exit> {
    let asked =
        arguments.iter().take_while(|argument| *argument != "--").any(|argument| argument == "--traceback");
    if !asked || backtraces(TRACEBACK) {
        return None;
    }
    let mut again = std::process::Command::new(std::env::current_exe().ok()?);
    again.args(arguments).env(TRACEBACK, "1");
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        if let Some(name) = std::env::args_os().next() {
            again.arg0(name);
        }
        // This returns only if the program could not be started. The first run then continues without
        // backtraces.
        let _ = again.exec();
        None
    }
    #[cfg(not(unix))]
    again.status().ok().map(Exit::from)
}
