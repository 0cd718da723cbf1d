//! The settings of a database while some of its parts are still open.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::DatabaseSettings;
use super::url::Parameters;

/// Settings, and what of them was given explicitly. For PostgreSQL the rest comes from where libpq takes it.
pub(crate) struct Draft {
    pub(super) settings: DatabaseSettings,
    pub(super) given: Given,
}

/// What was given explicitly.
#[derive(Clone, Debug, Default)]
pub(super) struct Given {
    /// The parts, by the names of libpq's parameters.
    pub(super) names: BTreeSet<&'static str>,
    pub(super) passfile: Option<PathBuf>,
    pub(super) service: Option<String>,
}

impl Given {
    /// These names, and no files.
    pub(super) fn of(names: impl IntoIterator<Item = &'static str>) -> Self {
        Self { names: names.into_iter().collect(), ..Self::default() }
    }
}

impl Draft {
    pub(super) fn new(settings: DatabaseSettings, parameters: Parameters) -> Self {
        let Parameters { given: names, passfile, service, .. } = parameters;
        Self { settings, given: Given { names, passfile, service } }
    }
}

/// Settings of which nothing is open.
impl From<DatabaseSettings> for Draft {
    fn from(settings: DatabaseSettings) -> Self {
        Self { settings, given: Given::default() }
    }
}
