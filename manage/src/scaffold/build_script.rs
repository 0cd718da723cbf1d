//! Checks whether cargo notices a new file in a package's directory of commands or migrations.

use std::path::{Path, PathBuf};

use crate::console::printable;

/// The directory of a package's commands.
const COMMANDS: &str = "src/management/commands";

/// The line of a build script that makes cargo notice new commands.
pub(crate) const LINE: &str = "println!(\"cargo::rerun-if-changed=src/management/commands\");";

/// Returns why cargo would not notice a new command of a package, as a clause; `None` if it would, or if the
/// package's source does not exist on this machine.
pub(crate) fn unnoticed(package: &Path) -> Option<String> {
    unnoticed_in(package, COMMANDS)
}

/// The same for a new file in a directory, which is relative to the package.
pub(crate) fn unnoticed_in(package: &Path, directory: &str) -> Option<String> {
    let manifest: toml::Table = std::fs::read_to_string(package.join("Cargo.toml")).ok()?.parse().ok()?;
    let script = match manifest.get("package").and_then(|package| package.get("build")) {
        Some(toml::Value::Boolean(false)) => {
            return Some("the package has no build script (build = false)".to_owned());
        }
        Some(toml::Value::String(path)) => PathBuf::from(path),
        _ => PathBuf::from("build.rs"),
    };
    match std::fs::read_to_string(package.join(&script)) {
        Ok(text) if names(&text, directory) => None,
        Ok(_) => Some(format!("{} does not name {}", printable(&script), printable(directory))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Some(format!("the package has no {}", printable(&script)))
        }
        // A script that cannot be read is not judged.
        Err(_) => None,
    }
}

/// Returns whether a build script names the directory, or a parent, or generates the line.
fn names(script: &str, directory: &str) -> bool {
    let directory = directory.trim_end_matches('/');
    let above = Path::new(directory).ancestors().skip(1).filter_map(Path::to_str);
    let is_above = |path: &str| {
        let path = if path.is_empty() { "." } else { path };
        let ends = ["\"", "/\"", "\\n", "\n"];
        ends.iter().any(|end| script.contains(&format!("rerun-if-changed={path}{end}")))
    };
    script.contains(directory) || script.contains("manage_build") || above.into_iter().any(is_above)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_names_the_directory_or_one_above_it() {
        for line in [
            LINE,
            "println!(\"cargo:rerun-if-changed=src/management/commands/\");",
            "println!(\"cargo::rerun-if-changed=src/management\");",
            "println!(\"cargo::rerun-if-changed=src/\");",
            "manage_build::commands();",
        ] {
            assert!(names(line, COMMANDS), "{line}");
        }
        for line in ["", "println!(\"cargo::rerun-if-changed=src/schema.rs\");", "fn main() {}"] {
            assert!(!names(line, COMMANDS), "{line}");
        }
        let line = "println!(\"cargo::rerun-if-changed=../migrations\");";
        assert!(names(line, "../migrations/sqlite") && !names(line, "other"), "{line}");
    }

    #[test]
    fn the_manifest_names_the_script() {
        let folder = tempfile::tempdir().expect("a directory");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
        assert_eq!(unnoticed(folder.path()), None, "no package, no opinion");
        write("Cargo.toml", "[package]\nname = \"shop\"\n");
        assert_eq!(unnoticed(folder.path()).as_deref(), Some("the package has no build.rs"));
        write("build.rs", "fn main() {}");
        assert!(unnoticed(folder.path()).expect("it names nothing").starts_with("build.rs does not name"));
        write("build.rs", &format!("fn main() {{ {LINE} }}"));
        assert_eq!(unnoticed(folder.path()), None);
        write("Cargo.toml", "[package]\nname = \"shop\"\nbuild = \"other.rs\"\n");
        assert_eq!(unnoticed(folder.path()).as_deref(), Some("the package has no other.rs"));
        write("Cargo.toml", "[package]\nname = \"shop\"\nbuild = false\n");
        assert!(unnoticed(folder.path()).is_some());
    }
}
