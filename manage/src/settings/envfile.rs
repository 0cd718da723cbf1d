//! `.env`: variables that are used if the environment does not set them. `docs/guide/env-files.md` has the grammar.
//!
//! An unreadable statement, or a reference to an unset variable, is an error only if that variable is read:
//! the file may contain variables of other programs.

mod expand;
mod parse;
mod problem;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use expand::Known;
use parse::{Item, Text};
use problem::Problem;

use super::find::{self, SettingsPath};
use super::{Environment, Origin, SettingsError};

/// The variables of one `.env` file.
#[derive(Default)]
pub(crate) struct EnvFile {
    pub(crate) path: PathBuf,
    variables: BTreeMap<String, Variable>,
    broken: Vec<Problem>,
}

/// The last statement that sets a variable, or was meant to.
struct Variable {
    line: usize,
    /// `None`: only a name, which sets nothing.
    value: Result<Option<String>, Problem>,
}

/// A value and the line of its variable.
pub(crate) struct Entry<'a> {
    pub(crate) value: &'a str,
    pub(crate) origin: Origin,
}

// A value may be a password.
impl fmt::Debug for EnvFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvFile").field("path", &self.path).finish_non_exhaustive()
    }
}

impl EnvFile {
    /// Reads the file once: it may be a pipe. Returns `None` if it is passed over.
    pub(super) fn read(
        file: &SettingsPath,
        environment: &Environment,
    ) -> Result<Option<Self>, SettingsError> {
        let Some(bytes) = find::read(file, environment)? else { return Ok(None) };
        let path = &file.path;
        let text = Text::new(&bytes).map_err(|problem| problem.into_error(path.display()))?;
        Ok(Some(Self::of(path, &text, environment)))
    }

    fn of(path: &Path, text: &Text, environment: &Environment) -> Self {
        let items: Vec<Item> = parse::items(text).collect();
        let variables = variables(text, &items, environment);
        let broken = items.into_iter().filter_map(|item| match item {
            Item::Broken(broken) => Some(broken.problem),
            Item::Statement(_) => None,
        });
        Self { path: path.to_owned(), variables, broken: broken.collect() }
    }

    /// Returns an error for each statement that cannot be read: its location, the problem, and a hint.
    pub(crate) fn broken(&self) -> impl Iterator<Item = SettingsError> {
        let place = |line| format!("{}, line {line}", self.path.display());
        self.broken.iter().map(move |problem| problem.clone().into_error(place(problem.line)))
    }

    /// Returns a variable that is set and not empty.
    pub(crate) fn get(&self, name: &str) -> Result<Option<Entry<'_>>, SettingsError> {
        let Some(variable) = self.variables.get(name) else { return Ok(None) };
        match &variable.value {
            Ok(None) => Ok(None),
            Ok(Some(value)) if value.is_empty() => Ok(None),
            Ok(Some(value)) => Ok(Some(Entry { value, origin: self.origin(name, variable.line) })),
            Err(problem) => Err(problem.clone().into_error(self.origin(name, problem.line))),
        }
    }

    /// Returns the names with this prefix that consist only of letters, digits, `_`, `-` and `.`: any other
    /// may be part of a password.
    pub(crate) fn names(&self, prefix: &str) -> impl Iterator<Item = &String> {
        let is_plain = |name: &String| name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
        self.variables.keys().filter(move |name| name.starts_with(prefix) && is_plain(name))
    }

    /// Returns the location of a variable, even if it is empty; line 0 if it is not in the file.
    pub(crate) fn origin_of(&self, name: &str) -> Origin {
        self.origin(name, self.variables.get(name).map_or(0, |variable| variable.line))
    }

    fn origin(&self, name: &str, line: usize) -> Origin {
        Origin::EnvFile(name.to_owned(), self.path.clone(), line)
    }
}

/// Returns the variables of a text. If a name has several statements, the last one counts.
fn variables(text: &Text, items: &[Item], environment: &Environment) -> BTreeMap<String, Variable> {
    let mut variables: BTreeMap<String, Variable> = BTreeMap::new();
    let (lines, made) = (expand::lines(items, text), Cell::new(0));
    for item in items {
        match item {
            Item::Statement(statement) => {
                let value = match &statement.value {
                    None => Ok(None),
                    Some(raw) if text.is_damaged(&raw.range) => {
                        Err(problem::damaged(text.line(raw.range.start)))
                    }
                    Some(raw) => {
                        let known =
                            Known { environment, variables: &variables, lines: &lines, text, made: &made };
                        known.expand(raw).map(Some)
                    }
                };
                let line = text.line(statement.start);
                for name in parse::names_meant(&statement.name) {
                    let value = Err(problem::no_equal_sign(line));
                    variables.insert(name.to_owned(), Variable { line, value });
                }
                variables.insert(statement.name.clone(), Variable { line, value });
            }
            Item::Broken(broken) => {
                for name in &broken.names {
                    let problem = broken.problem.clone();
                    let line = problem.line;
                    variables.insert(name.clone(), Variable { line, value: Err(problem) });
                }
            }
        }
    }
    variables
}
