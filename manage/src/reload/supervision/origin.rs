//! How cargo built the running program, and so how to build it again.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::command::build::Build;

/// What cargo needs to build the same program again.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// The program that runs, as it was started.
    pub(crate) executable: PathBuf,
    /// Cargo's list of the sources.
    pub(crate) dep_info: PathBuf,
    /// The directory of the package's `Cargo.toml`.
    pub(crate) package: PathBuf,
    pub(crate) cargo: PathBuf,
    /// The directory that cargo writes to, which is no source.
    pub(crate) target: PathBuf,
    /// Ways to build it again: the features of shared dependencies depend on which packages of the workspace
    /// were selected, and nobody recorded that. The last one selects the program's own package.
    pub(crate) selections: Vec<Selection>,
}

/// Where to run cargo, and its arguments without those about its output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selection {
    pub(crate) directory: PathBuf,
    pub(crate) arguments: Vec<OsString>,
}

/// Why a program cannot be built again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unsupported {
    /// The program has a `main` of its own that does not say how it was built.
    NotRecorded,
    /// The sources are not here, as in an image.
    NoSources(PathBuf),
    /// The program is not where cargo puts it.
    NotInTarget(PathBuf),
    NoCargo,
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRecorded => f.write_str("this program's main does not use manage::program!"),
            Self::NoSources(directory) => {
                write!(f, "its sources are not on this machine ({} is missing)", directory.display())
            }
            Self::NotInTarget(program) => {
                write!(f, "{} is not in the directory in which cargo built it", program.display())
            }
            Self::NoCargo => f.write_str("there is no cargo on PATH"),
        }
    }
}

impl Origin {
    /// Returns how the running program was built.
    pub(crate) fn of_process(build: Option<&Build>) -> Result<Self, Unsupported> {
        let executable = env::current_exe().map_err(|_| Unsupported::NotRecorded)?;
        let cargo = find_cargo(env::var_os("CARGO"), env::var_os("PATH"));
        let here = env::current_dir().ok();
        Self::new(build.ok_or(Unsupported::NotRecorded)?, executable, cargo, here)
    }

    fn new(
        build: &Build,
        executable: PathBuf,
        cargo: Option<PathBuf>,
        here: Option<PathBuf>,
    ) -> Result<Self, Unsupported> {
        let (features, target) = build.options;
        let bin = build.bin.ok_or(Unsupported::NotRecorded)?;
        let package = PathBuf::from(build.manifest_dir);
        let manifest = package.join("Cargo.toml");
        if !manifest.is_file() {
            return Err(Unsupported::NoSources(manifest));
        }
        let dep_info = executable.with_extension("d");
        let elsewhere = || Unsupported::NotInTarget(executable.clone());
        // `target/debug/NAME`, or `target/TARGET/debug/NAME`. Tests build a program without its list.
        let is_cargos = |directory: &&Path| dep_info.is_file() || directory.join("deps").is_dir();
        let directory = executable.parent().filter(is_cargos).ok_or_else(elsewhere)?;
        let profile = directory.file_name().and_then(|name| name.to_str()).ok_or_else(elsewhere)?;
        let mut target_directory = directory.parent().ok_or_else(elsewhere)?;
        if let Some(target) = target {
            target_directory = target_directory
                .parent()
                .filter(|_| target_directory.ends_with(target))
                .ok_or_else(elsewhere)?;
        }
        let profile = if profile == "debug" { "dev" } else { profile };
        let mut common: Vec<OsString> = ["build", "--bin", bin, "--profile", profile].map(Into::into).into();
        if let Some(target) = target {
            common.extend(["--target", target].map(Into::into));
        }
        common.push("--target-dir".into());
        common.push(target_directory.into());
        // As a person types it, in any directory of the workspace.
        let mut typed = common.clone();
        if !features.contains(&"default") {
            typed.push("--no-default-features".into());
        }
        let others: Vec<_> = features.iter().copied().filter(|name| *name != "default").collect();
        typed.push("--features".into());
        typed.push(others.join(",").into());
        let typed = here.map(|directory| Selection { directory, arguments: typed });
        let mut own = common;
        own.extend(["--no-default-features", "--features"].map(Into::into));
        own.push(features.join(",").into());
        own.push("--manifest-path".into());
        own.push(manifest.into());
        let own = Selection { directory: package.clone(), arguments: own };
        Ok(Self {
            target: target_directory.to_owned(),
            dep_info,
            package,
            cargo: cargo.ok_or(Unsupported::NoCargo)?,
            selections: typed.into_iter().chain([own]).collect(),
            executable,
        })
    }
}

/// Returns the cargo that started this program, or else the one on `PATH`.
fn find_cargo(named: Option<OsString>, path: Option<OsString>) -> Option<PathBuf> {
    let named = named.map(PathBuf::from).filter(|cargo| cargo.is_file());
    named.or_else(|| {
        let name = format!("cargo{}", env::consts::EXE_SUFFIX);
        env::split_paths(&path?).map(|directory| directory.join(&name)).find(|cargo| cargo.is_file())
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A directory with a package, and an executable as cargo leaves it.
    fn built(program: &str) -> (tempfile::TempDir, Build, PathBuf) {
        let root = tempfile::tempdir().expect("a directory");
        let program = root.path().join(program);
        fs::create_dir_all(program.parent().expect("a parent")).expect("directories");
        for file in [root.path().join("Cargo.toml"), program.clone(), program.with_extension("d")] {
            fs::write(file, "").expect("a file");
        }
        let manifest_dir = root.path().to_str().expect("UTF-8").to_owned().leak();
        let build = Build { manifest_dir, bin: Some("manage"), options: (&["default", "mysql"], None) };
        (root, build, program)
    }

    fn arguments(build: &Build, program: PathBuf) -> Result<Vec<String>, Unsupported> {
        let origin = Origin::new(build, program, Some("cargo".into()), Some("/work".into()))?;
        let shown = |selection: &Selection| {
            let words: Vec<_> = selection.arguments.iter().map(|word| word.to_string_lossy()).collect();
            let directory = selection.directory.display();
            format!("{directory}: {}", words.join(" ")).replace(build.manifest_dir, "[root]")
        };
        Ok(origin.selections.iter().map(shown).collect())
    }

    #[test]
    fn the_same_program_is_built_again() {
        let (_root, build, program) = built("target/debug/manage");
        assert_eq!(
            arguments(&build, program).expect("an origin"),
            [
                "/work: build --bin manage --profile dev --target-dir [root]/target --features mysql",
                "[root]: build --bin manage --profile dev --target-dir [root]/target --no-default-features \
                 --features default,mysql --manifest-path [root]/Cargo.toml"
            ]
        );
        let (_root, mut build, program) = built("out/x86_64-unknown-linux-musl/release/manage");
        build.options = (&[], Some("x86_64-unknown-linux-musl"));
        assert_eq!(
            arguments(&build, program).expect("an origin")[0],
            "/work: build --bin manage --profile release --target x86_64-unknown-linux-musl \
             --target-dir [root]/out --no-default-features --features "
        );
    }

    #[test]
    fn what_cannot_be_built_again_says_why() {
        let (root, build, program) = built("target/debug/manage");
        assert_eq!(Origin::new(&build, program.clone(), None, None).err(), Some(Unsupported::NoCargo));
        let copy = root.path().join("manage");
        fs::copy(&program, &copy).expect("a copy");
        assert_eq!(arguments(&build, copy.clone()), Err(Unsupported::NotInTarget(copy)));
        let other = Build { bin: None, ..build };
        assert_eq!(arguments(&other, program.clone()), Err(Unsupported::NotRecorded));
        fs::remove_file(root.path().join("Cargo.toml")).expect("it was there");
        let gone = root.path().join("Cargo.toml");
        assert_eq!(arguments(&build, program), Err(Unsupported::NoSources(gone)));
    }

    #[test]
    fn cargo_is_the_one_that_started_the_program() {
        let folder = tempfile::tempdir().expect("a directory");
        let cargo = folder.path().join("cargo");
        assert_eq!(find_cargo(Some(cargo.clone().into()), None), None);
        fs::write(&cargo, "").expect("a file");
        assert_eq!(find_cargo(Some(cargo.clone().into()), None).as_ref(), Some(&cargo));
        assert_eq!(find_cargo(None, Some(folder.path().into())), Some(cargo));
    }
}
