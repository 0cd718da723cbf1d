//! The reference of a program's commands, as texts and as files: JSON, Markdown and man pages.

#[cfg(feature = "man")]
mod man;
mod markdown;

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::catalog::Catalog;
use crate::command;
use crate::command::Program;
use crate::console::{echo, printable};
use crate::error::{CommandError, Exit, Result};
use crate::files::replace;

/// The format of a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// For people, in a terminal
    Text,
    /// For programs; docs/reference/help-json.md describes it
    Json,
    /// For a site or a repository
    Markdown,
    /// For man(1)
    Man,
}

impl Form {
    /// Returns the formats that are written to files by default.
    pub(crate) fn of_files() -> Vec<Self> {
        let mut forms = vec![Self::Json, Self::Markdown];
        if cfg!(feature = "man") {
            forms.push(Self::Man);
        }
        forms
    }
}

/// The subject of a reference: all commands of a program, or one of them, or a subcommand.
pub(crate) struct Reference<'a> {
    program: &'a Program,
    path: &'a [String],
    catalog: Catalog,
}

/// A file of a reference that is not yet written.
struct Page {
    name: String,
    text: String,
}

impl<'a> Reference<'a> {
    /// Creates the reference of the command that the words select, or of all commands without words.
    pub(crate) fn new(program: &'a Program, path: &'a [String]) -> Result<Self> {
        let catalog = match path.split_first() {
            None => {
                for found in program.registry().all() {
                    found.validate()?;
                }
                Catalog::of(program)
            }
            Some((name, rest)) => {
                command::resolve(program, path, usize::MAX)?;
                Catalog::of_command(program, name)?.narrowed(rest)
            }
        };
        Ok(Self { program, path, catalog })
    }

    /// Returns the whole reference as one text. For man pages it is the first one: that of the program or of
    /// the command.
    pub(crate) fn text(&self, form: Form) -> Result<String> {
        let mut pages = self.pages(form)?;
        Ok(pages.swap_remove(0).text)
    }

    /// Writes a reference in each of the formats and returns the files' paths. Existing files are replaced
    /// atomically.
    pub(crate) fn write(&self, forms: &[Form], folder: &Path) -> Result<Vec<PathBuf>> {
        let mut pages = Vec::new();
        for form in forms {
            pages.extend(self.pages(*form)?);
        }
        create_directory(folder)?;
        let mut paths = Vec::new();
        for Page { name, text } in pages {
            let path = folder.join(&name);
            replace(&path, &text).map_err(|error| failed(&path, &error.to_string()))?;
            paths.push(path);
        }
        Ok(paths)
    }

    fn pages(&self, form: Form) -> Result<Vec<Page>> {
        let names: Vec<&str> =
            std::iter::once(self.program.name()).chain(self.path.iter().map(String::as_str)).collect();
        let name = names.join("-");
        match form {
            Form::Text => Err(CommandError::new("Text is not written to files.")
                .hint("Use --format json, markdown or man, or omit --format to write all of them.")
                .exit_code(Exit::USAGE)
                .into()),
            Form::Json => {
                let text = serde_json::to_string_pretty(&self.catalog)? + "\n";
                Ok(vec![Page { name: format!("{name}.json"), text }])
            }
            Form::Markdown => {
                Ok(vec![Page { name: format!("{name}.md"), text: markdown::reference(&self.catalog) }])
            }
            #[cfg(feature = "man")]
            Form::Man => man::pages(self.program, self.path),
            #[cfg(not(feature = "man"))]
            Form::Man => Err(CommandError::new("This program was built without man pages.")
                .hint("Turn on the feature `man` of the package diesel-manage.")
                .into()),
        }
    }
}

/// Creates the directory of the files and its missing parents.
fn create_directory(path: &Path) -> Result<()> {
    let Err(error) = fs::create_dir_all(path) else { return Ok(()) };
    let why = match (path.metadata(), path.read_link()) {
        (Ok(_), _) => "it is not a directory".to_owned(),
        (Err(_), Ok(target)) => {
            format!("it is a symbolic link to {}, which does not exist", printable(&target))
        }
        _ => error.to_string(),
    };
    Err(failed(path, &why))
}

fn failed(path: &Path, why: &str) -> anyhow::Error {
    CommandError::new(format!("{} cannot be written: {why}.", echo(path))).into()
}
