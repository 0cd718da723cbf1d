//! How trouble is told: one line, its causes, its hints, and an exit code.

use std::io;

use clap::error::ContextValue;

use super::UnknownCommand;
use crate::console::{Output, ReaderGone, Role};
use crate::{CommandError, Exit};

/// Prints why a command line failed, and says what the program's exit code is.
pub(crate) fn failure(error: &anyhow::Error, traceback: bool, output: &Output) -> Exit {
    if let Some(error) = error.downcast_ref::<clap::Error>() {
        return usage(error, output);
    }
    if let Some(error) = error.downcast_ref::<UnknownCommand>() {
        return after(output.err.line(error), Exit::FAILURE);
    }
    command_error(error, traceback, output)
}

/// Prints what clap says: help and version to stdout, wrong arguments to stderr.
fn usage(error: &clap::Error, output: &Output) -> Exit {
    let text = without_urls(error, error.render().to_string());
    let (stream, exit) =
        if error.use_stderr() { (&output.err, Exit::USAGE) } else { (&output.out, Exit::SUCCESS) };
    let text = match text.strip_prefix("error:") {
        Some(rest) => format!("{}{rest}", stream.style(Role::Error, "error:")),
        None => text,
    };
    after(stream.print(text), exit)
}

/// clap repeats what it does not understand. A URL may hold a password, wherever it was put by mistake.
fn without_urls(error: &clap::Error, text: String) -> String {
    let repeated = error.context().filter_map(|(_, value)| match value {
        ContextValue::String(value) if value.contains("://") => Some(value),
        _ => None,
    });
    repeated.fold(text, |text, value| text.replace(value.as_str(), "(a URL)"))
}

/// Prints an error with its causes and hints. A reader that has gone is no error: it has seen enough.
fn command_error(error: &anyhow::Error, traceback: bool, output: &Output) -> Exit {
    if error.chain().any(ReaderGone::is_cause) {
        return Exit::BROKEN_PIPE;
    }
    let own = error.downcast_ref::<CommandError>();
    let mut text = format!("{} {error}", output.err.style(Role::Error, "Error:"));
    let mut last = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Many errors print their source themselves.
        if !last.contains(&cause) {
            text.push_str(&format!("\nCaused by: {cause}"));
        }
        last = cause;
    }
    for hint in own.map(CommandError::hints).unwrap_or_default() {
        text.push_str(&format!("\n{} {hint}", output.err.style(Role::Warning, "Hint:")));
    }
    if traceback {
        text.push_str(&format!("\n\n{}", error.backtrace()));
    }
    after(output.err.line(text), own.map_or(Exit::FAILURE, CommandError::exit_code))
}

fn after(written: io::Result<()>, exit: Exit) -> Exit {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::BROKEN_PIPE,
        _ => exit,
    }
}
