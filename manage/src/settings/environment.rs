//! The environment that a program runs in: the process's own, or one that a caller makes.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use super::SettingsError;

/// Environment variables and a working folder.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    given: Option<Given>,
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
            .field("folder", &self.folder)
            .finish()
    }
}

impl Environment {
    /// The process's own.
    pub fn process() -> Self {
        Self { given: None }
    }

    /// An environment of the caller's: nothing of the process's is read.
    pub fn new(
        variables: impl IntoIterator<Item = (impl Into<String>, impl Into<OsString>)>,
        folder: impl Into<PathBuf>,
    ) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { given: Some(Given { variables, folder: folder.into() }) }
    }

    fn get(&self, name: &str) -> Option<OsString> {
        match &self.given {
            Some(given) => given.variables.get(name).cloned(),
            None => std::env::var_os(name),
        }
    }

    /// A variable's text, where it has one; for what may be passed over, such as colours.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(|value| value.into_string().ok())
    }

    /// A variable that counts: one that is set, and not to nothing. Compose files hand on unset variables as empty.
    pub(crate) fn variable(&self, name: &str) -> Result<Option<String>, SettingsError> {
        match self.get(name).map(OsString::into_string) {
            None => Ok(None),
            Some(Ok(value)) => Ok(Some(value).filter(|value| !value.is_empty())),
            Some(Err(_)) => {
                Err(SettingsError::new(format!("The environment variable {name} is not valid UTF-8.")))
            }
        }
    }

    /// The names that begin so.
    pub(crate) fn names(&self, prefix: &str) -> Vec<String> {
        let matching = |name: &String| name.starts_with(prefix);
        match &self.given {
            Some(given) => given.variables.keys().filter(|name| matching(name)).cloned().collect(),
            None => {
                std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).filter(matching).collect()
            }
        }
    }

    /// The folder that relative paths start from.
    pub(crate) fn folder(&self) -> PathBuf {
        match &self.given {
            Some(given) => given.folder.clone(),
            None => std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
        }
    }

    /// What relative paths of the environment are joined to: nothing where the process's own working folder is meant, so
    /// that a path stays as it was written.
    pub(crate) fn base(&self) -> PathBuf {
        self.given.as_ref().map(|given| given.folder.clone()).unwrap_or_default()
    }
}
