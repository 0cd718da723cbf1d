//! `.env`: variables that are as good as the environment's, unless that has them too. `docs/env-files.md` has the grammar.
//!
//! A statement that cannot be read, or a value that refers to what is not set, is an error only for who asks for that
//! variable: the file may hold much that other programs read.

mod expand;
mod parse;
mod problem;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use expand::Known;
use parse::{Item, Text};
use problem::Problem;

use super::{Environment, Origin, SettingsError, find};

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
    /// `None`: a name alone, which sets nothing.
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
    /// Reads the file, once: it may be a pipe.
    pub(crate) fn read(path: &Path, environment: &Environment) -> Result<Self, SettingsError> {
        let bytes = find::read(path)?;
        let text = Text::new(&bytes).map_err(|problem| problem.into_error(path.display()))?;
        Ok(Self::of(path, &text, environment))
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

    /// What is wrong with each statement that cannot be read: the place, what it is, and what may help.
    pub(crate) fn broken(&self) -> impl Iterator<Item = SettingsError> {
        let place = |line| format!("{}, line {line}", self.path.display());
        self.broken.iter().map(move |problem| problem.clone().into_error(place(problem.line)))
    }

    /// A variable that is set, and not to nothing.
    pub(crate) fn get(&self, name: &str) -> Result<Option<Entry<'_>>, SettingsError> {
        let Some(variable) = self.variables.get(name) else { return Ok(None) };
        match &variable.value {
            Ok(None) => Ok(None),
            Ok(Some(value)) if value.is_empty() => Ok(None),
            Ok(Some(value)) => Ok(Some(Entry { value, origin: self.origin(name, variable.line) })),
            Err(problem) => Err(problem.clone().into_error(self.origin(name, problem.line))),
        }
    }

    /// The names that begin so, of letters, digits, `_`, `-` and `.` alone: anything else may be a piece of a password.
    pub(crate) fn names(&self, prefix: &str) -> impl Iterator<Item = &String> {
        let is_plain = |name: &String| name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
        self.variables.keys().filter(move |name| name.starts_with(prefix) && is_plain(name))
    }

    /// Where a variable is, also one that is set to nothing; line 0 where it is not.
    pub(crate) fn origin_of(&self, name: &str) -> Origin {
        self.origin(name, self.variables.get(name).map_or(0, |variable| variable.line))
    }

    fn origin(&self, name: &str, line: usize) -> Origin {
        Origin::EnvFile(name.to_owned(), self.path.clone(), line)
    }
}

/// The variables of a text. Of several statements for one name the last one counts.
fn variables(text: &Text, items: &[Item], environment: &Environment) -> BTreeMap<String, Variable> {
    let mut variables: BTreeMap<String, Variable> = BTreeMap::new();
    for item in items {
        match item {
            Item::Statement(statement) => {
                let value = match &statement.value {
                    None => Ok(None),
                    Some(raw) if text.is_damaged(&raw.range) => {
                        Err(problem::damaged(text.line(raw.range.start)))
                    }
                    Some(raw) => {
                        let known = Known { environment, variables: &variables, items, text };
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
