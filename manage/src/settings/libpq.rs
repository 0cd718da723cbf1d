//! Where libpq takes what a PostgreSQL database's settings leave open: a service, `PG*` variables, `.pgpass`; in this order.
//!
//! Only a database that is PostgreSQL by its own settings is completed: the variables alone make none.

mod passfile;
mod service;
mod variables;

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::draft::{Draft, Given};
use super::url::{Parameters, combine};
use super::variables::Variables;
use super::{Address, Backend, DatabaseSettings, Environment, Origin, Part, Secret, SettingsError};

pub(super) use variables::is_variable;

/// A parameter that is not given explicitly: its name, its value, and where it was found.
struct Found {
    name: String,
    value: String,
    origin: Origin,
    /// Relative paths start here.
    folder: PathBuf,
}

/// Completes the settings, and says what of the files cannot be used.
pub(super) fn complete(
    draft: Draft,
    variables: &Variables<'_>,
) -> Result<(DatabaseSettings, Vec<String>), SettingsError> {
    complete_from(draft, Some(variables), variables.environment)
}

impl Draft {
    /// Reads the files that the parameters `service` and `passfile` name, and nothing else.
    pub(super) fn resolve_files(self) -> Result<DatabaseSettings, String> {
        if self.given.service.is_none() && self.given.passfile.is_none() {
            return Ok(self.settings);
        }
        let (settings, warnings) = complete_from(self, None, &Environment::process())
            .map_err(|error| error.to_string().trim_end_matches('.').to_owned())?;
        // Here a warning cannot be shown, so it is an error.
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
        let named = passfile.map(|found| (PathBuf::from(found.value), found.origin));
        let explicit = given.passfile.map(|path| (path, settings.origin.clone()));
        let named = explicit.or(named);
        let home = || Some((PathBuf::from(environment.text("HOME")?).join(".pgpass"), Origin::Default));
        if let Some((path, named_by)) = named.or_else(|| variables.and_then(|_| home())) {
            let user = os_user(environment);
            let found = passfile::password(&path, &named_by, &settings, user.as_deref(), &mut warnings)?;
            if let Some((password, line)) = found {
                settings.password = Some(password);
                settings.part_origins.set(Part::Password, Origin::File(path, line));
            }
        }
    }
    Ok((settings, warnings))
}

/// The user who runs the program, as libpq determines it.
fn os_user(environment: &Environment) -> Option<String> {
    ["USER", "LOGNAME"].iter().find_map(|name| environment.text(name).filter(|user| !user.is_empty()))
}

/// Puts what was found into the settings, where nothing stronger is. Gives back the file of passwords that was named.
fn fill(
    settings: &mut DatabaseSettings,
    given: &Given,
    found: Vec<Found>,
) -> Result<Option<Found>, SettingsError> {
    let mut extra = Parameters::default();
    let mut origins: BTreeMap<&'static str, Origin> = BTreeMap::new();
    let mut passfile = None;
    for mut one in found {
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
            passfile = Some(one);
        }
    }
    addresses(settings, given, &extra, &origins)?;
    let has_name = given.names.contains("dbname") || extra.given.contains("dbname");
    let parts =
        [("host", Part::Host), ("port", Part::Port), ("user", Part::User), ("password", Part::Password)];
    for (name, part) in parts.into_iter().chain([("dbname", Part::Name), ("sslmode", Part::SslMode)]) {
        if let Some(origin) = origins.get(name) {
            // A password beside the URL takes precedence.
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

/// Hosts, ports and addresses that come from elsewhere, each where it is not given.
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

/// The password of a line, and the line's number.
type Line = (Secret, usize);
