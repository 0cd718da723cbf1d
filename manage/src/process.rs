//! What belongs to the whole process: panics, and a traceback on request.

use std::ffi::OsString;
use std::io::Write;

use crate::Exit;

/// Makes SIGINT and SIGTERM end the process, and a panic print one line.
pub(crate) fn prepare() {
    crate::cancellation::end_at_once();
    if !backtraces("RUST_BACKTRACE") {
        std::panic::set_hook(Box::new(report_panic));
    }
}

/// A panic is a bug of the command: say so, and where, without a backtrace.
#[expect(clippy::disallowed_methods, reason = "a panic hook has nobody to return to")]
fn report_panic(info: &std::panic::PanicHookInfo<'_>) {
    let message = crate::caught::message(info.payload());
    // `println!` panics when the reader has gone; that is no bug.
    if message.starts_with("failed printing to std") {
        std::process::exit(Exit::BROKEN_PIPE.0.into());
    }
    if crate::caught::takes(info) {
        return;
    }
    let place = info.location().map(|location| format!(" at {location}")).unwrap_or_default();
    let _ = writeln!(
        std::io::stderr(),
        "Error: Something failed that never should: {message}\nThis is a bug{place}. Run it again with RUST_BACKTRACE=1 to see how it came about."
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
