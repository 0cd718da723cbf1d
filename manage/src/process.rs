//! What belongs to the whole process: panics, and a traceback on request.

use std::backtrace::Backtrace;
use std::ffi::OsString;
use std::io::Write;

use crate::Exit;
use crate::console::printable_lines;

/// The variable with which errors record where they came from.
const TRACEBACK: &str = "RUST_LIB_BACKTRACE";

/// Makes SIGINT and SIGTERM end the process, and a panic print one line.
pub(crate) fn prepare() {
    crate::cancellation::end_at_once();
    let usual = std::panic::take_hook();
    let with_backtrace = backtraces("RUST_BACKTRACE");
    // What `--traceback` sets; the usual hook ignores it.
    let with_trace = backtraces(TRACEBACK);
    std::panic::set_hook(Box::new(move |info| {
        end_if_print_failed(crate::caught::message(info.payload()));
        match crate::caught::takes(info, with_trace && !with_backtrace) {
            _ if with_backtrace => usual(info),
            true => {}
            false => report_panic(info, with_trace),
        }
    }));
}

/// `println!` panics when it cannot write. That is no bug: the reader has gone, or a disk is full.
#[expect(clippy::disallowed_methods, reason = "a panic hook has nobody to return to")]
fn end_if_print_failed(message: &str) {
    let Some((stream, why)) =
        message.strip_prefix("failed printing to ").and_then(|rest| rest.split_once(": "))
    else {
        return;
    };
    // Of the error there is but the text: its number is EPIPE, on Windows that of a pipe without a reader.
    let numbers: &[&str] = if cfg!(windows) { &["109", "232"] } else { &["32"] };
    if numbers.iter().any(|number| why.ends_with(&format!("(os error {number})"))) {
        std::process::exit(Exit::BROKEN_PIPE.0.into());
    }
    let _ = writeln!(std::io::stderr(), "Error: Cannot write to {stream}: {why}");
    std::process::exit(Exit::FAILURE.0.into());
}

/// The exit code once all that was printed is written: `print!` keeps a line that is not ended.
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

/// A panic is a bug of the command: say so, and where, without a backtrace unless it was asked for.
fn report_panic(info: &std::panic::PanicHookInfo<'_>, with_trace: bool) {
    let message = printable_lines(crate::caught::message(info.payload()));
    let place = info.location().map(|location| format!(" at {location}")).unwrap_or_default();
    let mut text = format!("Error: Something failed that never should: {message}\nThis is a bug{place}.");
    match with_trace {
        true => text.push_str(&format!("\n\n{}", Backtrace::force_capture())),
        false => text.push_str(" Run it again with --traceback to see how it came about."),
    }
    let _ = writeln!(std::io::stderr(), "{text}");
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
        // It returns only when the program could not be started: then go on without.
        let _ = again.exec();
        None
    }
    #[cfg(not(unix))]
    again.status().ok().and_then(|status| status.code()).map(|code| Exit(u8::try_from(code).unwrap_or(1)))
}
