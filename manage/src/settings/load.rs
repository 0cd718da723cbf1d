//! Reads the sources in their order and makes one `Settings` of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::database_sources::{Databases, databases};
use super::envfile::EnvFile;
use super::file::{Parsed, without_value};
use super::find::nearest;
use super::near_misses::NearMiss;
use super::variables::Variables;
use super::{DatabaseSettings, Environment, Secret, SettingsError, stage};
use crate::suggest::closest;

/// What settings are to be read from; nothing is read yet.
#[derive(Clone, Debug, Default)]
pub struct Source {
    pub(crate) environment: Environment,
    file: Option<PathBuf>,
}

impl Source {
    /// Settings of this environment, with the file that `--settings` names instead of `manage.toml`.
    pub fn new(environment: Environment, file: Option<PathBuf>) -> Self {
        Self { environment, file }
    }
}

/// The settings of a project.
#[derive(Clone, Debug)]
pub struct Settings {
    pub(crate) databases: BTreeMap<String, DatabaseSettings>,
    /// Why there is no database `default`, where there is none.
    no_default: Option<SettingsError>,
    /// What of the files cannot be used and is passed over.
    pub(crate) warnings: Vec<String>,
    /// What nearly is a setting.
    pub(crate) near_misses: Vec<NearMiss>,
    runserver_address: Option<(String, super::Origin)>,
    pub(crate) silenced_checks: Vec<String>,
    apps: BTreeMap<String, AppTable>,
    name: String,
    environment: String,
    variables: Environment,
    env_file: Option<Arc<EnvFile>>,
}

#[derive(Clone, Debug)]
struct AppTable {
    table: toml::Table,
    place: String,
}

impl Settings {
    /// Reads the environment, `.env` and `manage.toml`.
    ///
    /// `manage.toml` and `.env` are looked for, each by itself, in the working folder and in those above it. Relative paths in a file start from its folder, those in the environment
    /// from the working folder.
    pub fn load(source: &Source) -> Result<Self, SettingsError> {
        let environment = &source.environment;
        let env_file = env_file(source)?;
        let variables = Variables { environment, file: env_file.as_ref() };
        let file = settings_file(source, &variables)?;
        let parsed = file.as_deref().map(Parsed::read).transpose()?.unwrap_or_default();

        let found = databases(&variables, &parsed, file.as_deref())?;
        let Databases { by_alias: mut databases, warnings, near_misses } = found;
        let runserver_address = match variables.plain("MANAGE_RUNSERVER_ADDRESS")? {
            Some(value) => Some((value.text.expose().to_owned(), value.origin)),
            None => parsed.file.runserver.0.address.as_ref().map(|address| {
                let origin =
                    super::Origin::File(file.clone().unwrap_or_default(), parsed.line(address.span()));
                (address.get_ref().clone(), origin)
            }),
        };
        let apps = parsed
            .file
            .apps
            .0
            .iter()
            .map(|(label, table)| {
                let shown = file.as_deref().unwrap_or(Path::new("manage.toml")).display();
                let place = format!("{shown}, line {}: [apps.{label}]", parsed.line(table.span()));
                (label.clone(), AppTable { table: table.get_ref().clone(), place })
            })
            .collect();
        let file_shown = file.as_deref().unwrap_or(Path::new("manage.toml")).display().to_string();
        let environment_name = stage::environment(&variables, &parsed, &file_shown)?;
        let is_default = |database: &DatabaseSettings| database.origin == super::Origin::Default;
        // A new, empty file in place of the real data would be gone with its container.
        let no_default = (environment_name == stage::PRODUCTION
            && databases.get(DatabaseSettings::DEFAULT_ALIAS).is_some_and(is_default))
        .then(|| {
            databases.remove(DatabaseSettings::DEFAULT_ALIAS);
            no_default(&near_misses, env_file.as_ref(), file.as_deref(), &databases)
        });
        let name = match (&file, &env_file) {
            (Some(file), _) => shown(file, &environment.folder()),
            (None, Some(env_file)) => shown(&env_file.path, &environment.folder()),
            (None, None) => "environment".to_owned(),
        };
        let silenced_checks = parsed.file.checks.0.silenced;
        Ok(Self {
            databases,
            no_default,
            warnings,
            near_misses,
            runserver_address,
            silenced_checks,
            apps,
            name,
            environment: environment_name,
            variables: environment.clone(),
            env_file: env_file.map(Arc::new),
        })
    }

    /// The settings of a database by its alias.
    pub fn database(&self, alias: &str) -> Result<&DatabaseSettings, SettingsError> {
        self.databases.get(alias).ok_or_else(|| {
            if let Some(error) = self.no_default.as_ref().filter(|_| alias == DatabaseSettings::DEFAULT_ALIAS)
            {
                return error.clone();
            }
            let known: Vec<&str> = self.databases.keys().map(String::as_str).collect();
            let meant = closest(alias, known.iter().copied());
            let meant = meant.map(|meant| format!("Did you mean '{meant}'? ")).unwrap_or_default();
            let known = known.join(", ");
            // What is no alias may be a URL or a line of keywords with a password, and is not repeated.
            if alias.contains(|c: char| !c.is_alphanumeric() && !['_', '-', '.'].contains(&c)) {
                return SettingsError::new("A database is named by its alias, not by a URL.").hint(format!(
                    "An alias is a word; the URL belongs in the settings: DATABASE_URL, DATABASE_URL_<ALIAS>. The databases \
                     are: {known}."
                ));
            }
            SettingsError::new(format!("There is no database '{alias}' in the settings."))
                .hint(format!("{meant}The databases are: {known}."))
        })
    }

    /// Every database, by alias. `default` is always among them, but for production, where it must be set.
    pub fn databases(&self) -> impl Iterator<Item = &DatabaseSettings> {
        self.databases.values()
    }

    /// The settings of an app of the project's: the table `[apps.<label>]` of `manage.toml`, or nothing.
    pub fn app<T: DeserializeOwned + Default>(&self, label: &str) -> Result<T, SettingsError> {
        let Some(AppTable { table, place }) = self.apps.get(label) else { return Ok(T::default()) };
        table.clone().try_into().map_err(|error: toml::de::Error| {
            SettingsError::new(format!("{place}: {}.", without_value(error.message())))
        })
    }

    /// A variable of the project's own: from the environment, or else from `.env`; or the content of the file that the variable
    /// `<NAME>_FILE` names there, such as a mounted secret. `None` where it is not set, or to nothing.
    pub fn variable(&self, name: &str) -> Result<Option<Secret>, SettingsError> {
        let variables = Variables { environment: &self.variables, file: self.env_file.as_deref() };
        Ok(variables.get(name)?.map(|value| value.text))
    }

    /// The statements of `.env` that cannot be read.
    pub(crate) fn broken_statements(&self) -> impl Iterator<Item = SettingsError> {
        self.env_file.iter().flat_map(|file| file.broken())
    }

    /// Where `manage runserver` listens unless told otherwise, as it was written, and where that was.
    pub fn runserver_address(&self) -> Option<(&str, &super::Origin)> {
        self.runserver_address.as_ref().map(|(address, origin)| (address.as_str(), origin))
    }

    /// The labels that `[apps.<label>]` tables have.
    pub(crate) fn app_labels(&self) -> impl Iterator<Item = &str> {
        self.apps.keys().map(String::as_str)
    }

    /// The tables `[apps.<label>]`: the label, the table, and where it stands.
    pub(crate) fn app_tables(&self) -> impl Iterator<Item = (&str, &toml::Table, &str)> {
        self.apps.iter().map(|(label, app)| (label.as_str(), &app.table, app.place.as_str()))
    }

    /// The name of the environment, `MANAGE_ENV`, in lower case: `development` unless told otherwise.
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// Whether this is where the real data is: `MANAGE_ENV=production`.
    pub fn is_production(&self) -> bool {
        self.environment == stage::PRODUCTION
    }

    /// What the settings were read from, for people: the settings file, or `.env`, or `environment`.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The error of a production environment that sets no database.
fn no_default(
    near_misses: &[NearMiss],
    env_file: Option<&EnvFile>,
    file: Option<&Path>,
    others: &BTreeMap<String, DatabaseSettings>,
) -> SettingsError {
    let mut hint: Vec<String> =
        near_misses.iter().flat_map(|miss| [miss.text.clone(), miss.hint.clone()]).collect();
    let places = match env_file {
        Some(env_file) => format!("the environment and {}", env_file.path.display()),
        None => "the environment (there is no .env)".to_owned(),
    };
    let table = match file {
        Some(file) => format!("{}", file.display()),
        None => "manage.toml (there is none)".to_owned(),
    };
    hint.push(format!(
        "Looked for DATABASE_URL, DATABASE_URL_FILE, POSTGRES_HOST, MYSQL_HOST and MARIADB_HOST in {places}, and for \
         [databases.default] in {table}."
    ));
    if !others.is_empty() {
        let aliases: Vec<&str> = others.keys().map(String::as_str).collect();
        hint.push(format!("Other databases are set: {}.", aliases.join(", ")));
    }
    hint.push("If an SQLite file is meant, name it: DATABASE_URL=sqlite:db.sqlite3.".to_owned());
    SettingsError::new("No database is set, and in production (MANAGE_ENV) none is assumed.")
        .hint(hint.join(" "))
        .with_configuration_exit()
}

/// `.env`, where there is one.
pub(super) fn env_file(source: &Source) -> Result<Option<EnvFile>, SettingsError> {
    let path = nearest(&source.environment.folder(), ".env")?;
    path.map(|path| EnvFile::read(&path, &source.environment)).transpose()
}

/// The settings file, where there is one.
pub(super) fn settings_file(
    source: &Source,
    variables: &Variables<'_>,
) -> Result<Option<PathBuf>, SettingsError> {
    let environment = &source.environment;
    Ok(match (&source.file, variables.plain("MANAGE_SETTINGS")?) {
        (Some(file), _) => Some(environment.base().join(file)),
        (None, Some(value)) => Some(value.folder.join(value.text.expose())),
        (None, None) => nearest(&environment.folder(), "manage.toml")?,
    })
}

fn shown(path: &Path, folder: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).display().to_string()
}
