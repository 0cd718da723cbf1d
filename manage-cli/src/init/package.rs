//! The package that `init` changes.

use std::path::{Path, PathBuf};

use super::diesel;
use crate::cargo::{Metadata, Package, metadata};
use crate::cli::InitOptions;
use crate::dependency::{PACKAGE, RUST_VERSION};
use crate::error::{Error, Result};
use crate::output::shown;

/// A package that manage is added to.
pub(crate) struct Adopted {
    pub(crate) package: Package,
    /// The directory of its `Cargo.toml`.
    pub(crate) directory: PathBuf,
    pub(crate) workspace_root: PathBuf,
    /// Whether its directory of commands contains some.
    pub(crate) has_commands: bool,
}

/// A reason why a package cannot use manage, and what to do about it.
pub(crate) struct Obstacle {
    pub(crate) message: String,
    pub(crate) hint: String,
}

impl Adopted {
    /// Returns the package of the options, or else of the current directory.
    pub(crate) fn find(options: &InitOptions) -> Result<Self> {
        let here = std::env::current_dir()
            .map_err(|error| Error::new(format!("The current directory is unknown: {error}.")))?;
        let Some(metadata) = metadata(&here, options.manifest_path.as_deref())? else {
            return Err(Error::new(format!("There is no Cargo.toml in {} or above.", here.display()))
                .hint("`cargo manage new NAME` starts a project."));
        };
        let here = match options.manifest_path.as_deref().and_then(Path::parent) {
            Some(directory) => here.join(directory),
            None => here,
        };
        let here = here.canonicalize().unwrap_or(here);
        Self::choose(metadata, options.package.as_deref(), &here)
    }

    fn choose(metadata: Metadata, name: Option<&str>, here: &Path) -> Result<Self> {
        let names: Vec<String> = metadata.packages.iter().map(|package| package.name.clone()).collect();
        let root = metadata.workspace_root.clone();
        let innermost = metadata.package_of(here).map(|package| package.manifest_path.clone());
        let is_meant = |package: &Package| match name {
            Some(name) => package.name == name,
            None => Some(&package.manifest_path) == innermost.as_ref(),
        };
        let Some(package) = metadata.packages.into_iter().find(is_meant) else {
            let message = match name {
                Some(name) => format!("The workspace has no package `{name}`."),
                None => format!(
                    "{} is a workspace without a package of its own.",
                    shown(&root.join("Cargo.toml"))
                ),
            };
            return Err(Error::usage(message).hint(match names.first() {
                Some(first) => {
                    format!("Its packages are: {}. Name one: cargo manage init -p {first}", names.join(", "))
                }
                None => "`cargo manage new NAME` starts a package.".to_owned(),
            }));
        };
        let directory = package.directory().to_owned();
        let has_commands = std::fs::read_dir(directory.join("src/management/commands"))
            .is_ok_and(|mut entries| entries.any(|entry| entry.is_ok_and(|entry| is_rust(&entry.path()))));
        let adopted = Self { package, directory, workspace_root: root, has_commands };
        adopted.check()?;
        Ok(adopted)
    }

    /// Fails if the package cannot use manage, and names all reasons.
    fn check(&self) -> Result<()> {
        let obstacles = [self.edition(), self.rust_version(), self.diesel(), self.name()];
        let obstacles: Vec<Obstacle> = obstacles.into_iter().flatten().collect();
        if obstacles.is_empty() {
            return Ok(());
        }
        let messages: Vec<&str> = obstacles.iter().map(|obstacle| obstacle.message.as_str()).collect();
        let end = if messages.len() > 1 { '\n' } else { ' ' };
        let error = Error::new(format!("{}{end}Nothing was changed.", messages.join("\n")));
        Err(obstacles.into_iter().fold(error, |error, obstacle| error.hint(obstacle.hint)))
    }

    fn edition(&self) -> Option<Obstacle> {
        // Cargo changes the code from one edition to the next.
        let (edition, then) = match self.package.edition.as_str() {
            "2015" => ("2015", "set edition = \"2018\"; then do both again for 2021"),
            "2018" => ("2018", "set edition = \"2021\""),
            _ => return None,
        };
        let manifest = shown(&self.package.manifest_path);
        Some(Obstacle {
            message: format!(
                "{manifest}: the package uses edition {edition}, and manage needs 2021 or later."
            ),
            hint: format!("Run `cargo fix --edition`, which changes the code, and {then}."),
        })
    }

    fn rust_version(&self) -> Option<Obstacle> {
        let oldest = self.package.rust_version.as_deref()?;
        (numbers(oldest) < numbers(RUST_VERSION)).then(|| Obstacle {
            message: format!(
                "{} allows Rust {oldest}, and manage needs {RUST_VERSION}.",
                shown(&self.package.manifest_path)
            ),
            hint: format!("Set rust-version = \"{RUST_VERSION}\" or a later one."),
        })
    }

    fn diesel(&self) -> Option<Obstacle> {
        // Cargo has chosen the version already for a package that uses manage.
        let is_new = self.package.dependency(PACKAGE).is_none();
        let diesel = self.package.dependency("diesel").filter(|_| is_new)?;
        diesel::obstacle(&diesel.req)
    }

    fn name(&self) -> Option<Obstacle> {
        (self.package.name.replace('-', "_") == "manage").then(|| Obstacle {
            message: format!("The package is called `{}`, as the framework's library is.", self.package.name),
            hint: "Rename it: the program names both crates.".to_owned(),
        })
    }

    /// Returns whether it has a program `src/main.rs`.
    pub(crate) fn has_main(&self) -> bool {
        self.package.programs().any(|target| target.src_path.ends_with("src/main.rs"))
    }

    /// Returns its programs besides `manage`.
    pub(crate) fn other_programs(&self) -> Vec<&str> {
        self.package.programs().map(|target| target.name.as_str()).filter(|name| *name != "manage").collect()
    }
}

fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "rs")
}

/// Returns the numbers of a version of Rust.
fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap_or_default()).collect()
}
