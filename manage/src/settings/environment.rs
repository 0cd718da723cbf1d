//! The environment that a program runs in: the process's own, or one that a caller creates.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::SettingsError;

/// Environment variables and a working directory.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    given: Option<Given>,
    /// Why each file was passed over, if untrusted files are passed over.
    passed_over: Option<Arc<Mutex<Vec<SettingsError>>>>,
}

#[derive(Clone, Default)]
struct Given {
    variables: BTreeMap<String, OsString>,
    folder: PathBuf,
}

// A variable's value may be a password.
impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Given")
            .field("variables", &self.variables.keys())
            .field("directory", &self.folder)
            .finish()
    }
}

impl Environment {
    /// Creates the process's own environment.
    pub fn process() -> Self {
        Self { given: None, passed_over: None }
    }

    /// Creates an environment of the caller's choice: nothing is read from the process.
    pub fn new(
        variables: impl IntoIterator<Item = (impl Into<String>, impl Into<OsString>)>,
        folder: impl Into<PathBuf>,
    ) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { given: Some(Given { variables, folder: folder.into() }), passed_over: None }
    }

    /// Returns a cautious copy, for reads that the user did not explicitly request, such as completion: it
    /// passes over untrusted files, and secrets that are not regular files.
    pub(crate) fn cautious(self) -> Self {
        Self { passed_over: Some(Arc::default()), ..self }
    }

    pub(crate) fn is_cautious(&self) -> bool {
        self.passed_over.is_some()
    }

    /// Returns the value, or `None` if the error can be passed over.
    pub(crate) fn or_passed_over<T>(
        &self,
        result: Result<T, SettingsError>,
    ) -> Result<Option<T>, SettingsError> {
        match (result, &self.passed_over) {
            (Ok(value), _) => Ok(Some(value)),
            (Err(error), Some(passed_over)) => {
                let mut passed_over = passed_over.lock().unwrap_or_else(PoisonError::into_inner);
                if !passed_over.contains(&error) {
                    passed_over.push(error);
                }
                Ok(None)
            }
            (Err(error), None) => Err(error),
        }
    }

    /// Returns why files were passed over, without duplicates.
    pub(crate) fn passed_over(&self) -> Vec<SettingsError> {
        let passed_over = self.passed_over.as_ref();
        passed_over.map(|all| all.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap_or_default()
    }

    /// Returns whether it is the process's own environment.
    pub(crate) fn is_process(&self) -> bool {
        self.given.is_none()
    }

    /// Returns whether a variable is set and not empty, in any encoding.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| !value.is_empty())
    }

    fn get(&self, name: &str) -> Option<OsString> {
        match &self.given {
            Some(given) => given.variables.get(name).cloned(),
            None => std::env::var_os(name),
        }
    }

    /// Returns the text of a variable, if it has one; for optional variables, such as colours.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(|value| value.into_string().ok())
    }

    /// Returns a variable that is set and not empty. Compose files pass unset variables on as empty.
    pub(crate) fn variable(&self, name: &str) -> Result<Option<String>, SettingsError> {
        match self.get(name).map(OsString::into_string) {
            None => Ok(None),
            Some(Ok(value)) => Ok(Some(value).filter(|value| !value.is_empty())),
            Some(Err(_)) => {
                Err(SettingsError::new(format!("The environment variable {name} is not valid UTF-8.")))
            }
        }
    }

    /// Returns the names with this prefix.
    pub(crate) fn names(&self, prefix: &str) -> Vec<String> {
        let matching = |name: &String| name.starts_with(prefix);
        match &self.given {
            Some(given) => given.variables.keys().filter(|name| matching(name)).cloned().collect(),
            None => {
                std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).filter(matching).collect()
            }
        }
    }

    /// Returns the directory that relative paths start from.
    pub(crate) fn folder(&self) -> PathBuf {
        match &self.given {
            Some(given) => given.folder.clone(),
            None => std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
        }
    }

    /// Returns the directory that relative paths of the environment are joined to; empty for the process's
    /// own working directory, so that a path stays as written.
    pub(crate) fn base(&self) -> PathBuf {
        self.given.as_ref().map(|given| given.folder.clone()).unwrap_or_default()
    }
}
