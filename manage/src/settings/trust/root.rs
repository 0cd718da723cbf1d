//! The search for settings files: from the working directory up to the project's directory.
//!
//! The project's directory is the outermost of: the nearest directory with a `manage.toml`, that of the cargo
//! workspace or else of the package, and that of the repository. So an app in a workspace finds the
//! workspace's files, and files above the project are ignored. If none of these exist, only the working
//! directory is searched.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

#[cfg(unix)]
use super::owners::Trust;
use crate::settings::Environment;
use crate::settings::database::near_misses::NearMiss;
use crate::settings::reading::{SETTINGS_LIMIT, read};

/// Returns the directories to search, the nearest first.
pub(crate) fn search_directories(environment: &Environment) -> Vec<PathBuf> {
    let here = environment.folder();
    let marked = Marks { environment, here: &here }.outermost();
    let depth = marked.map_or(1, |root| here.ancestors().take_while(|above| above.starts_with(root)).count());
    here.ancestors().take(depth).map(Path::to_owned).collect()
}

/// Returns the nearest `.env` of a trusted user above the searched directories: if nothing else sets a
/// database, it may have been meant.
pub(crate) fn unsearched(environment: &Environment, searched: &[PathBuf]) -> Option<NearMiss> {
    let above = searched.last()?.ancestors().skip(1);
    let path = above.map(|directory| directory.join(".env")).find(|path| {
        fs::metadata(path).is_ok_and(|found| !found.is_dir() && is_of_trusted_user(environment, &found))
    })?;
    Some(NearMiss {
        text: format!("{} is not read: it is above the project's directory.", path.display()),
        hint: "A manage.toml, which may be empty, marks the project's directory: add one beside .env."
            .to_owned(),
    })
}

#[cfg(unix)]
fn is_of_trusted_user(environment: &Environment, found: &Metadata) -> bool {
    Trust::new(environment).trusts_owner(found)
}

#[cfg(not(unix))]
fn is_of_trusted_user(_: &Environment, _: &Metadata) -> bool {
    true
}

struct Marks<'a> {
    environment: &'a Environment,
    here: &'a Path,
}

impl<'a> Marks<'a> {
    fn outermost(&self) -> Option<&'a Path> {
        let settings = self.nearest(|directory| self.marks(directory, "manage.toml", Metadata::is_file));
        let repository = self.nearest(|directory| self.marks(directory, ".git", |_| true));
        [settings, repository, self.cargo()]
            .into_iter()
            .flatten()
            .min_by_key(|directory| directory.components().count())
    }

    fn nearest(&self, is_it: impl Fn(&Path) -> bool) -> Option<&'a Path> {
        self.here.ancestors().find(|directory| is_it(directory))
    }

    /// Returns the directory of the workspace, or of a package outside of any workspace.
    fn cargo(&self) -> Option<&'a Path> {
        let has_manifest = |directory: &Path| self.marks(directory, "Cargo.toml", Metadata::is_file);
        let package = self.nearest(has_manifest)?;
        let workspace = package
            .ancestors()
            .find(|directory| has_manifest(directory) && is_workspace_of(directory, package));
        Some(workspace.unwrap_or(package))
    }

    /// Returns whether a file marks a directory as a project's. Files that another user created in a
    /// directory of someone else, such as /tmp, do not count. In that user's own directory they count: errors
    /// then name the rejected files.
    fn marks(&self, directory: &Path, name: &str, is_one: impl Fn(&Metadata) -> bool) -> bool {
        let path = directory.join(name);
        let Some(found) = fs::metadata(&path).ok().filter(is_one) else { return false };
        self.counts(directory, &path, &found)
    }

    #[cfg(unix)]
    fn counts(&self, directory: &Path, path: &Path, found: &Metadata) -> bool {
        let trust = Trust::new(self.environment);
        let is_trusted = trust.trusts_owner(found)
            && fs::symlink_metadata(path).is_ok_and(|itself| trust.trusts_owner(&itself));
        is_trusted || fs::metadata(directory).is_ok_and(|directory| !trust.trusts_owner(&directory))
    }

    #[cfg(not(unix))]
    fn counts(&self, _: &Path, _: &Path, _: &Metadata) -> bool {
        let _ = self.environment;
        true
    }
}

/// Returns whether the manifest in a directory defines a workspace that a package at or below it belongs to.
fn is_workspace_of(directory: &Path, package: &Path) -> bool {
    let Ok(bytes) = read(&directory.join("Cargo.toml"), SETTINGS_LIMIT) else { return false };
    let text = String::from_utf8_lossy(&bytes);
    // Only the few manifests that may have the table are parsed.
    let may_have_it = |line: &str| {
        line.trim_start().trim_start_matches(['[', ' ', '\t', '"', '\'']).starts_with("workspace")
    };
    if !text.lines().any(may_have_it) {
        return false;
    }
    let Ok(manifest) = text.parse::<toml::Table>() else { return false };
    let Some(workspace) = manifest.get("workspace") else { return false };
    let excluded = workspace.get("exclude").and_then(toml::Value::as_array).into_iter().flatten();
    let mut excluded = excluded.filter_map(toml::Value::as_str).map(|path| directory.join(path));
    directory == package || !excluded.any(|excluded| package.starts_with(excluded))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn searched(files: &[(&str, &str)], directory: &str) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a directory");
        let top = folder.path().canonicalize().expect("a path");
        fs::create_dir_all(top.join(directory)).expect("a directory");
        for (name, text) in files {
            let path = top.join(name);
            fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
            match name.ends_with(".git") {
                true => fs::create_dir(&path).expect("a directory"),
                false => fs::write(&path, text).expect("a file"),
            }
        }
        let environment = Environment::new([("A", "B")], top.join(directory));
        let found = search_directories(&environment);
        let relative = |path: &PathBuf| match path.strip_prefix(&top) {
            Ok(path) => path.to_string_lossy().into_owned(),
            Err(_) => "above".to_owned(),
        };
        found.iter().map(relative).collect()
    }

    #[test]
    fn the_search_ends_where_the_project_does() {
        let package = "[package]\nname = \"a\"\nversion.workspace = true\n";
        let workspace = "[workspace]\nmembers = [\"app\"]\nexclude = [\"tools\"]\n";
        // Nothing marks a project.
        assert_eq!(searched(&[], "a/b"), ["a/b"]);
        assert_eq!(searched(&[(".env", "")], "a/b"), ["a/b"]);
        // A package, from inside and from itself.
        assert_eq!(searched(&[("p/Cargo.toml", package)], "p/src/bin"), ["p/src/bin", "p/src", "p"]);
        assert_eq!(searched(&[("p/Cargo.toml", package)], "p"), ["p"]);
        // A workspace is searched from its packages.
        let both = [("w/Cargo.toml", workspace), ("w/app/Cargo.toml", package)];
        assert_eq!(searched(&both, "w/app/src"), ["w/app/src", "w/app", "w"]);
        assert_eq!(searched(&both, "w"), ["w"]);
        // Neither a workspace without this package, nor a package above it.
        let excluded = [("w/Cargo.toml", workspace), ("w/tools/x/Cargo.toml", package)];
        assert_eq!(searched(&excluded, "w/tools/x"), ["w/tools/x"]);
        let nested = [("w/Cargo.toml", package), ("w/app/Cargo.toml", package)];
        assert_eq!(searched(&nested, "w/app"), ["w/app"]);
        let own =
            [("w/Cargo.toml", workspace), ("w/app/Cargo.toml", "[package]\nname = \"a\"\n[workspace]\n")];
        assert_eq!(searched(&own, "w/app"), ["w/app"]);
        // A package that names its workspace is not one itself.
        let named = [("w/Cargo.toml", workspace), ("w/app/Cargo.toml", "[package]\nworkspace = \"..\"\n")];
        assert_eq!(searched(&named, "w/app"), ["w/app", "w"]);
        // `manage.toml` in a package, or above it.
        let inside = [both[0], both[1], ("w/app/manage.toml", "")];
        assert_eq!(searched(&inside, "w/app"), ["w/app", "w"]);
        assert_eq!(searched(&[("m/manage.toml", ""), both[1]], "m/data"), ["m/data", "m"]);
        let above = [("manage.toml", ""), ("p/Cargo.toml", package)];
        assert_eq!(searched(&above, "p"), ["p", ""]);
        // A package in a larger repository, and a repository in a workspace.
        let repository = [("r/.git", ""), ("r/backend/Cargo.toml", package)];
        assert_eq!(searched(&repository, "r/backend"), ["r/backend", "r"]);
        let submodule = [both[0], both[1], ("w/app/.git", "")];
        assert_eq!(searched(&submodule, "w/app"), ["w/app", "w"]);
        let two = [("r/.git", ""), ("r/s/.git", "")];
        assert_eq!(searched(&two, "r/s/t"), ["r/s/t", "r/s"]);
        // Only a readable file counts.
        assert_eq!(searched(&[("d/manage.toml/x", "")], "d/e"), ["d/e"]);
        assert_eq!(searched(&[("w/Cargo.toml", "[workspace\n"), both[1]], "w/app"), ["w/app"]);
    }
}
