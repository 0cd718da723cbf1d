//! Completes the settings of a PostgreSQL database from libpq's sources: a service, `PG*` variables and
//! `.pgpass`, in this order.
//!
//! Only a database whose own settings say that it is PostgreSQL is completed: the variables alone do not
//! define one.

mod passfile;
mod service;
mod variables;

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::draft::{Draft, Given};
use super::url::{Parameters, combine};
use crate::settings::variables::Variables;
use crate::settings::{Address, Backend, DatabaseSettings, Environment, Origin, Part, Secret, SettingsError};

pub(super) use variables::is_variable;

/// A parameter that was not given explicitly: its name, its value, and its origin.
struct ServiceEntry {
    name: String,
    value: String,
    origin: Origin,
    /// The directory that relative paths start from.
    folder: PathBuf,
}

/// A password file: as it was written, its path, and the setting that names it.
struct PasswordFile {
    written: String,
    path: PathBuf,
    named_by: Origin,
}

/// Completes the settings, and returns warnings about files that cannot be used.
pub(super) fn complete(
    draft: Draft,
    variables: &Variables<'_>,
) -> Result<(DatabaseSettings, Vec<String>), SettingsError> {
    complete_from(draft, Some(variables), variables.environment)
}

impl Draft {
    /// Reads only the files that the parameters `service` and `passfile` name.
    pub(super) fn resolve_files(self) -> Result<DatabaseSettings, String> {
        if self.given.service.is_none() && self.given.passfile.is_none() {
            return Ok(self.settings);
        }
        let (settings, warnings) = complete_from(self, None, &Environment::process())
            .map_err(|error| error.to_string().trim_end_matches('.').to_owned())?;
        // A warning cannot be shown here, so it is an error.
        match warnings.into_iter().next() {
            Some(warning) => Err(warning.trim_end_matches('.').to_owned()),
            None => Ok(settings),
        }
    }
}

fn complete_from(
    draft: Draft,
    variables: Option<&Variables<'_>>,
    environment: &Environment,
) -> Result<(DatabaseSettings, Vec<String>), SettingsError> {
    let Draft { mut settings, given } = draft;
    if settings.backend != Backend::Postgres {
        return Ok((settings, Vec::new()));
    }
    let mut found = Vec::new();
    let named = variables.map(|variables| variables.plain("PGSERVICE")).transpose()?.flatten();
    let service = match (&given.service, named) {
        (Some(name), _) => Some((name.clone(), settings.origin.clone())),
        (None, Some(value)) => Some((value.text.expose().to_owned(), value.origin)),
        (None, None) => None,
    };
    if let Some((name, origin)) = service {
        found.extend(service::read(&name, &origin, variables, environment)?);
    }
    if let Some(variables) = variables {
        found.extend(variables::read(variables)?);
    }
    let passfile = fill(&mut settings, &given, found)?;
    let mut warnings = Vec::new();
    if settings.password.is_none() {
        let file = |path: PathBuf, named_by: &Origin| PasswordFile {
            written: path.to_string_lossy().into_owned(),
            path,
            named_by: named_by.clone(),
        };
        let explicit = given.passfile.map(|path| file(path, &settings.origin));
        let home = || Some(PathBuf::from(environment.text("HOME")?).join(".pgpass"));
        let default = || Some(file(home()?, &Origin::Default));
        if let Some(file) = explicit.or(passfile).or_else(|| variables.and_then(|_| default())) {
            let user = os_user(environment);
            let found = passfile::password(&file, &settings, user.as_deref(), environment, &mut warnings)?;
            if let Some((password, line)) = found {
                settings.password = Some(password);
                settings.part_origins.set(Part::Password, Origin::File(file.path, line));
            }
        }
    }
    Ok((settings, warnings))
}

/// Returns the user who runs the program, as libpq determines it.
fn os_user(environment: &Environment) -> Option<String> {
    ["USER", "LOGNAME"].iter().find_map(|name| environment.text(name).filter(|user| !user.is_empty()))
}

/// Applies these entries to the settings where nothing with a higher precedence is set. Returns the password
/// file that they name.
fn fill(
    settings: &mut DatabaseSettings,
    given: &Given,
    found: Vec<ServiceEntry>,
) -> Result<Option<PasswordFile>, SettingsError> {
    let mut extra = Parameters::default();
    let mut origins: BTreeMap<&'static str, Origin> = BTreeMap::new();
    let mut passfile = None;
    for mut one in found {
        let written = one.value.clone();
        let is_path = ["sslrootcert", "sslcert", "sslkey", "passfile"].contains(&one.name.as_str());
        if is_path && one.value != "system" {
            one.value = one.folder.join(&one.value).to_string_lossy().into_owned();
        }
        if given.names.contains(one.name.as_str()) || extra.given.contains(one.name.as_str()) {
            continue;
        }
        let before = extra.given.clone();
        extra
            .set(Backend::Postgres, &one.name, one.value.clone())
            .map_err(|problem| SettingsError::new(format!("{}: {problem}.", one.origin)))?;
        for name in extra.given.difference(&before) {
            origins.insert(name, one.origin.clone());
        }
        if one.name == "passfile" {
            passfile = Some(PasswordFile { written, path: PathBuf::from(one.value), named_by: one.origin });
        }
    }
    addresses(settings, given, &extra, &origins)?;
    let has_name = given.names.contains("dbname") || extra.given.contains("dbname");
    let parts =
        [("host", Part::Host), ("port", Part::Port), ("user", Part::User), ("password", Part::Password)];
    for (name, part) in parts.into_iter().chain([("dbname", Part::Name), ("sslmode", Part::SslMode)]) {
        if let Some(origin) = origins.get(name) {
            // A password given beside the URL takes precedence.
            if name != "password" || settings.password.is_none() {
                settings.part_origins.set(part, origin.clone());
            }
        }
    }
    if settings.password.is_some() {
        extra.forget_password();
    }
    if given.names.contains("sslmode") {
        extra.keep_mode(settings.tls.mode);
    }
    let place = origins.get("sslrootcert").or(origins.get("sslmode")).unwrap_or(&settings.origin).clone();
    extra.fill(settings).map_err(|problem| SettingsError::new(format!("{place}: {problem}.")))?;
    if !has_name && extra.given.contains("user") {
        settings.name = settings.user.clone().unwrap_or_default();
    }
    Ok(passfile)
}

/// Applies hosts, ports and addresses from other sources, each only if it was not given.
fn addresses(
    settings: &mut DatabaseSettings,
    given: &Given,
    extra: &Parameters,
    origins: &BTreeMap<&'static str, Origin>,
) -> Result<(), SettingsError> {
    let Some(origin) = ["host", "hostaddr", "port"].iter().find_map(|name| origins.get(name)) else {
        return Ok(());
    };
    let has_port = given.names.contains("port");
    let mut hosts: Vec<(String, Option<u16>)> = settings
        .addresses
        .iter()
        .map(|address| match address {
            Address::Tcp(host, port) => (host.clone(), has_port.then_some(*port)),
            Address::Unix(path, port) => (path.to_string_lossy().into_owned(), has_port.then_some(*port)),
        })
        .collect();
    if !given.names.contains("host") {
        hosts.truncate(1);
        hosts[0].0.clear();
    }
    settings.addresses = combine(Backend::Postgres, hosts, extra, settings.parameters.get("hostaddr"))
        .map_err(|problem| SettingsError::new(format!("{origin}: {problem}.")))?;
    Ok(())
}

/// The password of a line, and the line number.
type Line = (Secret, usize);
