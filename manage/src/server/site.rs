//! What an app's routes are made with.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::Result;
use crate::console::{Output, Role, Stream, printable};
use crate::database::Pool;
use crate::settings::{DatabaseSettings, Settings, SettingsError};

/// The settings and the pools of databases of a running server. It is cheap to clone, so it can be axum's state.
#[derive(Clone)]
pub struct Site {
    settings: Arc<Settings>,
    pools: Arc<BTreeMap<String, Pool>>,
    log: Stream,
}

impl Site {
    /// One pool for each database. None is connected before a request asks for it.
    pub fn new(settings: Settings) -> Self {
        let pools = settings
            .databases()
            .map(|database| (database.alias.clone(), Pool::new(database.clone(), Pool::DEFAULT_SIZE)))
            .collect();
        Self { settings: Arc::new(settings), pools: Arc::new(pools), log: Output::standard().err }
    }

    /// Sends what [`Site::log_error`] is told to this stream instead of stderr.
    #[must_use]
    pub fn log_to(mut self, stream: Stream) -> Self {
        self.log = stream;
        self
    }

    /// Tells the server's log why a request failed: an error with its causes, on one line. The visitor is told less.
    pub fn log_error(&self, error: &(dyn std::error::Error + 'static)) {
        // A broken log is no reason to stop serving.
        let _ = self.log.styled_line(Role::Error, printable(&with_causes(error)));
    }

    /// The pool of the database `default`.
    ///
    /// # Panics
    ///
    /// In production, where the settings have no database `default`. `runserver` does not start there.
    pub fn database(&self) -> Pool {
        self.pools[DatabaseSettings::DEFAULT_ALIAS].clone()
    }

    /// The pool of the database of this alias.
    pub fn database_of(&self, alias: &str) -> Result<Pool, SettingsError> {
        let database = self.settings.database(alias)?;
        Ok(self.pools[&database.alias].clone())
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

/// An error with its causes, on one line.
pub(super) fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    for cause in std::iter::successors(error.source(), |cause| cause.source()).map(ToString::to_string) {
        // Many errors print their source themselves.
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text.replace("\r\n", " ").replace(['\r', '\n'], " ")
}
