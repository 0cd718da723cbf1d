//! `.env`: variables that are as good as the environment's, unless that has them too.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::SettingsError;

/// The variables of one `.env` file.
#[derive(Debug, Default)]
pub(crate) struct EnvFile {
    pub(crate) path: PathBuf,
    variables: BTreeMap<String, String>,
}

impl EnvFile {
    /// Reads the file. It is parsed by the rules of the `dotenvy` package.
    pub(crate) fn read(path: &Path) -> Result<Self, SettingsError> {
        let failed =
            |error: std::io::Error| SettingsError::new(format!("Cannot read {}: {error}.", path.display()));
        let text = std::fs::read(path).map_err(failed)?;
        let mut variables = BTreeMap::new();
        for item in dotenvy::Iter::new(text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&text)) {
            let (name, value) = item.map_err(|error| {
                // The parser's own message repeats the line, which may hold a password.
                let what = match error {
                    dotenvy::Error::LineParse(line, _) => {
                        format!("line {} is not NAME=value", line_of(&text, &line))
                    }
                    dotenvy::Error::Io(error) => error.to_string(),
                    _ => "it is not a list of NAME=value lines".to_owned(),
                };
                SettingsError::new(format!("Cannot read {}: {what}.", path.display()))
                    .hint("Put a value with spaces, quotes, `$` or `#` between single quotes.")
            })?;
            variables.insert(name, value);
        }
        Ok(Self { path: path.to_owned(), variables })
    }

    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.variables.get(name).filter(|value| !value.is_empty()).cloned()
    }

    pub(crate) fn names(&self, prefix: &str) -> impl Iterator<Item = &String> {
        self.variables.keys().filter(move |name| name.starts_with(prefix))
    }

    /// The line that sets a variable, counted from 1; 0 where it cannot be told.
    pub(crate) fn line(&self, name: &str) -> usize {
        let Ok(text) = std::fs::read_to_string(&self.path) else { return 0 };
        let sets = |line: &str| {
            let line = line.trim_start();
            let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
            line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('='))
        };
        // Of several lines the last one counts.
        text.lines().enumerate().filter(|(_, line)| sets(line)).last().map_or(0, |(position, _)| position + 1)
    }
}

fn line_of(text: &[u8], line: &str) -> usize {
    let text = String::from_utf8_lossy(text);
    let first = line.lines().next().unwrap_or_default();
    text.lines().position(|candidate| candidate == first).map_or(1, |position| position + 1)
}
