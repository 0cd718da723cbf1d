//! Why a run of migrations failed, and how to go on.

use super::apps::{DIRECTORY, names_directory};
use crate::command::Context;
use crate::console::printable;
#[cfg(feature = "terminal")]
use crate::console::printable_lines;
use crate::database::LockHolder;
use crate::error::{CommandError, Exit, Result};
use crate::migrations::{
    AcceptError, Answer, EditedError, IrreversibleError, LockError, OrderError, PartlyReplacedError,
    ResumeError, StepError, StoppedError, TargetError, UnclearStatement,
};
use crate::settings::{Backend, DatabaseSettings};

/// Adds how to go on.
pub(crate) fn migration_error(error: anyhow::Error) -> anyhow::Error {
    let hinted =
        |error: &dyn std::fmt::Display, hint: String| CommandError::new(error.to_string()).hint(hint).into();
    if let Some(error) = error.downcast_ref::<EditedError>() {
        let versions: Vec<String> =
            error.files.iter().map(|(_, version)| format!("--accept {}", printable(version))).collect();
        return hinted(
            error,
            format!(
                "Write the change into a new migration, and restore the file. Or, if every database is as if the file \
                 had always been like this, run `migrate {}`.",
                versions.join(" ")
            ),
        );
    }
    if let Some(error) = error.downcast_ref::<OrderError>() {
        return hinted(error, "Give them newer timestamps, or run without --strict-order.".to_owned());
    }
    if let Some(error) = error.downcast_ref::<PartlyReplacedError>() {
        let name = printable(&error.name);
        return hinted(
            error,
            format!(
                "Migrate this database with a version of the program from before {name}, which still has them all."
            ),
        );
    }
    if let Some(error) = error.downcast_ref::<IrreversibleError>() {
        return hinted(error, "Write its down.sql, or choose a target after it.".to_owned());
    }
    if let Some(error) = error.downcast_ref::<AcceptError>() {
        return hinted(error, "See `showmigrations`.".to_owned());
    }
    if let Some(error) = error.downcast_ref::<UnclearStatement>() {
        let version = printable(&error.version).into_owned();
        return hinted(
            error,
            format!(
                "Check whether the statement was done. Then run `migrate` with `--resume {version}=done` to continue after \
                 it, or `--resume {version}=again` to run it."
            ),
        );
    }
    if let Some(error) = error.downcast_ref::<ResumeError>() {
        let version = printable(&error.version).into_owned();
        let undo = match error.session_line {
            Some(_) => "Undo",
            None => "Restore the text of these statements. Or undo",
        };
        return hinted(
            error,
            format!("{undo} by hand what was done, and run `migrate --resume {version}=restart`."),
        );
    }
    if let Some(stopped) = error.downcast_ref::<StoppedError>() {
        let exit = stopped.cancelled.signal.exit_code();
        let stops = CommandError::new(stopped.to_string()).exit_code(exit).caused_by(stopped.cancelled);
        return stopped.hints().into_iter().fold(stops, CommandError::hint).into();
    }
    match error.downcast::<StepError>() {
        Err(error) => error,
        Ok(error) => {
            let hints = error.hints();
            if hints.is_empty() {
                return error.into();
            }
            let command_error = CommandError::new(error.to_string()).caused_by(error.source);
            hints.into_iter().fold(command_error, CommandError::hint).into()
        }
    }
}

/// Fails if the database cannot limit the time of a statement.
pub(crate) fn statement_limit(settings: &DatabaseSettings, limit: Option<u32>) -> Result<()> {
    if settings.backend == Backend::Sqlite && limit.is_some_and(|limit| limit > 0) {
        let error = CommandError::new("SQLite has no limit for the time of a statement.");
        return Err(error.hint("Leave out --statement-timeout.").exit_code(Exit::USAGE).into());
    }
    Ok(())
}

/// Says how an app gets migrations.
pub(crate) fn no_migrations() -> CommandError {
    CommandError::new("No app has migrations.")
        .hint("Write `manage::migrations!(\"migrations\");` in the app's lib.rs.")
}

/// Adds where to find the names of migrations.
pub(crate) fn target_error(cx: &Context, error: &TargetError) -> anyhow::Error {
    let hint = match error {
        TargetError::Unknown(word) if names_directory(word) => DIRECTORY.to_owned(),
        _ => format!("See `{} showmigrations`.", cx.program().name()),
    };
    CommandError::new(error.to_string()).hint(hint).into()
}

/// Prints that another process migrates, and which one.
pub(crate) fn waiting_for_lock(cx: &Context, holder: Option<&LockHolder>) {
    let holder = holder.map(|holder| format!(": {}", printable(&holder.text))).unwrap_or_default();
    // A broken pipe is noticed at the next line.
    let _ = cx.notice(format_args!(
        "Another process is migrating this database{holder}; waiting for it to finish..."
    ));
}

/// Adds how to get the lock.
pub(crate) fn lock_error(error: LockError) -> anyhow::Error {
    let message = error.to_string();
    match error {
        LockError::Held(holder) => {
            let error = CommandError::new(message)
                .hint("Wait for the other process, or use a longer --lock-timeout.")
                .exit_code(Exit::TIMED_OUT);
            match holder.and_then(|holder| holder.end_sql) {
                Some(sql) => error.hint(format!("If its client is gone, end its session: {sql};")),
                None => error,
            }
            .into()
        }
        LockError::File(_, _) => CommandError::new(message).into(),
        LockError::Isolation(_) => CommandError::new(message)
            .hint("Behind a pooler the lock uses one of its server connections and the migrations use another: does the pool have two?")
            .into(),
        LockError::Query(error) => CommandError::new("Cannot acquire the migration lock.").caused_by(error).into(),
    }
}

/// Asks how to continue with a statement of which it is not certain whether it is done.
#[cfg(feature = "terminal")]
pub(crate) fn ask_about(cx: &Context, statement: &UnclearStatement) -> Result<Option<Answer>> {
    cx.warning(printable_lines(&statement.to_string()))?;
    let choices =
        [("It was done", Some(Answer::Done)), ("It was not done", Some(Answer::Again)), ("Stop", None)];
    let chosen = cx.prompt("Was the statement done?").choice(&choices.map(|(text, _)| text))?;
    Ok(choices[chosen].1)
}

/// Without this feature there is nobody to ask.
#[cfg(not(feature = "terminal"))]
pub(crate) fn ask_about(_: &Context, _: &UnclearStatement) -> Result<Option<Answer>> {
    Ok(None)
}
