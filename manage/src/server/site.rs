//! The argument of a router function.

use std::sync::Arc;

use super::log::{Log, LogFormat};
use crate::console::{Output, Role, Stream, printable};
use crate::database::{Connect, ConnectError, Connection, Database, Pool, Poolable, Pools};
use crate::error::Result;
use crate::settings::{DatabaseSettings, Settings, SettingsError};

/// The settings and the database pools of a running server. It is cheap to clone, so it can be an axum state.
#[derive(Clone)]
pub struct Site {
    settings: Arc<Settings>,
    pools: Arc<Pools>,
    log: Log,
}

impl Site {
    /// Creates a pool for each database. A pool connects when a request first needs it.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings: Arc::new(settings),
            pools: Arc::default(),
            log: Log::new(Output::standard().err, LogFormat::Text),
        }
    }

    /// Sends the output of [`Site::log_error`] to this stream instead of stderr.
    #[must_use]
    pub fn log_to(self, stream: Stream) -> Self {
        self.log_as(Log::new(stream, LogFormat::Text))
    }

    /// The same, in the form of the server's log.
    #[must_use]
    pub(crate) fn log_as(mut self, log: Log) -> Self {
        self.log = log;
        self
    }

    /// Logs why a request failed: an error with its causes, on one line. The response should contain fewer
    /// details.
    pub fn log_error(&self, error: &(dyn std::error::Error + 'static)) {
        self.log.report(Role::Error, &printable(&with_causes(error)));
    }

    /// Returns a database by its alias: its settings, its pools, and the methods that open connections to it.
    pub fn database(&self, alias: &str) -> Result<Database<'_>, SettingsError> {
        Ok(Database::new(self.settings.database(alias)?, Arc::clone(&self.pools)))
    }

    /// Returns the pool of the database `default`. Every call returns a handle to the same pool.
    ///
    /// # Panics
    ///
    /// In production, if the settings have no database `default`. `runserver` does not start in this case.
    /// This also applies to the methods below.
    pub fn pool(&self) -> Pool {
        self.pool_as()
    }

    /// Returns the pool of connections of a type to the database `default`.
    pub fn pool_as<C: Poolable>(&self) -> Pool<C> {
        self.default_database().pool_as()
    }

    /// Opens a new connection to the database `default`, outside of its pool. It blocks: in a handler use
    /// [`Pool::run`], or [`open_async`](crate::database::open_async).
    pub fn connect(&self) -> Result<Connection, ConnectError> {
        self.connect_as()
    }

    /// Opens a new connection of a type to the database `default`, outside of its pool.
    pub fn connect_as<C: Connect>(&self) -> Result<C, ConnectError> {
        self.default_database().connect_as()
    }

    fn default_database(&self) -> Database<'_> {
        self.database(DatabaseSettings::DEFAULT_ALIAS).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Returns the settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

/// Returns an error with its causes, on one line.
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
