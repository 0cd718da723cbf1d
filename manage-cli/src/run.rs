//! Runs the project's own program, from every directory of its workspace.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::{Metadata, Package, cargo, metadata, no_cargo};
use crate::cli::{Action, Cli};
use crate::error::{Error, Result};
use crate::output::shown;

/// The program's name.
const PROGRAM: &str = "manage";

/// Becomes `cargo run --bin manage` with the words of the command line, or returns its exit code.
pub(crate) fn run(cli: &Cli, words: &[OsString]) -> Result {
    let arguments = match &cli.action {
        Some(Action::Project(arguments)) => arguments.as_slice(),
        _ => &cli.last,
    };
    let options = &words[1..words.len() - arguments.len()];
    let options = options.strip_suffix(&[OsString::from("--")]).unwrap_or(options);
    let mut command = Command::new(cargo());
    command.arg("run");
    let mut is_built = true;
    if cli.cargo.package.is_none() {
        let here = std::env::current_dir()
            .map_err(|error| Error::new(format!("The current directory is unknown: {error}.")))?;
        let (package, target) = package(&here, cli.cargo.manifest_path.as_deref()).map_err(|error| {
            match arguments.first().and_then(|word| own_command(word)) {
                Some(own) => error.hint(format!("Did you mean `cargo manage {own}`?")),
                None => error,
            }
        })?;
        command.arg("--package").arg(package);
        is_built = !cli.cargo.is_usual() || target.join("debug").join(executable()).exists();
    }
    // The first build takes minutes, in which cargo shall say what it does.
    if is_built && !cli.cargo.quiet && cli.cargo.verbose == 0 {
        command.arg("--quiet");
    }
    command.args(options).args(["--bin", PROGRAM, "--"]).args(arguments);
    execute(command)
}

fn executable() -> String {
    format!("{PROGRAM}{}", std::env::consts::EXE_SUFFIX)
}

/// Returns the name of the package that has the program, and the target directory.
fn package(here: &Path, manifest: Option<&Path>) -> Result<(String, PathBuf)> {
    let Some(metadata) = metadata(here, manifest)? else {
        return Err(Error::new(format!(
            "There is no project here: no Cargo.toml in {} or above.",
            here.display()
        ))
        .hint("`cargo manage new NAME` starts a project."));
    };
    let here = match manifest.and_then(Path::parent) {
        Some(directory) => here.join(directory),
        None => here.to_owned(),
    };
    // Cargo resolves links in some of its paths.
    let here = here.canonicalize().unwrap_or(here);
    let name = choose(&metadata, &here)?.name.clone();
    Ok((name, metadata.target_directory))
}

/// Returns the package that has the program: of several that of the directory.
fn choose<'a>(metadata: &'a Metadata, here: &Path) -> Result<&'a Package> {
    let has_it = |package: &&Package| package.programs().any(|target| target.name == PROGRAM);
    let packages: Vec<&Package> = metadata.packages.iter().filter(has_it).collect();
    match packages.as_slice() {
        [] => Err(Error::new(format!(
            "No package of {} has a program `manage`.",
            shown(&metadata.workspace_root.join("Cargo.toml"))
        ))
        .hint("`cargo manage init` adds it to a package; `cargo manage new NAME` starts a project.")),
        [package] => Ok(package),
        several => match metadata.package_of(here).filter(has_it) {
            Some(package) => Ok(package),
            None => {
                let names: Vec<&str> = several.iter().map(|package| package.name.as_str()).collect();
                Err(Error::usage(format!("Several packages have a program `manage`: {}.", names.join(", ")))
                    .hint(format!("Name one: cargo manage -p {} …", names[0])))
            }
        },
    }
}

/// Returns the command of this program that a word nearly is.
fn own_command(word: &OsString) -> Option<&'static str> {
    let word = word.to_str()?.to_lowercase();
    let commands = [("new", "new"), ("init", "init"), ("startproject", "new")];
    // In a short word one mistake is as much as two in a long one.
    let is_near = |name: &str| strsim::osa_distance(&word, name) <= if name.len() < 5 { 1 } else { 2 };
    commands.into_iter().find(|(name, _)| is_near(name)).map(|(_, command)| command)
}

/// Becomes the command, so that signals reach it and its exit code is that of this process.
#[cfg(unix)]
fn execute(mut command: Command) -> Result {
    use std::os::unix::process::CommandExt as _;

    let error = command.exec();
    Err(no_cargo(&command.get_program().to_owned(), &error))
}

/// Runs the command, and returns its exit code.
#[cfg(not(unix))]
fn execute(mut command: Command) -> Result {
    let status = command.status().map_err(|error| no_cargo(&command.get_program().to_owned(), &error))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(std::process::ExitCode::from(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_command_of_this_program_is_recognized() {
        for (word, own) in [
            ("enw", Some("new")),
            ("ne", Some("new")),
            ("New", Some("new")),
            ("inti", Some("init")),
            ("int", Some("init")),
            ("startprojetc", Some("new")),
            ("start_project", Some("new")),
            ("migrate", None),
            ("run", None),
            ("startapp", None),
            ("", None),
        ] {
            assert_eq!(own_command(&word.into()), own, "{word}");
        }
    }
}
