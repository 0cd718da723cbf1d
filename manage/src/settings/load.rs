//! Reads the sources in order and combines them into `Settings`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::apps::{self, AppTable};
use super::database::near_misses::NearMiss;
use super::database::sources::{Databases, databases};
use super::envfile::EnvFile;
use super::file::Parsed;
use super::find::{SettingsPath, nearest};
use super::migrations::MigrationSettings;
use super::pool::PoolSettings;
use super::server::ServerSettings;
use super::trust::root::{search_directories, unsearched};
use super::variables::Variables;
use super::{Backend, DatabaseSettings, Environment, Secret, SettingsError, environment_name, secrets_of};
use crate::console::{echo, printable};
use crate::suggest::closest;

/// The sources of settings; creating it reads nothing.
#[derive(Clone, Debug, Default)]
pub struct Source {
    pub(crate) environment: Environment,
    file: Option<PathBuf>,
}

impl Source {
    /// Creates a source from this environment. `file` is the path of `--settings`, which replaces
    /// `manage.toml`.
    pub fn new(environment: Environment, file: Option<PathBuf>) -> Self {
        Self { environment, file }
    }
}

/// The settings of a project. A command has them as [`Context::settings`](crate::Context::settings).
///
/// ```
/// use manage::settings::{Environment, Settings, Source};
///
/// let environment = Environment::new([("DATABASE_URL", "postgres://app@db/shop")], "/srv/shop");
/// let settings = Settings::load(&Source::new(environment, None))?;
/// let database = settings.database("default")?;
/// assert_eq!(database.to_string(), "PostgreSQL at db:5432/shop as app");
/// # Ok::<(), manage::settings::SettingsError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Settings {
    pub(crate) databases: BTreeMap<String, DatabaseSettings>,
    /// Why the database `default` does not exist, if it does not.
    no_default: Option<SettingsError>,
    /// Why no database may be used, if the file of a secret was passed over.
    withheld: Option<SettingsError>,
    /// Warnings about files that cannot be used and are passed over.
    pub(crate) warnings: Vec<String>,
    /// Names that resemble settings.
    pub(crate) near_misses: Vec<NearMiss>,
    pub(crate) server: ServerSettings,
    #[cfg_attr(not(feature = "lint"), allow(dead_code, reason = "only the lint reads it"))]
    pub(crate) migrations: MigrationSettings,
    pub(crate) silenced_checks: Vec<String>,
    pub(super) apps: BTreeMap<String, AppTable>,
    name: String,
    environment: String,
    variables: Environment,
    env_file: Option<Arc<EnvFile>>,
    /// The file of `--settings`.
    #[cfg(feature = "runserver")]
    named_file: Option<PathBuf>,
}

impl Settings {
    /// Reads the environment, `.env` and `manage.toml`.
    ///
    /// `manage.toml` and `.env` are searched for separately, in the working directory and its parents, up to
    /// the project's directory: the outermost of the nearest directory with a `manage.toml`, that of the
    /// cargo workspace or package, and that of the repository. A discovered file is rejected if anyone but
    /// this user, root or the owner of the program may have written it. Relative paths in a file start from
    /// its directory, those in the environment from the working directory.
    ///
    /// That a required database is not set is an error of [`Settings::database`], not of this function.
    pub fn load(source: &Source) -> Result<Self, SettingsError> {
        if !source.environment.is_cautious() {
            return Self::read(source);
        }
        // Files that are passed over here count for these settings, even if others were read before.
        let own = Source { environment: source.environment.clone().cautious(), ..source.clone() };
        let settings = Self::read(&own);
        for error in own.environment.passed_over() {
            source.environment.or_passed_over::<()>(Err(error))?;
        }
        settings
    }

    fn read(source: &Source) -> Result<Self, SettingsError> {
        let environment = &source.environment;
        let directories = search_directories(environment);
        let env_file = env_file(source, &directories)?;
        let variables = Variables::new(environment, env_file.as_ref());
        let file = settings_file(source, &variables, &directories)?;
        let parsed = file.as_ref().map(|file| Parsed::read(file, environment)).transpose()?.flatten();
        let home = home(file.as_ref(), environment);
        let file = file.filter(|_| parsed.is_some()).map(|file| file.path);
        let parsed = parsed.unwrap_or_default();
        let files_passed_over = environment.passed_over();

        let found = databases(&variables, &parsed, file.as_deref(), &home)?;
        let Databases { by_alias: mut databases, warnings, mut near_misses } = found;
        let pool = PoolSettings::read(&variables, &parsed, file.as_deref())?;
        databases.values_mut().for_each(|database| database.pool = pool.clone());
        let server = ServerSettings::read(&variables, &parsed, file.as_deref())?;
        let migrations = MigrationSettings::read(&variables, &parsed, file.as_deref())?;
        let apps = parsed
            .file
            .apps
            .0
            .iter()
            .map(|(label, table)| {
                let shown = printable(file.as_deref().unwrap_or(Path::new("manage.toml")));
                let (line, shown_label) = (parsed.line(table.span()), echo(label));
                let place = format!("{shown}, line {line}: [apps.{shown_label}]");
                (label.clone(), AppTable { table: table.get_ref().clone(), place })
            })
            .collect();
        let file_shown = file.as_deref().unwrap_or(Path::new("manage.toml")).display().to_string();
        let environment_name = environment_name::environment(&variables, &parsed, &file_shown)?;
        let is_default = |database: &DatabaseSettings| database.origin == super::Origin::Default;
        let lacks_default = databases.get(DatabaseSettings::DEFAULT_ALIAS).is_some_and(is_default);
        if lacks_default && env_file.is_none() {
            near_misses.extend(unsearched(environment, &directories));
        }
        let no_default =
            lacks_default.then(|| reason_for_no_default(&environment_name)).flatten().map(|reason| {
                databases.remove(DatabaseSettings::DEFAULT_ALIAS);
                no_default(reason, &near_misses, env_file.as_ref(), file.as_deref(), &databases)
            });
        // It is also not created if settings that may name another database were not read.
        let no_default = no_default.or_else(|| files_passed_over.first().filter(|_| lacks_default).cloned());
        let withheld = environment.passed_over().get(files_passed_over.len()).cloned();
        let name = match (&file, &env_file) {
            (Some(file), _) => shown(file, &environment.folder()),
            (None, Some(env_file)) => shown(&env_file.path, &environment.folder()),
            (None, None) => "environment".to_owned(),
        };
        let silenced_checks = parsed.file.checks.0.silenced;
        Ok(Self {
            databases,
            no_default,
            withheld,
            warnings,
            near_misses,
            server,
            migrations,
            silenced_checks,
            apps,
            name,
            environment: environment_name,
            variables: environment.clone(),
            #[cfg(feature = "runserver")]
            named_file: source.file.clone(),
            env_file: env_file.map(Arc::new),
        })
    }

    /// Returns the settings of a database by its alias. In production, and in a program without SQLite,
    /// `default` must be set, or it is an error; elsewhere it exists in any case.
    pub fn database(&self, alias: &str) -> Result<&DatabaseSettings, SettingsError> {
        let no_default = self.no_default.as_ref().filter(|_| alias == DatabaseSettings::DEFAULT_ALIAS);
        if let Some(error) = no_default.or(self.withheld.as_ref()) {
            return Err(error.clone());
        }
        self.databases.get(alias).ok_or_else(|| {
            let known: Vec<&str> = self.databases.keys().map(String::as_str).collect();
            let meant = closest(alias, known.iter().copied());
            let meant = meant.map(|meant| format!("Did you mean '{meant}'? ")).unwrap_or_default();
            let known = known.join(", ");
            // An invalid alias may be a URL or a connection string with a password, so it is not repeated.
            if alias.contains(|c: char| !c.is_alphanumeric() && !['_', '-', '.'].contains(&c)) {
                return SettingsError::new("A database is named by its alias, not by a URL.").unknown_alias().hint(format!(
                    "An alias is a word; the URL belongs in the settings: DATABASE_URL, DATABASE_URL_<ALIAS>. The databases \
                     are: {known}."
                ));
            }
            SettingsError::new(format!("There is no database '{}' in the settings.", echo(alias)))
                .unknown_alias()
                .hint(format!("{meant}The databases are: {known}."))
        })
    }

    /// Returns every database, by alias. `default` is always included, except where it must be set: in
    /// production, and in a program without SQLite.
    pub fn databases(&self) -> impl Iterator<Item = &DatabaseSettings> {
        self.databases.values()
    }

    /// Returns the settings of an app: the table `[apps.<label>]` of `manage.toml`, and the variables of
    /// `.env` and of the environment that override its keys. If none of these exist, returns the type's
    /// default.
    ///
    /// The name of a variable is the path of the key in capitals, with two underscores for each dot. Each run
    /// of other characters than letters and digits in a label or a key becomes one underscore:
    ///
    /// | key | variable |
    /// |---|---|
    /// | `apps.shop.currency` | `MANAGE_APPS__SHOP__CURRENCY` |
    /// | `apps.shop.webhook-key` | `MANAGE_APPS__SHOP__WEBHOOK_KEY`, or `MANAGE_APPS__SHOP__WEBHOOK_KEY_FILE` with the path of a file |
    /// | `apps.shop.mail.port` | `MANAGE_APPS__SHOP__MAIL__PORT` |
    ///
    /// A variable is text, and the type of the field decides how it is parsed: as a number, `true` or `false`
    /// (also `yes`, `no`, `on`, `off`, `1`, `0`), the name of an enum's variant, or unchanged for a `String`
    /// or a [`Secret`]. A list has commas between its values, or is a TOML list in brackets. A table has a
    /// variable for each key, or is a TOML table in braces. An empty variable counts as unset.
    /// [The guide](https://github.com/diesel-manage/diesel-manage/blob/main/docs/guide/app-settings.md)
    /// has the details and the limits.
    ///
    /// ```
    /// # use manage::prelude::*;
    /// # fn main() {
    /// #[derive(Debug, Default, PartialEq, serde::Deserialize)]
    /// #[serde(default, deny_unknown_fields)]
    /// struct Shop {
    ///     currency: String,
    ///     max_items: u32,
    ///     countries: Vec<String>,
    /// }
    ///
    /// # let program = manage::Program::new(&[]);
    /// let project = manage::testing::Project::new(program)
    ///     .file("manage.toml", "[apps.shop]\ncurrency = \"EUR\"\nmax_items = 10\n")
    ///     .env("MANAGE_APPS__SHOP__MAX_ITEMS", "25")
    ///     .env("MANAGE_APPS__SHOP__COUNTRIES", "FR, IT");
    /// let shop = project.call(|cx| Ok(cx.settings()?.app::<Shop>("shop")?)).expect_success();
    /// let countries = vec!["FR".to_owned(), "IT".to_owned()];
    /// assert_eq!(shop, Shop { currency: "EUR".to_owned(), max_items: 25, countries });
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A value that does not fit, a missing key, or an unknown one. The error names the variable, or the file
    /// and line, and repeats no value.
    pub fn app<T: DeserializeOwned + Default>(&self, label: &str) -> Result<T, SettingsError> {
        self.with_variables(false, |variables| apps::read(label, self.apps.get(label), variables))
    }

    /// Returns a variable of the project: from the environment, or else from `.env`; or the content of the
    /// file that the variable `<NAME>_FILE` names there, such as a mounted secret. Returns `None` if it is
    /// not set, or empty.
    ///
    /// Such a file has one line; see [`Settings::multiline_variable`] for others.
    ///
    /// # Errors
    ///
    /// If the environment or `.env` has both `<NAME>` and `<NAME>_FILE`, or if the file cannot be read, is
    /// empty, or has several lines. With `?` the exit code is 78.
    pub fn variable(&self, name: &str) -> Result<Option<Secret>, SettingsError> {
        self.read_variable(name, false)
    }

    /// Like [`Settings::variable`], for a value whose file may have several lines, such as a PEM key.
    pub fn multiline_variable(&self, name: &str) -> Result<Option<Secret>, SettingsError> {
        self.read_variable(name, true)
    }

    fn read_variable(&self, name: &str, multiline: bool) -> Result<Option<Secret>, SettingsError> {
        self.with_variables(multiline, |variables| Ok(variables.get(name)?.map(|value| value.text)))
    }

    /// Reads something from the variables. A file that is passed over does not count as unset, so it is an
    /// error.
    fn with_variables<T>(
        &self,
        multiline: bool,
        read: impl FnOnce(&Variables<'_>) -> Result<T, SettingsError>,
    ) -> Result<T, SettingsError> {
        let environment =
            if self.variables.is_cautious() { &self.variables.clone().cautious() } else { &self.variables };
        let variables = Variables { multiline, ..Variables::new(environment, self.env_file.as_deref()) };
        let value = read(&variables)?;
        match environment.passed_over().into_iter().next() {
            Some(error) => Err(error),
            None => Ok(value),
        }
    }

    /// Returns the statements of `.env` that cannot be read.
    pub(crate) fn broken_statements(&self) -> impl Iterator<Item = SettingsError> {
        self.env_file.iter().flat_map(|file| file.broken())
    }

    /// Returns the configured address of `manage runserver`, unparsed, and its origin.
    pub fn runserver_address(&self) -> Option<(&str, &super::Origin)> {
        self.server.runserver_address.as_ref().map(|(address, origin)| (address.as_str(), origin))
    }

    /// Returns the labels of the `[apps.<label>]` tables.
    pub(crate) fn app_labels(&self) -> impl Iterator<Item = &str> {
        self.apps.keys().map(String::as_str)
    }

    /// Returns each secret of the apps: the label, the key, the text, and its location.
    pub(crate) fn app_secrets(&self) -> Vec<(String, String, Secret, String)> {
        let mut found = Vec::new();
        for (label, app) in &self.apps {
            for (key, text) in secrets_of(&app.table) {
                found.push((label.clone(), key.to_owned(), Secret::new(text), app.place.clone()));
            }
        }
        let of_variables =
            self.with_variables(false, |variables| Ok(apps::secrets(variables))).unwrap_or_default();
        found.extend(
            of_variables.into_iter().map(|(label, key, text, origin)| (label, key, text, origin.to_string())),
        );
        found
    }

    /// Returns variables that resemble settings of an app but are not, given the labels of the program's
    /// apps.
    pub(crate) fn unread_app_variables(&self, labels: &[&str]) -> Vec<NearMiss> {
        apps::unread(&Variables::new(&self.variables, self.env_file.as_deref()), labels)
    }

    /// Returns the name of the environment, `MANAGE_ENV`, in lower case; by default `development`.
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// Returns the files that were read, and those that would have been read if they existed.
    #[cfg(feature = "runserver")]
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let searched = search_directories(&self.variables);
        let found =
            searched.iter().flat_map(|directory| [".env", "manage.toml"].map(|name| directory.join(name)));
        found.chain(self.named_file.clone()).collect()
    }

    /// Returns whether this is the production environment: `MANAGE_ENV=production`.
    pub fn is_production(&self) -> bool {
        self.environment == environment_name::PRODUCTION
    }

    /// Returns a readable name for the source of the settings: the settings file, or `.env`, or
    /// `environment`.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Returns why an SQLite file may not stand in for a database that is not set, if it may not.
fn reason_for_no_default(environment_name: &str) -> Option<&'static str> {
    if environment_name == environment_name::PRODUCTION {
        // A new, empty file in place of the real data would be lost with its container.
        return Some("No database is set, and in production (MANAGE_ENV) none is assumed.");
    }
    (!Backend::Sqlite.is_compiled_in())
        .then_some("No database is set, and without SQLite in the program none is assumed.")
}

/// Returns the error for a database that must be set.
fn no_default(
    reason: &str,
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
    let example = if Backend::Sqlite.is_compiled_in() {
        "If an SQLite file is meant, name it: DATABASE_URL=sqlite:db.sqlite3."
    } else if Backend::Postgres.is_compiled_in() {
        "For example: DATABASE_URL=postgres://user:password@host/name."
    } else {
        "For example: DATABASE_URL=mysql://user:password@host/name."
    };
    hint.push(example.to_owned());
    SettingsError::new(reason).hint(hint.join(" "))
}

/// Reads `.env`, if it exists.
pub(super) fn env_file(source: &Source, directories: &[PathBuf]) -> Result<Option<EnvFile>, SettingsError> {
    let file = nearest(directories, ".env")?;
    Ok(file.map(|file| EnvFile::read(&file, &source.environment)).transpose()?.flatten())
}

/// Returns the settings file, if it exists.
pub(super) fn settings_file(
    source: &Source,
    variables: &Variables<'_>,
    directories: &[PathBuf],
) -> Result<Option<SettingsPath>, SettingsError> {
    let named = |path: PathBuf, by: &dyn std::fmt::Display| {
        let shown = format!("the settings file {}, which {by} names", echo(&path));
        Some(SettingsPath { path, named: Some(shown) })
    };
    Ok(match (&source.file, variables.plain("MANAGE_SETTINGS")?) {
        (Some(file), _) => named(source.environment.base().join(file), &"--settings"),
        (None, Some(value)) => named(value.folder.join(value.text.expose()), &value.origin),
        (None, None) => nearest(directories, "manage.toml")?,
    })
}

/// Returns the directory of the assumed database: that of a `manage.toml` that was found above the working directory, so
/// that it is the same from each directory of the project; otherwise the working directory.
fn home(file: Option<&SettingsPath>, environment: &Environment) -> PathBuf {
    let found = file.filter(|file| file.named.is_none()).and_then(|file| file.path.parent());
    let found = found.filter(|directory| *directory != environment.folder());
    found.map_or_else(|| environment.base(), Path::to_owned)
}

fn shown(path: &Path, folder: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).display().to_string()
}
