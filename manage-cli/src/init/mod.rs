//! `cargo manage init`: adds manage to a package that exists, after showing what changes.

mod build_script;
mod change;
mod confirm;
mod diesel;
mod library;
mod manifest;
mod migrations;
mod package;
mod program;
mod uncommitted;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::ExitCode;

use crate::cli::InitOptions;
use crate::dependency::{PACKAGE, Source};
use crate::error::{Error, Result};
use crate::output::{line, shown, warn};

pub(crate) use change::replace;
use change::{Change, diff, write};
use library::Library;
use migrations::MigrationsIn;
use package::Adopted;

/// The first command of a package without commands. Git keeps no empty directory, and cargo would compile the
/// package again in every build if the directory that build.rs names were missing.
const HELLO: (&str, &str) =
    ("src/management/commands/hello.rs", include_str!("../../templates/minimal/hello.rs.tmpl"));

/// The list of commands for rustfmt, as the build writes it.
const LIST: (&str, &str) =
    ("src/management/mod.rs", include_str!("../../templates/minimal/management.rs.tmpl"));

/// Shows the changes, asks, and makes them.
pub(crate) fn init(options: &InitOptions) -> Result {
    let adopted = Adopted::find(options)?;
    let source = Source::of(options.path.as_deref())?;
    let library = Library::of(&adopted)?;
    let changes = plan(&adopted, &library, options, &source)?;
    if changes.is_empty() {
        line(&format!("The package `{}` uses manage already. Nothing was changed.", adopted.package.name))?;
        return Ok(ExitCode::SUCCESS);
    }
    line(diff(&changes).trim_end())?;
    if let Some(warning) = uncommitted::warning(&changes) {
        warn(&warning);
    }
    if options.dry_run {
        line("Nothing was changed (--dry-run).")?;
        return Ok(ExitCode::SUCCESS);
    }
    if !options.yes && !confirm::confirm("Make these changes? [y/N] ")? {
        line("Nothing was changed.")?;
        return Ok(ExitCode::FAILURE);
    }
    write(&changes)?;
    line(&format!("Added manage to the package `{}`.", adopted.package.name))?;
    if let Some(locked) = diesel::too_old_in_lock(&adopted.workspace_root) {
        line(&format!(
            "Cargo.lock has Diesel {locked}, and manage needs 2.3.9 or later: run `cargo update -p diesel`."
        ))?;
    }
    if library.is_new() && adopted.has_main() {
        line(&format!(
            "Commands see what src/lib.rs declares: move the modules that they use from src/main.rs there, and name \
             them in main.rs as `use {}::…`.",
            library.crate_name
        ))?;
    }
    let command = if adopted.has_commands { "help" } else { "hello" };
    line(&format!("Try it: cargo manage {command}"))?;
    Ok(ExitCode::SUCCESS)
}

/// Returns what has to change, and nothing if all is done. What is not understood is an error.
fn plan(adopted: &Adopted, library: &Library, options: &InitOptions, source: &Source) -> Result<Vec<Change>> {
    let package = &adopted.package;
    let backends = match package.dependency(PACKAGE) {
        // Its features are chosen already.
        Some(_) => Vec::new(),
        None => diesel::backends(package, options.database)?,
    };
    let migrations = MigrationsIn::find(&adopted.directory)?;
    let mut changes = Vec::new();
    let mut add = |path: &Path, before: Option<String>, after: String| {
        if before.as_deref() != Some(after.as_str()) {
            let after = change::with_line_ends_of(before.as_deref(), after);
            changes.push(Change { path: path.to_owned(), before, after });
        }
    };
    let (before, after) = manifest::edit(adopted, (&backends, options.database.is_some()), source)?;
    add(&package.manifest_path, Some(before), after);
    let (before, after) = library.edit(&migrations)?;
    add(&library.path, before, after);
    if let Some((path, text)) = program::text(adopted, &library.crate_name)? {
        add(&path, None, text);
    }
    let (path, before, after) = build_script::edit(adopted, &migrations)?;
    add(&path, before, after);
    if !adopted.has_commands {
        for (name, text) in [HELLO, LIST] {
            let path = adopted.directory.join(name);
            if read(&path)?.is_none() {
                add(&path, None, text.to_owned());
            }
        }
    }
    Ok(changes)
}

/// Returns the text of a file; `None` if it does not exist.
fn read(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(path, "read", &error)),
    }
}

/// The error of a file that is not understood, with the lines to add by hand.
fn by_hand(path: &Path, why: &str, lines: &[String]) -> Error {
    let lines: Vec<String> = lines.iter().map(|line| format!("    {line}")).collect();
    Error::new(format!("{} is not changed: {why}. Nothing was changed.", shown(path)))
        .hint(format!("Add these lines by hand, and run it again:\n{}", lines.join("\n")))
}
