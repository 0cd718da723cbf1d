//! How migrations are linted.

use std::path::Path;

use super::SettingsError;
use super::file::Parsed;
use super::variables::Variables;
use super::written::Source;

/// `[migrations]` of `manage.toml`, and the variables `MANAGE_MIGRATIONS_…`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(not(feature = "lint"), allow(dead_code, reason = "the file has the same form in every build"))]
pub(crate) struct MigrationSettings {
    /// The lint leaves out migrations up to this version.
    pub(crate) lint_start_after: Option<String>,
    /// The rules that the lint leaves out.
    pub(crate) lint_disable: Vec<String>,
}

impl MigrationSettings {
    pub(super) fn read(
        variables: &Variables<'_>,
        parsed: &Parsed,
        file: Option<&Path>,
    ) -> Result<Self, SettingsError> {
        let table = &parsed.file.migrations.0;
        let source = Source { variables, parsed, file };
        let start_after = source.value(
            "MANAGE_MIGRATIONS_LINT_START_AFTER",
            &table.lint_start_after,
            str::to_owned,
            String::clone,
        )?;
        let names = |text: &str| -> Vec<String> {
            text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        let disable =
            source.value("MANAGE_MIGRATIONS_LINT_DISABLE", &table.lint_disable, names, Vec::clone)?;
        let lint_start_after = match start_after {
            None => None,
            Some((text, origin)) => Some(version(&text).ok_or_else(|| {
                // What is no version may be a misplaced password, so it is not repeated.
                SettingsError::new(format!("{origin}: lint_start_after must be the version of a migration."))
                    .hint("Write the name of a directory, or its digits, as in \"2026-03-02-000000\".")
            })?),
        };
        let lint_disable = match disable {
            None => Vec::new(),
            Some((names, origin)) => {
                check_names(&names).map_err(|()| {
                    SettingsError::new(format!(
                        "{origin}: lint_disable has something that is no name of a rule."
                    ))
                    .hint(concat!(
                        "The rules are listed in ",
                        env!("CARGO_PKG_REPOSITORY"),
                        "/blob/main/docs/guide/migration-lint.md."
                    ))
                })?;
                names
            }
        };
        Ok(Self { lint_start_after, lint_disable })
    }
}

/// Returns Diesel's version: the name up to the first `_`, without `-`.
fn version(text: &str) -> Option<String> {
    let version = text.trim().split('_').next().unwrap_or_default().replace('-', "");
    let is_one = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    is_one.then_some(version)
}

/// A rule's name is lower-case words with hyphens. Which exist depends on the features of the build.
fn check_names(names: &[String]) -> Result<(), ()> {
    let is_name = |name: &String| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    };
    if names.iter().all(is_name) { Ok(()) } else { Err(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_diesels() {
        for (text, expected) in [
            ("2026-03-02-000000_add_isbn", Some("20260302000000")),
            (" 20260302000000 ", Some("20260302000000")),
            ("00001", Some("00001")),
            ("", None),
            ("_x", None),
            ("latest", None),
        ] {
            assert_eq!(version(text).as_deref(), expected, "{text}");
        }
    }
}
