//! A new app: a library crate of the workspace, which the program's list of apps names. `startapp` writes it.

mod apps;
mod files;
mod manifests;
mod name;
mod project;
mod write;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::command::Program;
use crate::error::CommandError;
use crate::settings::Backend;

use project::AppProject;

/// What `startapp` is given.
pub(crate) struct NewApp<'a> {
    /// The label, which is also the name of the package and of the crate.
    pub(crate) name: &'a str,
    /// Where the crate goes; `None` for beside the program's package, or inside it if it is the workspace's root.
    pub(crate) directory: Option<&'a Path>,
    /// The backends whose migrations are in directories of their own. With none, one directory is for all.
    pub(crate) backends: Vec<Backend>,
}

/// What was written.
#[derive(Debug)]
pub(crate) struct Written {
    /// The directory of the new crate.
    pub(crate) directory: PathBuf,
    /// The files that were changed.
    pub(crate) changed: Vec<PathBuf>,
}

/// Writes the crate, and names it in the manifests and in the program: all of it, or nothing.
pub(crate) fn start_app(program: &Program, cargo: &OsStr, new: &NewApp<'_>) -> Result<Written, CommandError> {
    name::check(new.name, program.registry().apps())?;
    let project = AppProject::of(program, cargo)?;
    name::check_crates(new.name, &project)?;
    let directory = project.directory(new)?;
    let source = write::read(&project.source)?;
    let named = apps::add(&source, new.name).map_err(|why| apps::by_hand(&project, new.name, why))?;
    let manifests = manifests::edit(&project, new.name, &directory)?;
    let files = files::files(new, &manifests.app);
    let mut edits = manifests.edits;
    edits.push(write::Edit { path: project.source, before: source, after: named });
    write::write(&directory, &files, &edits)?;
    Ok(Written { directory, changed: edits.into_iter().map(|edit| edit.path).collect() })
}
