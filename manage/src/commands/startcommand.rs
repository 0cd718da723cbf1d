use std::path::{Path, PathBuf};

use crate::command::{App, BUILT_IN, FIXED};
use crate::console::{echo, printable};
use crate::prelude::*;
use crate::scaffold::{LINE, ScaffoldError, unnoticed, write_command};

/// Write the file of a new command into an app
#[command(requires_checks = "none")]
pub(crate) fn startcommand(
    cx: &mut Context,
    /// The command's name: lower-case letters, digits and underscores
    name: String,
    /// The app to add it to [default: the program's first app]
    #[arg(long, value_name = "LABEL", add = manage::completion::apps())]
    app: Option<String>,
) -> Result<()> {
    let apps = cx.program().registry().apps();
    let label = match &app {
        Some(label) => apps.iter().copied().find(|known| known == label).ok_or_else(|| {
            CommandError::new(format!("There is no app '{}'.", echo(label)))
                .hint(format!("The apps are: {}.", apps.join(", ")))
        })?,
        None => *apps.first().ok_or_else(|| CommandError::new("The program has no apps."))?,
    };
    if FIXED.contains(&name.as_str()) {
        return Err(CommandError::new(format!("The built-in command '{name}' cannot be overridden."))
            .hint("Choose another name.")
            .exit_code(Exit::USAGE)
            .into());
    }
    let package = package_of(label)?;
    let path = write_command(&package.join("src/lib.rs"), &name).map_err(|error| {
        let message = CommandError::new(error.to_string());
        match error {
            ScaffoldError::Name(_) => message
                .hint(
                    "Use lower-case letters, digits and underscores, as in import_posts, and no Rust keyword.",
                )
                .exit_code(Exit::USAGE),
            _ => message,
        }
    })?;
    let here = std::env::current_dir()?;
    cx.success(format_args!("Wrote {}.", printable(path.strip_prefix(&here).unwrap_or(&path))))?;
    if let Some(why) = unnoticed(&package) {
        cx.warning(format_args!(
            "Cargo does not notice the new file: {why}. Write `{LINE}` into the main function of its build.rs, or the next \
             build will not have the command."
        ))?;
    }
    if let Ok(Some(other)) = cx.program().registry().find(&name) {
        cx.warning(rivalry(apps, label, other.app, &name))?;
    }
    cx.line(format_args!("Try it: cargo run --bin {} {name}", cx.program().name()))
}

/// Returns which of two commands of one name runs.
fn rivalry(apps: &[&str], new: &str, other: &str, name: &str) -> String {
    if other == BUILT_IN {
        return format!(
            "'{name}' of the app '{new}' now runs in place of the built-in command. To get that one back, delete the file, or \
             rename it and its function."
        );
    }
    let rank = |app: &str| apps.iter().position(|known| *known == app).unwrap_or(usize::MAX);
    if rank(new) < rank(other) {
        format!("'{name}' of the app '{new}' now runs in place of the one of '{other}'.")
    } else {
        format!(
            "It will not run: the app '{other}' also has a command '{name}' and is before '{new}' in the list of apps."
        )
    }
}

/// Returns the directory of an app's package.
fn package_of(label: &str) -> Result<PathBuf> {
    let folder = App::folder(label).ok_or_else(|| {
        CommandError::new(format!("The app '{label}' does not declare a directory of commands."))
            .hint("Write `manage::commands!();` in its src/lib.rs.")
    })?;
    if !Path::new(folder).join("src").is_dir() {
        return Err(CommandError::new(format!(
            "The source of the app '{label}' does not exist on this machine: it was built in {folder}."
        ))
        .hint("Run the command where the project is built.")
        .into());
    }
    Ok(PathBuf::from(folder))
}
