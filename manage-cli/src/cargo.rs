//! What `cargo metadata` says. These are the few fields that are used: the crate for all of them would add
//! four others to a program that is installed by compiling it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::error::{Error, Result};

#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) workspace_root: PathBuf,
    pub(crate) target_directory: PathBuf,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) edition: String,
    pub(crate) rust_version: Option<String>,
    pub(crate) default_run: Option<String>,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `None` for a normal one.
    pub(crate) kind: Option<String>,
    /// The requirement, as in `^2.3.9`.
    pub(crate) req: String,
    pub(crate) features: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: Vec<String>,
    pub(crate) src_path: PathBuf,
}

impl Package {
    /// Returns the directory of its `Cargo.toml`.
    pub(crate) fn directory(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(Path::new(""))
    }

    /// Returns its programs.
    pub(crate) fn programs(&self) -> impl Iterator<Item = &Target> {
        self.targets.iter().filter(|target| target.kind.iter().any(|kind| kind == "bin"))
    }

    /// Returns its normal dependency on this package.
    pub(crate) fn dependency(&self, name: &str) -> Option<&Dependency> {
        self.dependencies.iter().find(|dependency| dependency.name == name && dependency.kind.is_none())
    }

    /// Returns whether its tests depend on this package.
    pub(crate) fn has_dev_dependency(&self, name: &str) -> bool {
        let is_dev = |dependency: &Dependency| dependency.kind.as_deref() == Some("dev");
        self.dependencies.iter().any(|dependency| dependency.name == name && is_dev(dependency))
    }
}

impl Metadata {
    /// Returns the package that a directory is in: of nested ones the innermost.
    pub(crate) fn package_of(&self, directory: &Path) -> Option<&Package> {
        let around = self.packages.iter().filter(|package| directory.starts_with(package.directory()));
        around.max_by_key(|package| package.directory().components().count())
    }
}

/// Returns the cargo that runs this program, or the one in the path.
pub(crate) fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Asks cargo about the workspace of a directory, or of a manifest. Dependencies are not resolved, so it needs
/// no network. `None`: there is no `Cargo.toml` in the directory or above.
pub(crate) fn metadata(directory: &Path, manifest: Option<&Path>) -> Result<Option<Metadata>> {
    if manifest.is_none() && !directory.ancestors().any(|above| above.join("Cargo.toml").is_file()) {
        return Ok(None);
    }
    let cargo = cargo();
    let mut command = Command::new(&cargo);
    command.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(directory);
    if let Some(manifest) = manifest {
        command.arg("--manifest-path").arg(manifest);
    }
    let output = command.output().map_err(|error| no_cargo(&cargo, &error))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Error::new(format!(
            "cargo cannot read the project: {}",
            text.trim_start_matches("error: ")
        )));
    }
    let metadata = serde_json::from_slice(&output.stdout);
    metadata.map(Some).map_err(|error| Error::new(format!("The answer of cargo is not understood: {error}.")))
}

/// The error of a cargo that cannot be started.
pub(crate) fn no_cargo(cargo: &OsString, error: &std::io::Error) -> Error {
    Error::new(format!("{} cannot be run: {error}.", cargo.to_string_lossy()))
        .hint("Install Rust (https://rustup.rs), or run it as `cargo manage`.")
}
