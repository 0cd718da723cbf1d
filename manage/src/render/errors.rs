//! How errors are reported: one line, the causes, the hints, and an exit code.

use std::ffi::OsString;
use std::io;

use crate::cancellation::Cancelled;
use crate::checks::{SystemCheckError, UnknownName};
use crate::command::{UnknownCommand, usage_text};
use crate::console::{Output, Role, Stream, instead_of_credential, printable, printable_lines};
use crate::database::{ConnectError, ServerError};
use crate::error::{CommandError, Exit, UsageError};
use crate::isolation::IsolationError;
use crate::migrations::{
    AcceptError, EditedError, FolderError, IrreversibleError, LockError, OrderError, PartlyReplacedError,
    ResumeError, SourceError, StatementError, StepError, TargetError, UnclearStatement,
};
use crate::scaffold::ScaffoldError;
use crate::settings::{SettingsError, UrlError};
use crate::wait::ServiceUrlError;

/// The circumstances in which a command line failed.
#[derive(Debug, Default)]
pub(crate) struct Occasion {
    /// The command that ran, with its subcommand; none if no command ran.
    pub(crate) command: Option<String>,
    pub(crate) traceback: bool,
    /// An additional hint to the error's own.
    pub(crate) hint: Option<String>,
    /// Arguments that contain a password or a token, and what to show instead.
    pub(crate) credentials: Vec<(String, String)>,
}

impl Occasion {
    /// With the words of the command line that hold a password or a token.
    pub(crate) fn of(words: &[OsString]) -> Self {
        Self { credentials: credentials(words), ..Self::default() }
    }
}

/// Returns the arguments, and the option values among them, that certainly contain a password or a token.
fn credentials(words: &[OsString]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for word in words.iter().map(|word| word.to_string_lossy()) {
        let value = word.strip_prefix("--").and_then(|option| Some(option.split_once('=')?.1));
        for text in std::iter::once(&*word).chain(value) {
            if let Some(instead) = instead_of_credential(text) {
                found.push((text.to_owned(), instead));
            }
        }
    }
    found
}

/// Prints why a command line failed and returns the program's exit code.
pub(crate) fn failure(error: &anyhow::Error, occasion: &Occasion, output: &Output) -> Exit {
    if let Some(error) = error.downcast_ref::<clap::Error>() {
        return usage(error, output);
    }
    // A context that a command added to the error of a call comes first.
    if error.chain().len() == 1 {
        if let Some(error) = error.downcast_ref::<UnknownCommand>() {
            return after(output.err.line(printable_lines(&error.to_string())), Exit::FAILURE);
        }
        if let Some(error) = error.downcast_ref::<SystemCheckError>() {
            let issues = super::issues(&error.results, true, &output.err);
            return after(output.err.line(issues), Exit::FAILURE);
        }
    }
    command_error(error, occasion, output)
}

/// Prints clap's message: help and version to stdout, usage errors to stderr.
fn usage(error: &clap::Error, output: &Output) -> Exit {
    let text = usage_text(error);
    let text = printable_lines(&text);
    let (stream, exit) =
        if error.use_stderr() { (&output.err, Exit::USAGE) } else { (&output.out, Exit::SUCCESS) };
    if error.kind() == clap::error::ErrorKind::DisplayVersion {
        return after(stream.line(crate::command::VERSION), exit);
    }
    after(stream.print(styled(&text, stream)), exit)
}

fn styled(text: &str, stream: &Stream) -> String {
    match text.strip_prefix("error:") {
        Some(rest) => format!("{}{rest}", stream.style(Role::Error, "error:")),
        None => text.to_owned(),
    }
}

/// Prints an error with its causes and hints. A broken pipe is not reported: the reader has seen enough.
fn command_error(error: &anyhow::Error, occasion: &Occasion, output: &Output) -> Exit {
    let Occasion { command, traceback, hint, credentials } = occasion;
    let exit = Exit::of(error);
    if exit == Exit::BROKEN_PIPE {
        return exit;
    }
    let own = error.downcast_ref::<CommandError>();
    let foreign = command.as_deref().filter(|_| is_foreign(error));
    let mut text = match error.chain().next().and_then(|outermost| outermost.downcast_ref::<Cancelled>()) {
        // The user who stopped it knows why; nothing went wrong.
        Some(cancelled) => output.err.style(Role::Warning, cancelled),
        // An error may repeat untrusted text: a file's name, a server's message, an argument.
        None => {
            let whose = foreign.map(|command| format!("{command}: ")).unwrap_or_default();
            let said = error.to_string();
            format!("{} {whose}{}", output.err.style(Role::Error, "Error:"), printable_lines(&said))
        }
    };
    // The details that the server sent go below the line with its message.
    let server = ServerError::in_chain(error);
    let mut details = server.as_deref();
    let mut last = error.to_string();
    // A migration's statement is shown with its position in the file.
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
    let place = "Use --traceback to see where this came from.";
    let is_explained = hint.is_some() || remedy.is_some();
    let place = (foreign.is_some() && !is_explained && !traceback).then_some(place);
    let hints = own.map(CommandError::hints).unwrap_or_default().iter().map(String::as_str);
    let of_settings = error.downcast_ref::<SettingsError>().and_then(SettingsError::hint_text);
    let of_database = error.downcast_ref::<ConnectError>().and_then(|error| error.hint.as_deref());
    let of_error = of_settings.or(of_database);
    for hint in hints.chain(of_error).chain(hint.as_deref()).chain(remedy.as_deref()).chain(place) {
        let hint = printable_lines(hint);
        text.push_str(&format!("\n{} {hint}", output.err.style(Role::Warning, "Hint:")));
    }
    if *traceback {
        let backtrace = error.backtrace();
        match backtrace.status() {
            std::backtrace::BacktraceStatus::Captured => text.push_str(&format!("\n\n{backtrace}")),
            // Where the program did not restart itself for it, as in tests.
            _ => text.push_str("\n\nSet RUST_BACKTRACE=1 in the environment to see its backtrace here."),
        }
    }
    // A command's error about its arguments is its own text, or another library's.
    for (credential, instead) in credentials {
        text = text.replace(credential.as_str(), instead).replace(&*printable_lines(credential), instead);
        text = text.replace(&*printable(credential), instead);
    }
    after(output.err.line(text), exit)
}

/// Adds the details of a server's error if the line above has its message.
fn append_details(text: &mut String, line: &str, details: &mut Option<&ServerError>, is_placed: bool) {
    if let Some(error) = details.take_if(|error| line.contains(error.message())) {
        for line in super::server_error_lines(error, is_placed) {
            text.push_str(&format!("\n{line}"));
        }
    }
}

/// Returns whether an error is another library's, passed up by `?`, and so does not mention the command's
/// work. Errors of the framework and of a command itself (`bail!`, [`CommandError`]) are sentences for
/// people.
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
        FolderError,
        TargetError,
        IrreversibleError,
        EditedError,
        OrderError,
        PartlyReplacedError,
        AcceptError,
        UnclearStatement,
        ResumeError,
        StatementError,
        StepError,
        ScaffoldError,
        Cancelled,
    ];
    !says_it_itself && !is_ours
}

fn after(written: io::Result<()>, exit: Exit) -> Exit {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::BROKEN_PIPE,
        _ => exit,
    }
}
