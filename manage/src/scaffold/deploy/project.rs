//! What cargo knows of the project that the program is built from.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::DeployError;
use super::toolchain::toolchain;
use crate::command::Program;
use crate::scaffold::metadata::{MetadataError, is_same};

/// The project, as its manifests describe it.
#[derive(Clone, Debug)]
pub(crate) struct CargoProject {
    /// The directory of the workspace's `Cargo.toml`.
    pub(crate) workspace: PathBuf,
    /// The directory of the repository; that of the workspace without one.
    pub(crate) repository: PathBuf,
    /// Whether the directory of the repository is that of a repository.
    pub(crate) has_repository: bool,
    /// The name of the program's package.
    pub(crate) package: String,
    /// The program's name, which is that of the target.
    pub(crate) program: String,
    /// The package's version.
    pub(crate) version: String,
    /// The oldest Rust that the package allows.
    pub(crate) rust_version: Option<String>,
    /// The version of Rust that `rust-toolchain.toml` selects, and whether there is such a file.
    pub(crate) toolchain: Option<Option<String>>,
    /// The features that the program was built with, without `default`.
    pub(crate) features: Vec<String>,
    pub(crate) default_features: bool,
    /// The packages on this machine: the workspace's, and those that are named by a path.
    pub(crate) packages: Vec<LocalPackage>,
    /// The names of all packages in `Cargo.lock`.
    pub(crate) locked: Vec<String>,
}

/// A package whose source is on this machine.
#[derive(Clone, Debug)]
pub(crate) struct LocalPackage {
    pub(crate) name: String,
    /// The directory of its `Cargo.toml`.
    pub(crate) directory: PathBuf,
    /// The directory of its workspace, whose `Cargo.toml` it may inherit from.
    pub(crate) workspace: PathBuf,
    /// The directories of its dependencies that are named by a path, without those of tests.
    pub(crate) dependencies: Vec<PathBuf>,
    /// The root files of its targets.
    pub(crate) roots: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    manifest_path: PathBuf,
    rust_version: Option<String>,
    dependencies: Vec<Dependency>,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Dependency {
    path: Option<PathBuf>,
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Target {
    src_path: PathBuf,
}

impl CargoProject {
    /// Asks cargo about the package of a program. It needs no network: dependencies are not resolved.
    pub(crate) fn of(program: &Program, cargo: &OsStr) -> Result<Self, DeployError> {
        let build = program.build.as_ref().ok_or(DeployError::NotRecorded)?;
        let (Some(bin), directory) = (build.bin, PathBuf::from(build.manifest_dir)) else {
            return Err(DeployError::NotRecorded);
        };
        let manifest = directory.join("Cargo.toml");
        if !manifest.is_file() {
            return Err(DeployError::NoSource(manifest));
        }
        let metadata = metadata(cargo, &manifest)?;
        let workspace = metadata.workspace_root.clone();
        let own = metadata.packages.iter().find(|package| is_same(&package.manifest_path, &manifest));
        let Some(own) = own else { return Err(DeployError::NoSource(manifest)) };
        let (package, version) = (own.name.clone(), own.version.clone());
        let rust_version = own.rust_version.clone();
        let lock = workspace.join("Cargo.lock");
        let locked = match fs::read_to_string(&lock) {
            Ok(text) => names(&text).ok_or(DeployError::NoLock(lock))?,
            Err(_) => return Err(DeployError::NoLock(lock)),
        };
        let (features, _) = build.options;
        let repository = workspace.ancestors().find(|above| above.join(".git").exists());
        Ok(Self {
            repository: repository.unwrap_or(&workspace).to_owned(),
            has_repository: repository.is_some(),
            package,
            program: bin.to_owned(),
            version,
            rust_version,
            toolchain: toolchain(&workspace)?,
            features: features.iter().filter(|name| **name != "default").map(|name| (*name).into()).collect(),
            default_features: features.contains(&"default"),
            packages: packages(cargo, metadata)?,
            locked,
            workspace,
        })
    }

    /// Returns the program's own package.
    pub(crate) fn own(&self) -> &LocalPackage {
        self.packages
            .iter()
            .find(|package| package.name == self.package)
            .expect("it was read with the others")
    }

    /// Returns the arguments that select the program's package and its features.
    pub(crate) fn selection(&self) -> String {
        let mut words = format!("--package {}", self.package);
        if !self.default_features {
            words.push_str(" --no-default-features");
        }
        if !self.features.is_empty() {
            words.push_str(&format!(" --features {}", self.features.join(",")));
        }
        words
    }

    /// Returns the packages on this machine that the program needs, beside its own.
    pub(crate) fn needed(&self) -> Vec<&LocalPackage> {
        let mut needed: Vec<&LocalPackage> = vec![self.own()];
        let mut next = 0;
        while let Some(package) = needed.get(next) {
            next += 1;
            for directory in &package.dependencies {
                let found = self.packages.iter().find(|package| package.directory == *directory);
                if let Some(found) = found
                    && !needed.iter().any(|package| package.directory == found.directory)
                {
                    needed.push(found);
                }
            }
        }
        let mut needed = needed.split_off(1);
        needed.sort_by(|a, b| a.directory.cmp(&b.directory));
        needed
    }
}

/// Returns the packages of a workspace, and those outside of it that they name by a path.
fn packages(cargo: &OsStr, metadata: Metadata) -> Result<Vec<LocalPackage>, DeployError> {
    let mut found: BTreeMap<PathBuf, LocalPackage> = BTreeMap::new();
    let mut outside = patched(&metadata.workspace_root);
    let mut add = |metadata: Metadata, outside: &mut Vec<PathBuf>| {
        for package in metadata.packages {
            let package = LocalPackage::new(package, &metadata.workspace_root, outside);
            found.insert(package.directory.clone(), package);
        }
        found.keys().cloned().collect::<Vec<_>>()
    };
    let mut known = add(metadata, &mut outside);
    while let Some(directory) = outside.pop() {
        if known.contains(&directory) {
            continue;
        }
        let mut other = self::metadata(cargo, &directory.join("Cargo.toml"))?;
        // The other members of that workspace are not needed.
        other.packages.retain(|package| package.manifest_path.parent() == Some(&directory));
        if other.packages.is_empty() {
            return Err(DeployError::NoSource(directory.join("Cargo.toml")));
        }
        known = add(other, &mut outside);
    }
    Ok(found.into_values().collect())
}

impl LocalPackage {
    fn new(package: Package, workspace: &Path, outside: &mut Vec<PathBuf>) -> Self {
        let paths = package.dependencies.iter().filter_map(|dependency| {
            Some((dependency.path.clone()?, dependency.kind.as_deref() == Some("dev")))
        });
        let paths: Vec<(PathBuf, bool)> = paths.collect();
        // Cargo reads the manifests of all of them.
        outside.extend(paths.iter().map(|(path, _)| path.clone()));
        Self {
            name: package.name,
            directory: package.manifest_path.parent().unwrap_or(Path::new("")).to_owned(),
            workspace: workspace.to_owned(),
            dependencies: paths.into_iter().filter(|(_, is_dev)| !is_dev).map(|(path, _)| path).collect(),
            roots: package.targets.into_iter().map(|target| target.src_path).collect(),
        }
    }
}

/// Returns the directories that `[patch]` names.
fn patched(workspace: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(workspace.join("Cargo.toml")).unwrap_or_default();
    let manifest: toml::Table = text.parse().unwrap_or_default();
    let sources = manifest.get("patch").and_then(toml::Value::as_table).into_iter().flatten();
    let patches = sources.filter_map(|(_, source)| source.as_table()).flatten();
    let paths = patches.filter_map(|(_, patch)| patch.get("path")?.as_str());
    paths.filter_map(|path| fs::canonicalize(workspace.join(path)).ok()).collect()
}

fn metadata(cargo: &OsStr, manifest: &Path) -> Result<Metadata, DeployError> {
    crate::scaffold::metadata::metadata(cargo, manifest).map_err(|error| match error {
        MetadataError::NoCargo => DeployError::NoCargo,
        MetadataError::Failed(text) => DeployError::Cargo(text),
    })
}

/// Returns the names of the packages in a `Cargo.lock`.
fn names(lock: &str) -> Option<Vec<String>> {
    let lock: toml::Table = lock.parse().ok()?;
    let packages = lock.get("package")?.as_array()?;
    packages.iter().map(|package| Some(package.get("name")?.as_str()?.to_owned())).collect()
}
