//! The dependency on diesel-manage, as a `Cargo.toml` has it.

use std::fs;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, InlineTable, Value};

use crate::backend::{ALL, Backend};
use crate::error::{Error, Result};
use crate::output::shown;

/// The framework's package.
pub(crate) const PACKAGE: &str = "diesel-manage";

/// Diesel as the framework needs it. The number of columns is Diesel's own default.
pub(crate) const DIESEL: &str =
    r#"{ version = "~2.3.9", default-features = false, features = ["32-column-tables"] }"#;

/// The lowest Rust that builds it.
pub(crate) const RUST_VERSION: &str = env!("CARGO_PKG_RUST_VERSION");

/// The features of every built-in command and server, without the databases.
const FEATURES: [&str; 8] = ["http2", "lint", "man", "reload", "runserver", "schema", "startapp", "static"];

/// What the commands alone need.
const MINIMAL: [&str; 1] = ["terminal"];

/// Where the framework comes from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// The registry, in this program's own version.
    Registry,
    /// The package's directory in a checkout.
    Checkout(PathBuf),
}

impl Source {
    /// Returns the source of a `--path`: the directory of the package, or of the checkout that contains it.
    pub(crate) fn of(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else { return Ok(Self::Registry) };
        for directory in [path.to_owned(), path.join("manage")] {
            let Ok(text) = fs::read_to_string(directory.join("Cargo.toml")) else { continue };
            let manifest: Option<DocumentMut> = text.parse().ok();
            let is_it = manifest.is_some_and(|manifest| {
                manifest.get("package").and_then(|package| package.get("name")?.as_str()) == Some(PACKAGE)
            });
            if is_it {
                let directory =
                    directory.canonicalize().map_err(|error| Error::io(&directory, "read", &error))?;
                return Ok(Self::Checkout(directory));
            }
        }
        Err(Error::usage(format!("{} is no checkout of {PACKAGE}.", shown(path)))
            .hint("--path names the directory of its repository, or of its package `manage`."))
    }

    /// Returns the dependency of a project with these kinds of databases.
    pub(crate) fn dependency(&self, backends: &[Backend], minimal: bool) -> Result<InlineTable> {
        let has_defaults =
            !minimal && backends.contains(&Backend::Postgres) && backends.contains(&Backend::Sqlite);
        if has_defaults {
            let features: &[&str] = if backends.len() == ALL.len() { &["mysql"] } else { &[] };
            return self.table(true, features);
        }
        let mut features: Vec<&str> = backends.iter().map(|backend| backend.name()).collect();
        features.extend(MINIMAL);
        if !minimal {
            features.extend(FEATURES);
        }
        features.sort_unstable();
        self.table(false, &features)
    }

    /// Returns the dependency of its tests, which adds a feature.
    pub(crate) fn testing(&self, backends: &[Backend], minimal: bool) -> Result<InlineTable> {
        let has_defaults = self.dependency(backends, minimal)?.get("default-features").is_none();
        self.table(has_defaults, &["testing"])
    }

    fn table(&self, default_features: bool, features: &[&str]) -> Result<InlineTable> {
        let mut table = InlineTable::new();
        match self {
            Self::Registry => {
                table.insert("version", version().into());
            }
            Self::Checkout(directory) => {
                let path = directory.to_str().ok_or_else(|| {
                    Error::usage(format!("{} is not UTF-8, as a Cargo.toml is.", shown(directory)))
                })?;
                table.insert("path", path.into());
            }
        }
        if !default_features {
            table.insert("default-features", false.into());
        }
        if !features.is_empty() {
            table.insert("features", Value::from_iter(features.iter().copied()));
        }
        table.fmt();
        Ok(table)
    }
}

/// Returns the requirement of the framework's version, which is this program's: `0.1`, or `1` from 1.0 on.
fn version() -> String {
    match env!("CARGO_PKG_VERSION_MAJOR") {
        "0" => concat!(env!("CARGO_PKG_VERSION_MAJOR"), ".", env!("CARGO_PKG_VERSION_MINOR")).to_owned(),
        major => major.to_owned(),
    }
}

/// Returns a dependency as short as it can be written: a version alone is a string.
pub(crate) fn shortest(table: InlineTable) -> Value {
    match table.get("version").filter(|_| table.len() == 1) {
        Some(version) => version.clone().decorated(" ", ""),
        None => Value::InlineTable(table).decorated(" ", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_features_are_those_of_the_databases() {
        let text = |backends: &[Backend], minimal| {
            shortest(Source::Registry.dependency(backends, minimal).expect("a table")).to_string()
        };
        let version = version();
        assert_eq!(text(&[Backend::Postgres, Backend::Sqlite], false).trim(), format!("\"{version}\""));
        assert_eq!(
            text(&ALL, false).trim(),
            format!("{{ version = \"{version}\", features = [\"mysql\"] }}")
        );
        assert_eq!(
            text(&[Backend::Sqlite], true).trim(),
            format!(
                "{{ version = \"{version}\", default-features = false, features = [\"sqlite\", \"terminal\"] }}"
            )
        );
    }

    /// A feature that the framework gets is missing in new projects until it is named here.
    #[test]
    fn all_features_that_are_on_by_default_are_named() {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../manage/Cargo.toml");
        let manifest: DocumentMut = fs::read_to_string(manifest).expect("a text").parse().expect("TOML");
        let default = manifest["features"]["default"].as_array().expect("a list");
        let mut default: Vec<&str> = default.iter().filter_map(Value::as_str).collect();
        default.sort_unstable();
        let mut named = [FEATURES.as_slice(), &MINIMAL, &["postgres", "sqlite"]].concat();
        named.sort_unstable();
        assert_eq!(named, default);
    }
}
