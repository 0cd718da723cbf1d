//! The reference of a program's commands, as texts and as files: JSON, Markdown and man pages.

#[cfg(feature = "man")]
mod man;
mod markdown;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::ValueEnum;

use crate::catalog::Catalog;
use crate::{CommandError, Exit, Program, Result, cli};

/// The form of a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people, in a terminal
    Text,
    /// For programs; docs/help-json.md describes it
    Json,
    /// For a site or a repository
    Markdown,
    /// For man(1)
    Man,
}

impl Form {
    /// The forms that are written to files unless one is asked for.
    pub fn of_files() -> Vec<Self> {
        let mut forms = vec![Self::Json, Self::Markdown];
        if cfg!(feature = "man") {
            forms.push(Self::Man);
        }
        forms
    }
}

/// What a reference is about: all commands of a program, or one of them, or a subcommand.
pub struct Reference<'a> {
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
    /// The reference of the command that the words lead to; without any, of all commands.
    pub fn new(program: &'a Program, path: &'a [String]) -> Result<Self> {
        let catalog = match path.split_first() {
            None => {
                for found in program.registry().all() {
                    found.accepted()?;
                }
                Catalog::of(program)
            }
            Some((name, rest)) => {
                cli::resolve(program, path, usize::MAX)?;
                Catalog::of_command(program, name)?.narrowed(rest)
            }
        };
        Ok(Self { program, path, catalog })
    }

    /// The whole reference as one text. Of man pages it is the first: that of the program or of the command.
    pub fn text(&self, form: Form) -> Result<String> {
        let mut pages = self.pages(form)?;
        Ok(pages.swap_remove(0).text)
    }

    /// Writes a reference in each of the forms and returns the files' paths. A file that was there is replaced as a whole.
    pub fn write(&self, forms: &[Form], folder: &Path) -> Result<Vec<PathBuf>> {
        let mut pages = Vec::new();
        for form in forms {
            pages.extend(self.pages(*form)?);
        }
        let failed = |path: &Path| format!("{} cannot be written", path.display());
        fs::create_dir_all(folder).with_context(|| failed(folder))?;
        let mut paths = Vec::new();
        for Page { name, text } in pages {
            let path = folder.join(&name);
            let new = folder.join(format!(".{name}.new"));
            fs::write(&new, text).and_then(|()| fs::rename(&new, &path)).with_context(|| {
                // What could not be finished is in nobody's way.
                let _ = fs::remove_file(&new);
                failed(&path)
            })?;
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
                .hint("Ask for --format json, markdown or man, or leave --format out to write all of them.")
                .exit(Exit::USAGE.0)
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
