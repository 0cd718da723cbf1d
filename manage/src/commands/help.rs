use std::path::PathBuf;

use crate::console::{echo, is_connection, printable_lines};
use crate::prelude::*;
use crate::render::{Form, Reference, help_of, names};

/// List commands, or show help for one
///
/// For a subcommand, name both: `help cache clear`. --output writes files: a man page for each command, a
/// Markdown reference and the same as JSON.
#[command(requires_checks = "none")]
pub(crate) fn help(
    cx: &mut Context,
    /// The command, and optionally its subcommand
    #[arg(value_name = "COMMAND", add = manage::completion::command_path())]
    path: Vec<String>,
    /// Print only the names of the commands, one per line
    #[arg(long, conflicts_with_all = ["path", "format", "output"])]
    commands: bool,
    /// Output format: text for people, JSON for programs, Markdown, or a man page
    #[arg(long, value_name = "FORMAT")]
    format: Option<Form>,
    /// Write files into this directory, in every format except text, or only in that of --format
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    output: Option<PathBuf>,
) -> Result<()> {
    let program = cx.program().clone();
    if commands {
        return Ok(cx.out().print(names(&program).join("\n") + "\n")?);
    }
    if let Some(folder) = output {
        // Directories would be created, whose names keep the password.
        if is_connection(&folder.to_string_lossy()) && !folder.is_absolute() && !folder.is_dir() {
            return Err(CommandError::new(format!(
                "--output is not the path of a directory: {}.",
                echo(&folder)
            ))
            .hint("Write the path of a directory, such as docs/commands.")
            .into());
        }
        let forms = format.map_or_else(Form::of_files, |form| vec![form]);
        for file in Reference::new(&program, &path)?.write(&forms, &folder)? {
            cx.success(format_args!("Wrote {}.", echo(&file)))?;
        }
        return Ok(());
    }
    let text = match format.unwrap_or(Form::Text) {
        // The help of a command repeats the values of environment variables.
        Form::Text if !path.is_empty() => {
            printable_lines(&help_of(&program, &path, cx.source(), cx.out())?).into_owned()
        }
        Form::Text => help_of(&program, &path, cx.source(), cx.out())?,
        form => Reference::new(&program, &path)?.text(form)?,
    };
    Ok(cx.out().print(text)?)
}
