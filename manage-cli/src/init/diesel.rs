//! The package's own Diesel: its version, and the databases of its features.

use std::fs;
use std::path::Path;

use semver::{Version, VersionReq};
use toml_edit::DocumentMut;

use super::package::Obstacle;
use crate::backend::Backend;
use crate::cargo::Package;
use crate::cli::DatabaseChoice;
use crate::error::{Error, Result};

/// The lowest version of Diesel that the framework works with. A later minor version may change what a backend
/// of one's own implements.
const LOWEST: Version = Version::new(2, 3, 9);

/// How many patches of that minor version are tried against a requirement.
const PATCHES: std::ops::Range<u64> = 9..100;

/// Returns what is wrong with the version of Diesel that a package, or its workspace for it, requires.
pub(crate) fn obstacle(requirement: &str) -> Option<Obstacle> {
    let message = format!(
        "The package needs Diesel {requirement}, and manage needs 2.3.9 or a later 2.3: there can be only one."
    );
    let hint = "Set version = \"2.3.9\" in the package's dependency on diesel; its changelog lists what changed since.";
    (!allows_ours(requirement)).then(|| Obstacle { message, hint: hint.to_owned() })
}

/// Returns the databases of a package, in order.
pub(crate) fn backends(package: &Package, chosen: Option<DatabaseChoice>) -> Result<Vec<Backend>> {
    let diesel = package.dependency("diesel");
    if let Some(chosen) = chosen {
        return Ok(chosen.backends());
    }
    let features = [diesel, package.dependency("diesel-async")].into_iter().flatten();
    let features = features.flat_map(|dependency| &dependency.features);
    let mut backends: Vec<Backend> = features.filter_map(|feature| Backend::of_feature(feature)).collect();
    backends.sort_unstable();
    backends.dedup();
    if backends.is_empty() {
        let (message, what) = match diesel {
            Some(_) => ("The package's Diesel has none of the features postgres, mysql and sqlite.", ""),
            None => ("The package does not depend on diesel.", ", and init adds diesel"),
        };
        return Err(Error::usage(message).hint(format!(
            "Name the kind of database{what}: cargo manage init --database sqlite (or postgres, mysql, several)"
        )));
    }
    Ok(backends)
}

/// Returns whether a requirement allows a version that the framework works with.
fn allows_ours(requirement: &str) -> bool {
    // What cargo understands and this does not is left to cargo.
    let Ok(requirement) = requirement.parse::<VersionReq>() else { return true };
    PATCHES.into_iter().any(|patch| requirement.matches(&Version::new(LOWEST.major, LOWEST.minor, patch)))
}

/// Returns the version of Diesel in `Cargo.lock`, if cargo has to change it.
pub(crate) fn too_old_in_lock(workspace: &Path) -> Option<Version> {
    let lock: DocumentMut = fs::read_to_string(workspace.join("Cargo.lock")).ok()?.parse().ok()?;
    let packages = lock.get("package")?.as_array_of_tables()?;
    let diesel = packages
        .iter()
        .find(|package| package.get("name").and_then(|name| name.as_str()) == Some("diesel"))?;
    let version: Version = diesel.get("version")?.as_str()?.parse().ok()?;
    (version < LOWEST).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::allows_ours;

    #[test]
    fn a_requirement_must_allow_a_version_that_works() {
        for allowed in ["^2.3.9", "^2", "^2.0.0", "~2.3", "~2.3.10", "=2.3.9", "*", ">=2.1, <3", "^2.3.12"] {
            assert!(allows_ours(allowed), "{allowed}");
        }
        for refused in ["^1.4", "~2.2", "=2.3.8", "=2.2.0", "<2.3.9", "^2.4", "^3"] {
            assert!(!allows_ours(refused), "{refused}");
        }
    }
}
