use std::path::PathBuf;

use crate::cli::{help_of, names};
use crate::console::printable;
use crate::prelude::*;
use crate::report::{Form, Reference};

/// Show the commands, or the help of one of them
///
/// A subcommand is named after its command: `help cache clear`. With --output it writes files: a man page for each command,
/// a reference in Markdown, and the same as JSON.
#[command(requires_checks = "none")]
pub(crate) fn help(
    cx: &mut Context,
    /// The command to show the help of, and its subcommand
    #[arg(value_name = "COMMAND", add = manage::completion::command_path())]
    path: Vec<String>,
    /// Print only the names of the commands, one a line
    #[arg(long, conflicts_with_all = ["path", "format", "output"])]
    commands: bool,
    /// The form: text for people, JSON for programs, Markdown, or a man page
    #[arg(long, value_name = "FORM")]
    format: Option<Form>,
    /// Write files into this folder, in every form but text unless --format names one
    #[arg(long, value_name = "FOLDER", value_hint = clap::ValueHint::DirPath)]
    output: Option<PathBuf>,
) -> Result<()> {
    let program = cx.program().clone();
    if commands {
        return Ok(cx.out().print(names(&program).join("\n") + "\n")?);
    }
    if let Some(folder) = output {
        let forms = format.map_or_else(Form::of_files, |form| vec![form]);
        for file in Reference::new(&program, &path)?.write(&forms, &folder)? {
            cx.success(format_args!("Wrote {}.", printable(&file)))?;
        }
        return Ok(());
    }
    let text = match format.unwrap_or(Form::Text) {
        Form::Text => help_of(&program, &path, cx.out())?,
        form => Reference::new(&program, &path)?.text(form)?,
    };
    Ok(cx.out().print(text)?)
}
