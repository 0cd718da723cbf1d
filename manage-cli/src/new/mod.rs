//! `cargo manage new`: a project that builds, passes its tests and is ready for the first own command.

mod built_in;
mod custom;
mod fill;
mod place;
mod values;
mod workspace;
mod write;

use std::process::ExitCode;

use crate::cli::{DatabaseChoice, NewOptions};
use crate::dependency::Source;
use crate::error::Result;
use crate::output::{line, shown};
use crate::{name, output};

use place::Place;
use values::values;

/// A file of a new project. The path is relative to its directory, with `/` between the names.
pub(crate) struct NewFile {
    pub(crate) path: String,
    pub(crate) content: Vec<u8>,
}

/// Writes the project, and prints what to do next.
pub(crate) fn new(options: &NewOptions) -> Result {
    let place = Place::of(&options.directory)?;
    let name = options.name.as_deref().unwrap_or(&place.name);
    name::check(name)?;
    let source = Source::of(options.path.as_deref())?;
    let membership = workspace::membership(&place.directory, name)?;
    let values = values(name, options.database, options.minimal, &source)?;
    let files = match &options.template {
        Some(directory) => custom::files(directory, &values)?,
        None => {
            let values = values::built_in(values, options.database, membership.is_some());
            built_in::files(options.database, options.minimal, &values)?
        }
    };
    write::write(&place, &files)?;
    line(&format!("Created the project `{name}` in {}.", shown(&place.directory)))?;
    // The project is complete without it.
    if let Some(note) = membership.map(|membership| membership.join()).transpose()? {
        line(&note)?;
    }
    if options.template.is_none() {
        line(&next(options, &place))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the first lines to type.
fn next(options: &NewOptions, place: &Place) -> String {
    let mut lines = vec!["Next:".to_owned(), format!("    cd {}", output::shown(&place.directory))];
    if options.minimal {
        lines.push("    cargo manage hello".to_owned());
    } else {
        if options.database != DatabaseChoice::Sqlite {
            lines.push("    cp .env.example .env          # and write the database's URL there".to_owned());
        }
        lines.push("    cargo manage migrate".to_owned());
        lines.push("    cargo manage runserver        # http://127.0.0.1:8000/".to_owned());
    }
    lines.push("    cargo test".to_owned());
    lines.join("\n")
}
