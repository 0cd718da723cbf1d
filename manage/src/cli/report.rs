//! How trouble is told: one line, its causes, its hints, and an exit code.

use std::io;

use super::Occasion;
use crate::checks::{SystemCheckError, UnknownName};
use crate::command::{UnknownCommand, UsageError, usage_text};
use crate::console::{Output, ReaderGone, Role, Stream, printable_lines};
use crate::database::{ConnectError, ServerError};
use crate::isolation::IsolationError;
use crate::migrations::{IrreversibleError, LockError, SourceError, StatementError, StepError, TargetError};
use crate::scaffold::ScaffoldError;
use crate::settings::{SettingsError, UrlError};
use crate::wait::ServiceUrlError;
use crate::{Cancelled, CommandError, Exit};

/// Prints why a command line failed, and says what the program's exit code is.
pub(crate) fn failure(error: &anyhow::Error, occasion: &Occasion, output: &Output) -> Exit {
    if let Some(error) = error.downcast_ref::<clap::Error>() {
        return usage(error, output);
    }
    // Where a command says what it was about when it called another, that is told first.
    if error.chain().len() == 1 {
        if let Some(error) = error.downcast_ref::<UnknownCommand>() {
            return after(output.err.line(printable_lines(&error.to_string())), Exit::FAILURE);
        }
        if let Some(error) = error.downcast_ref::<SystemCheckError>() {
            let issues = crate::report::issues(&error.results, true, &output.err);
            return after(output.err.line(issues), Exit::FAILURE);
        }
    }
    command_error(error, occasion, output)
}

/// Prints what clap says: help and version to stdout, wrong arguments to stderr.
fn usage(error: &clap::Error, output: &Output) -> Exit {
    let text = usage_text(error);
    let text = printable_lines(&text);
    let (stream, exit) =
        if error.use_stderr() { (&output.err, Exit::USAGE) } else { (&output.out, Exit::SUCCESS) };
    if error.kind() == clap::error::ErrorKind::DisplayVersion {
        return after(stream.line(crate::VERSION), exit);
    }
    after(stream.print(styled(&text, stream)), exit)
}

fn styled(text: &str, stream: &Stream) -> String {
    match text.strip_prefix("error:") {
        Some(rest) => format!("{}{rest}", stream.style(Role::Error, "error:")),
        None => text.to_owned(),
    }
}

/// Prints an error with its causes and hints. A reader that has gone is no error: it has seen enough.
fn command_error(error: &anyhow::Error, occasion: &Occasion, output: &Output) -> Exit {
    let Occasion { command, traceback, hint } = occasion;
    let exit = Exit::of(error);
    if exit == Exit::BROKEN_PIPE {
        return exit;
    }
    let own = error.downcast_ref::<CommandError>();
    let foreign = command.as_deref().filter(|_| is_foreign(error));
    let mut text = match error.chain().next().and_then(|outermost| outermost.downcast_ref::<Cancelled>()) {
        // Who stopped it knows why; nothing went wrong.
        Some(cancelled) => output.err.style(Role::Warning, cancelled),
        // What an error repeats may come from anywhere: a file's name, a server's message, an argument.
        None => {
            let whose = foreign.map(|command| format!("{command}: ")).unwrap_or_default();
            let said = error.to_string();
            format!("{} {whose}{}", output.err.style(Role::Error, "Error:"), printable_lines(&said))
        }
    };
    // What the server said beside its message goes below the line that has the message.
    let server = ServerError::in_chain(error);
    let mut details = server.as_deref();
    let mut last = error.to_string();
    // A migration's statement is shown with its place in the file.
    let is_placed = error.chain().any(|cause| cause.is::<StatementError>());
    append_details(&mut text, &last, &mut details, is_placed);
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Many errors print their source themselves.
        if !last.contains(&cause) {
            text.push_str(&format!("\nCaused by: {}", printable_lines(&cause)));
            append_details(&mut text, &cause, &mut details, is_placed);
        }
        last = cause;
    }
    let remedy = server.as_deref().and_then(ServerError::remedy);
    let place = "--traceback shows where this came from.";
    let is_explained = hint.is_some() || remedy.is_some();
    let place = (foreign.is_some() && !is_explained && !traceback).then_some(place);
    let hints = own.map(CommandError::hints).unwrap_or_default().iter().map(String::as_str);
    for hint in hints.chain(hint.as_deref()).chain(remedy.as_deref()).chain(place) {
        let hint = printable_lines(hint);
        text.push_str(&format!("\n{} {hint}", output.err.style(Role::Warning, "Hint:")));
    }
    if *traceback {
        let backtrace = error.backtrace();
        match backtrace.status() {
            std::backtrace::BacktraceStatus::Captured => text.push_str(&format!("\n\n{backtrace}")),
            // Where the program did not start itself anew for it, as in tests.
            _ => text.push_str("\n\nWith RUST_BACKTRACE=1 in the environment its backtrace stands here."),
        }
    }
    after(output.err.line(text), exit)
}

/// Adds the details of a server's error if the line above has its message.
fn append_details(text: &mut String, line: &str, details: &mut Option<&ServerError>, is_placed: bool) {
    if let Some(error) = details.take_if(|error| line.contains(error.message())) {
        for line in crate::report::server_error_lines(error, is_placed) {
            text.push_str(&format!("\n{line}"));
        }
    }
}

/// Whether an error says nothing of what the command was about: one of another library that `?` passed up. What the
/// framework says, and what a command says itself (`bail!`, [`CommandError`]), is a sentence for people.
fn is_foreign(error: &anyhow::Error) -> bool {
    let says_it_itself = error.chain().len() == 1 && (error.is::<&'static str>() || error.is::<String>());
    macro_rules! is_one_of {
        ($($error:ty),+ $(,)?) => { $(error.is::<$error>())||+ };
    }
    let is_ours = is_one_of![
        CommandError,
        UsageError,
        UnknownCommand,
        SystemCheckError,
        UnknownName,
        SettingsError,
        UrlError,
        ConnectError,
        ServiceUrlError,
        IsolationError,
        LockError,
        SourceError,
        TargetError,
        IrreversibleError,
        StatementError,
        StepError,
        ScaffoldError,
        Cancelled,
    ];
    !says_it_itself && !is_ours
}

impl Exit {
    /// The exit code of a program that ends with this error: that of a [`CommandError`], 2 for a [`UsageError`], 141
    /// where the reader of the output has gone, 130 or 143 for what a signal stopped, and 1 for any other.
    pub fn of(error: &anyhow::Error) -> Self {
        if error.chain().any(ReaderGone::is_cause) {
            return Self::BROKEN_PIPE;
        }
        if let Some(error) = error.downcast_ref::<clap::Error>() {
            return if error.use_stderr() { Self::USAGE } else { Self::SUCCESS };
        }
        if let Some(error) = error.downcast_ref::<UsageError>() {
            return error.exit_code();
        }
        let chosen = error.downcast_ref::<CommandError>().map_or(Self::FAILURE, CommandError::exit_code);
        match error.chain().find_map(|cause| cause.downcast_ref::<Cancelled>()) {
            Some(cancelled) if chosen == Self::FAILURE => cancelled.signal.exit_code(),
            _ => chosen,
        }
    }
}

fn after(written: io::Result<()>, exit: Exit) -> Exit {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::BROKEN_PIPE,
        _ => exit,
    }
}
