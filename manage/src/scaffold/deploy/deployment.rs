//! What the settings say of a deployment: its databases, the variables of its environment, its secrets.

use std::time::Duration;

use super::DeployError;
use crate::settings::{Backend, DatabaseSettings, DeployedVariables, Origin, Settings, SettingsError};

/// How long `serve` lets a handler run if no setting limits it.
const REQUEST_TIMEOUT: u32 = 30;

/// How long load balancers may take to learn that a server stops.
const SHUTDOWN_DELAY: Duration = Duration::from_secs(5);

/// The time that a supervisor grants beyond the server's own limits.
const MARGIN: Duration = Duration::from_secs(5);

/// How long a deployment waits for its databases, in seconds.
const WAIT: &str = "300";

/// A deployment of the project.
#[derive(Clone, Debug)]
pub(crate) struct Deployment {
    /// `default` is the first one, if it is set.
    pub(crate) databases: Vec<DeployedDatabase>,
    pub(crate) variables: DeployedVariables,
    /// Where `serve` listens: a name or an IP address, and a port.
    pub(crate) address: (String, u16),
    request_timeout: Duration,
}

/// A database of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeployedDatabase {
    pub(crate) alias: String,
    pub(crate) backend: Backend,
    pub(crate) is_mariadb: bool,
}

impl Deployment {
    /// Reads the settings. A database that nothing sets is left out.
    pub(crate) fn of(settings: &Settings, address: (String, u16)) -> Result<Self, SettingsError> {
        let is_set = |database: &&DatabaseSettings| database.origin != Origin::Default;
        let mut databases: Vec<DeployedDatabase> =
            settings.databases().filter(is_set).map(DeployedDatabase::from).collect();
        databases.sort_by_key(|database| !database.is_default());
        let timeout = settings.server.request_timeout()?.unwrap_or(REQUEST_TIMEOUT);
        Ok(Self {
            databases,
            variables: settings.deployed_variables(),
            address,
            request_timeout: Duration::from_secs(timeout.into()),
        })
    }

    /// Fails if it has no database, or one that a variable cannot set.
    pub(super) fn check_databases(&self) -> Result<(), DeployError> {
        if self.databases.is_empty() {
            return Err(DeployError::NoDatabase);
        }
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let wrong = self.databases.iter().find(|database| !database.alias.chars().all(fits));
        wrong.map_or(Ok(()), |database| Err(DeployError::Alias(database.alias.clone())))
    }

    /// Fails if `serve` would not start for want of hosts.
    pub(super) fn check_hosts(&self) -> Result<(), DeployError> {
        let hosts = self.variables.plain.get("MANAGE_SERVER_ALLOWED_HOSTS");
        if hosts.is_some_and(|hosts| !hosts.is_empty()) { Ok(()) } else { Err(DeployError::NoHosts) }
    }

    /// Returns the variables whose values are secrets: those of databases on servers, and those of apps.
    pub(super) fn secrets(&self) -> Vec<String> {
        let servers = self.databases.iter().filter(|database| database.backend != Backend::Sqlite);
        let databases = servers.map(DeployedDatabase::variable);
        databases.chain(self.variables.secrets.iter().cloned()).collect()
    }

    /// Returns the arguments of `wait_for_db` for all its databases.
    pub(super) fn wait(&self) -> Vec<String> {
        let mut words = vec!["wait_for_db".to_owned()];
        if !matches!(&self.databases[..], [database] if database.is_default()) {
            words.push("--all".to_owned());
        }
        words.extend(["--timeout", WAIT].map(str::to_owned));
        words
    }

    /// Returns the arguments of `migrate`, for each database.
    pub(super) fn migrations(&self) -> Vec<Vec<String>> {
        let words = |database: &DeployedDatabase| match database.is_default() {
            true => vec!["migrate".to_owned()],
            false => ["migrate", "--database", &database.alias].map(str::to_owned).into(),
        };
        self.databases.iter().map(words).collect()
    }

    /// Returns the arguments of one process that waits for the databases, applies the migrations, and becomes
    /// the last command, if there is one.
    pub(super) fn chain(&self, program: &str, last: &[&str]) -> Vec<String> {
        let mut words = self.wait();
        let migrations = self.migrations();
        let last = Some(last).filter(|last| !last.is_empty());
        let last = last.map(|last| last.iter().map(|word| (*word).to_owned()).collect());
        for command in migrations.into_iter().chain(last) {
            words.extend(["--".to_owned(), program.to_owned()]);
            words.extend(command);
        }
        words
    }

    /// Returns how long `serve` accepts connections after a stop signal, how long requests may take after
    /// that, and when the supervisor may kill it, in seconds.
    pub(super) fn shutdown(&self) -> [String; 3] {
        [SHUTDOWN_DELAY, self.request_timeout, SHUTDOWN_DELAY + self.request_timeout + MARGIN]
            .map(|time| time.as_secs().to_string())
    }
}

impl DeployedDatabase {
    pub(super) fn is_default(&self) -> bool {
        self.alias == DatabaseSettings::DEFAULT_ALIAS
    }

    /// Returns the variable that sets it.
    pub(super) fn variable(&self) -> String {
        match self.is_default() {
            true => "DATABASE_URL".to_owned(),
            false => format!("DATABASE_URL_{}", self.alias.to_uppercase()),
        }
    }
}

impl From<&DatabaseSettings> for DeployedDatabase {
    fn from(settings: &DatabaseSettings) -> Self {
        let DatabaseSettings { alias, backend, is_mariadb, .. } = settings;
        Self { alias: alias.clone(), backend: *backend, is_mariadb: *is_mariadb }
    }
}
