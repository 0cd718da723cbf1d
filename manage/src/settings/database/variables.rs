//! Databases from variables: a URL, or the parts that the official images use.

use std::collections::BTreeMap;

use super::draft::{Draft, Given};
use super::misplaced::refuse_alias;
use super::parts::{addresses, beside, parse_mode};
use crate::settings::variables::{Value, Variables};
use crate::settings::{
    Backend, DatabaseSettings, Origin, Part, PartOrigins, PoolSettings, SettingsError, SslMode, TlsSettings,
};

/// The prefix of an image's variables, its backend, and the variable of the database's name.
pub(super) type Family = (&'static str, Backend, &'static str);

pub(super) const FAMILIES: [Family; 3] = [
    ("POSTGRES", Backend::Postgres, "DB"),
    ("MYSQL", Backend::Mysql, "DATABASE"),
    ("MARIADB", Backend::Mysql, "DATABASE"),
];

/// Returns the database `default`, if variables set it. Only the source with the highest precedence counts:
/// parts in the environment override a URL in `.env`.
pub(super) fn default(variables: &Variables<'_>) -> Result<Option<Draft>, SettingsError> {
    for layer in variables.layers() {
        if let Some(url) = variables.get_in(layer, "DATABASE_URL")? {
            return from_url(DatabaseSettings::DEFAULT_ALIAS, url).map(Some);
        }
        let mut hosts = Vec::new();
        for family in &FAMILIES {
            // The host makes it a database to connect to: the other variables may belong to the server
            // itself.
            if let Some(host) = variables.get_in(layer, &format!("{}_HOST", family.0))? {
                hosts.push((family, host));
            }
        }
        if let [(one, _), (other, _), ..] = hosts.as_slice() {
            let (one, other) = (one.0, other.0);
            let message = format!("Both {one}_HOST and {other}_HOST are set: which is the database?");
            return Err(SettingsError::new(message).hint("Set DATABASE_URL, or unset one of the two."));
        }
        if let Some((family, host)) = hosts.pop() {
            return from_family(variables, family, host).map(Some);
        }
    }
    Ok(None)
}

/// Returns the other databases: `DATABASE_URL_<ALIAS>` and `DATABASE_URL_<ALIAS>_FILE`.
pub(super) fn further(variables: &Variables<'_>) -> Result<Vec<Draft>, SettingsError> {
    const PREFIX: &str = "DATABASE_URL_";
    let mut by_alias: BTreeMap<String, String> = BTreeMap::new();
    for name in variables.names(PREFIX).iter().filter(|name| *name != "DATABASE_URL_FILE") {
        let name = name.strip_suffix("_FILE").unwrap_or(name);
        let alias = name[PREFIX.len()..].to_lowercase();
        if alias.is_empty() {
            continue;
        }
        refuse_alias(&alias, &variables.place_of(name))?;
        if let Some(other) = by_alias.insert(alias.clone(), name.to_owned()).filter(|other| other != name) {
            return Err(SettingsError::new(format!("{other} and {name} are both the database '{alias}'.")));
        }
    }
    let mut databases = Vec::new();
    for (alias, name) in by_alias {
        if let Some(url) = variables.get(&name)? {
            databases.push(from_url(&alias, url).map_err(|error| {
                let is_slip = strsim::damerau_levenshtein(&alias, "file") <= 2;
                if is_slip { error.hint("Did you mean DATABASE_URL_FILE?") } else { error }
            })?);
        }
    }
    Ok(databases)
}

pub(super) fn from_url(alias: &str, value: Value) -> Result<Draft, SettingsError> {
    // A password file that is named by mistake must not be treated as a path, which would be shown.
    let text = value.text.expose();
    if value.origin.is_secret_file() && !text.contains("://") && !text.starts_with("sqlite:") {
        let error = SettingsError::new(format!("{}: the file holds no URL.", value.origin));
        return Err(error.hint("The path of an SQLite file is written as `sqlite:PATH` there."));
    }
    let draft = Draft::from_url(alias, value.text.expose(), value.origin.clone())
        .map_err(|error| SettingsError::new(format!("{error}.")))?;
    beside(draft, &value.folder)
}

fn from_family(
    variables: &Variables<'_>,
    &(family, backend, database): &Family,
    host: Value,
) -> Result<Draft, SettingsError> {
    let mut given = Given::of(["host"]);
    let mut part_origins = PartOrigins::default();
    let mut variable = |name: &str, part: Option<Part>| {
        let value = variables.get(&format!("{family}_{name}"))?;
        if let (Some(value), Some(part)) = (&value, part) {
            part_origins.set(part, value.origin.clone());
        }
        if value.is_some() {
            given.names.insert(libpq_name(name));
        }
        Ok::<_, SettingsError>(value)
    };
    let text = |value: Option<Value>| value.map(|value| value.text.expose().to_owned());
    let port = match variable("PORT", Some(Part::Port))? {
        // The value is not repeated: it may come from a file that is meant for the password.
        Some(port) => {
            match port.text.expose().trim().parse() {
                Ok(0) | Err(_) => {
                    return Err(SettingsError::new(format!("{} is not a port, a number from 1 to 65535.", port.origin))
                    .hint("Kubernetes sets such variables to tcp://…: give yours another prefix or DATABASE_URL."));
                }
                Ok(port) => Some(port),
            }
        }
        None => None,
    };
    let user = text(variable("USER", Some(Part::User))?);
    let name = text(variable(database, Some(Part::Name))?);
    let password = variable("PASSWORD", Some(Part::Password))?.map(|value| value.text);
    let mode = match variable("SSLMODE", Some(Part::SslMode))? {
        Some(mode) => parse_mode(mode.text.expose(), &mode.origin.to_string())?,
        None => SslMode::default(),
    };
    let root_cert = variable("SSLROOTCERT", None)?.map(|path| path.folder.join(path.text.expose()));
    let name = match (name, &user, backend) {
        (Some(name), ..) => name,
        // The server's image creates a database with the user's name.
        (None, user, Backend::Postgres) => {
            part_origins.set(Part::Name, Origin::Default);
            user.clone().unwrap_or_else(|| "postgres".to_owned())
        }
        (None, ..) => {
            return Err(SettingsError::new(format!(
                "{} is set, but {family}_{database} is not.",
                host.origin
            ))
            .hint(format!("Set {family}_{database} to the name of the database.")));
        }
    };
    let user = user.unwrap_or_else(|| {
        part_origins.set(Part::User, Origin::Default);
        if backend == Backend::Postgres { "postgres" } else { "root" }.to_owned()
    });
    let (addresses, has_port) = addresses(host.text.expose(), port, backend).map_err(|problem| {
        // The value is not repeated: a URL contains a password.
        SettingsError::new(format!("{} {problem}.", host.origin)).hint(format!(
            "Write the name or the IP address of the server alone, as in {family}_HOST=db, the port into {family}_PORT, and a \
             whole URL into DATABASE_URL."
        ))
    })?;
    if has_port {
        given.names.insert("port");
    }
    let settings = DatabaseSettings {
        alias: DatabaseSettings::DEFAULT_ALIAS.to_owned(),
        backend,
        is_mariadb: family == "MARIADB",
        name,
        addresses,
        user: Some(user),
        password,
        tls: TlsSettings { mode, root_cert, ..TlsSettings::default() },
        connect_timeout: DatabaseSettings::DEFAULT_CONNECT_TIMEOUT,
        pool: PoolSettings::default(),
        parameters: BTreeMap::new(),
        origin: host.origin,
        part_origins,
    };
    Ok(Draft { settings, given })
}

/// Returns libpq's name for the part that an image's variable sets.
fn libpq_name(name: &str) -> &'static str {
    match name {
        "PORT" => "port",
        "USER" => "user",
        "PASSWORD" => "password",
        "SSLMODE" => "sslmode",
        "SSLROOTCERT" => "sslrootcert",
        _ => "dbname",
    }
}
