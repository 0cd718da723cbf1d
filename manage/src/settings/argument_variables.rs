//! The environment variables of command arguments, `#[arg(env = "…")]`, with the precedence and trust rules
//! of all settings.

use std::cell::OnceCell;

use super::envfile::EnvFile;
use super::load::env_file;
use super::trust::root::search_directories;
use super::variables::{Layer, Value, Variables};
use super::{Origin, Secret, SettingsError, Source};

/// Looks up variables. `.env` is read only if the environment lacks one.
pub(crate) struct ArgumentVariables {
    source: Source,
    file: OnceCell<Result<Option<EnvFile>, SettingsError>>,
}

impl ArgumentVariables {
    /// Creates a lookup in this source. Files are read when a variable is looked up.
    pub(crate) fn new(source: &Source) -> Self {
        Self { source: source.clone(), file: OnceCell::new() }
    }

    /// Creates a lookup for a help text, which passes over untrusted files.
    pub(crate) fn for_help(source: &Source) -> Self {
        let environment = source.environment.clone().cautious();
        Self::new(&Source::new(environment, None))
    }

    /// Returns whether clap itself, which reads only the process's environment, finds the value that takes
    /// effect.
    pub(crate) fn is_known_to_clap(&self, name: &str, with_file: bool) -> bool {
        let environment = &self.source.environment;
        environment.is_process()
            && environment.is_set(name)
            && !(with_file && environment.is_set(&format!("{name}_FILE")))
    }

    /// Returns a variable and its location. With `with_file` it also reads the file that the variable
    /// `<NAME>_FILE` names.
    pub(crate) fn get(&self, name: &str, with_file: bool) -> Result<Option<(Secret, Origin)>, SettingsError> {
        let look = |layer: Layer, file: Option<&EnvFile>| {
            let variables = Variables::new(&self.source.environment, file);
            if with_file { variables.get_in(layer, name) } else { variables.plain_in(layer, name) }
        };
        let value = match look(Layer::Environment, None)? {
            Some(value) => Some(value),
            None => look(Layer::EnvFile, self.file()?)?,
        };
        Ok(value.map(|Value { text, origin, .. }| (text, origin)))
    }

    fn file(&self) -> Result<Option<&EnvFile>, SettingsError> {
        let read = || env_file(&self.source, &search_directories(&self.source.environment));
        self.file.get_or_init(read).as_ref().map(Option::as_ref).map_err(Clone::clone)
    }
}
