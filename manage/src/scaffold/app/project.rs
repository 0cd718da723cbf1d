//! What cargo knows of the program's package and of its workspace.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::NewApp;
use crate::command::Program;
use crate::console::printable;
use crate::error::CommandError;
use crate::scaffold::metadata::{MetadataError, is_same, metadata};

/// The package that has the program, and its workspace.
#[derive(Debug)]
pub(super) struct AppProject {
    /// The workspace's `Cargo.toml`, which may be the package's own.
    pub(super) root: PathBuf,
    /// The package's `Cargo.toml`.
    pub(super) manifest: PathBuf,
    /// The source of the program.
    pub(super) source: PathBuf,
    /// The names of the workspace's packages.
    pub(super) packages: Vec<String>,
    /// The names of the package's dependencies.
    pub(super) dependencies: Vec<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    rename: Option<String>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
    src_path: PathBuf,
}

impl AppProject {
    /// Asks cargo about the package of a program. It needs no network: dependencies are not resolved.
    pub(super) fn of(program: &Program, cargo: &OsStr) -> Result<Self, CommandError> {
        let unknown = || {
            CommandError::new(
                "The program does not know its package: its main does not use manage::program!.",
            )
            .hint("Write `manage::main!(…)`, or `manage::program!(…).main()`.")
        };
        let build = program.build.as_ref().ok_or_else(unknown)?;
        let bin = build.bin.ok_or_else(unknown)?;
        let manifest = Path::new(build.manifest_dir).join("Cargo.toml");
        let missing = || {
            CommandError::new(format!(
                "The source is not on this machine: {} is missing.",
                printable(&manifest)
            ))
            .hint("Run the command where the project is built.")
        };
        if !manifest.is_file() {
            return Err(missing());
        }
        let metadata: Metadata = metadata(cargo, &manifest).map_err(|error| match error {
            MetadataError::NoCargo => CommandError::new("Cargo is missing: there is no cargo on PATH.")
                .hint("Run the command where the project is built, as `cargo run --bin NAME startapp …`."),
            MetadataError::Failed(text) => CommandError::new(format!("cargo metadata failed: {text}")),
        })?;
        let packages = metadata.packages.iter().map(|package| package.name.clone()).collect();
        let own = metadata.packages.into_iter().find(|package| is_same(&package.manifest_path, &manifest));
        let own = own.ok_or_else(missing)?;
        let is_program = |target: &Target| target.name == bin && target.kind.iter().any(|kind| kind == "bin");
        let source = own.targets.into_iter().find(is_program).ok_or_else(missing)?.src_path;
        let names = |dependency: Dependency| dependency.rename.unwrap_or(dependency.name);
        Ok(Self {
            root: metadata.workspace_root.join("Cargo.toml"),
            manifest: own.manifest_path,
            source,
            packages,
            dependencies: own.dependencies.into_iter().map(names).collect(),
        })
    }

    /// Returns the directory of a new app, which does not exist or is empty.
    pub(super) fn directory(&self, new: &NewApp<'_>) -> Result<PathBuf, CommandError> {
        let parent = |path: &Path| path.parent().unwrap_or(Path::new("")).to_owned();
        let (package, root) = (parent(&self.manifest), parent(&self.root));
        let directory = match new.directory {
            Some(directory) => resolved(directory)?,
            None if package == root => root.join(new.name),
            None => parent(&package).join(new.name),
        };
        if !directory.starts_with(&root) || directory == root {
            return Err(CommandError::new(format!(
                "{} is not a directory below the workspace {}.",
                printable(&directory),
                printable(&root)
            ))
            .hint("An app is a member of the program's workspace: name a directory inside it."));
        }
        let entries = std::fs::read_dir(&directory);
        let is_empty = entries.is_ok_and(|mut entries| entries.next().is_none());
        if is_empty || directory.symlink_metadata().is_err() {
            return Ok(directory);
        }
        Err(CommandError::new(format!("{} already exists; it was not changed.", printable(&directory)))
            .hint("Name another directory: manage startapp NAME DIRECTORY"))
    }
}

/// Returns a path that may not exist yet as cargo writes it: without links.
fn resolved(path: &Path) -> Result<PathBuf, CommandError> {
    let failed = |error| CommandError::new(format!("{} cannot be used: {error}.", printable(path)));
    let absolute = std::path::absolute(path).map_err(failed)?;
    let existing = absolute.ancestors().find(|above| above.exists()).unwrap_or(Path::new("/"));
    let rest = absolute.strip_prefix(existing).unwrap_or(Path::new(""));
    if rest.components().any(|part| part == std::path::Component::ParentDir) {
        return Err(failed(std::io::ErrorKind::NotFound.into()));
    }
    let existing = existing.canonicalize().map_err(failed)?;
    Ok(if rest.as_os_str().is_empty() { existing } else { existing.join(rest) })
}
