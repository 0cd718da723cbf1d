//! The settings of a database while some of its parts are not yet set.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::url::Parameters;
use crate::settings::DatabaseSettings;

/// Settings, and which parts were given explicitly. For PostgreSQL the rest is completed as libpq does.
pub(crate) struct Draft {
    pub(super) settings: DatabaseSettings,
    pub(super) given: Given,
}

/// The parts that were given explicitly.
#[derive(Clone, Debug, Default)]
pub(super) struct Given {
    /// The parts, by the names of libpq's parameters.
    pub(super) names: BTreeSet<&'static str>,
    pub(super) passfile: Option<PathBuf>,
    pub(super) service: Option<String>,
}

impl Given {
    /// Creates it from these names, without files.
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

/// Complete settings.
impl From<DatabaseSettings> for Draft {
    fn from(settings: DatabaseSettings) -> Self {
        Self { settings, given: Given::default() }
    }
}
