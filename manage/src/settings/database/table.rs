//! Databases from `manage.toml`: one `[databases.<alias>]` table each.

use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;

use super::draft::{Draft, Given};
use super::misplaced::refuse_text;
use super::parts::{addresses, beside, parse_mode};
use crate::settings::file::{DatabaseTable, Parsed};
use crate::settings::variables::read_secret;
use crate::settings::{Address, Backend, DatabaseSettings, Environment, Origin, Part, SettingsError};

/// Reads one `[databases.<alias>]` table.
pub(super) fn from_table(
    alias: &str,
    table: &DatabaseTable,
    origin: Origin,
    parsed: &Parsed,
    environment: &Environment,
) -> Result<Draft, SettingsError> {
    let Origin::File(file, _) = &origin else { unreachable!("a table is in a file") };
    let folder = file.parent().unwrap_or(Path::new("")).to_owned();
    let at = |span: std::ops::Range<usize>| Origin::File(file.clone(), parsed.line(span));
    let twice = |one: &str, other: &str| {
        SettingsError::new(format!(
            "{origin}: [databases.{alias}] has both {one} and {other}; one is enough."
        ))
    };
    let url = match (&table.url, &table.url_file) {
        (Some(_), Some(_)) => return Err(twice("url", "url_file")),
        (Some(url), None) => Some((url.get_ref().clone(), at(url.span()))),
        (None, Some(path)) => {
            let place = at(path.span());
            let named_by = format!("{place} (url_file)");
            match read_secret(&folder, path.get_ref(), &named_by, environment)? {
                Some(url) => Some((url, place)),
                // The backend is unknown, but irrelevant: the database is not used.
                None => return Ok(DatabaseSettings::sqlite(alias, "", origin).into()),
            }
        }
        (None, None) => None,
    };
    let Draft { mut settings, mut given } = match (url, &table.backend) {
        (Some(_), Some(_)) => return Err(twice("url", "backend")),
        (Some((url, place)), None) => Draft::from_url(alias, url.expose().trim(), place)
            .map_err(|error| SettingsError::new(format!("{error}.")))?,
        (None, backend) => {
            let backend = match backend {
                Some(name) => parse_backend(name.get_ref(), &at(name.span()).to_string())?,
                None => {
                    return Err(SettingsError::new(format!(
                        "{origin}: [databases.{alias}] has neither url nor backend."
                    ))
                    .hint(
                        "Write url = \"postgres://…\", or backend = \"postgres\" with host, user and name.",
                    ));
                }
            };
            let mut settings = from_parts(alias, backend, table, &origin, at)?;
            settings.is_mariadb = table.backend.as_ref().is_some_and(|name| name.get_ref() == "mariadb");
            Draft { settings, given: Given::default() }
        }
    };
    overlay(&mut settings, &mut given, table, &origin, &folder, at, environment)?;
    let also_given = [
        ("user", table.user.is_some()),
        ("dbname", table.name.is_some()),
        ("sslmode", table.sslmode.is_some()),
        ("sslrootcert", table.sslrootcert.is_some()),
        ("sslcert", table.sslcert.is_some()),
        ("sslkey", table.sslkey.is_some()),
        ("connect_timeout", table.connect_timeout_seconds.is_some()),
    ];
    given.names.extend(also_given.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name));
    beside(Draft { settings, given }, &folder)
}

fn parse_backend(name: &str, place: &str) -> Result<Backend, SettingsError> {
    Ok(match name {
        "sqlite" => Backend::Sqlite,
        "postgres" | "postgresql" => Backend::Postgres,
        "mysql" | "mariadb" => Backend::Mysql,
        _ => {
            return Err(SettingsError::new(format!("{place}: The value is no backend."))
                .hint("It is one of sqlite, postgres, mysql."));
        }
    })
}

fn from_parts(
    alias: &str,
    backend: Backend,
    table: &DatabaseTable,
    origin: &Origin,
    at: impl Fn(std::ops::Range<usize>) -> Origin,
) -> Result<DatabaseSettings, SettingsError> {
    let Some(name) = &table.name else {
        return Err(SettingsError::new(format!("{origin}: [databases.{alias}] has no name."))
            .hint("Write name = \"…\": the database's name, or SQLite's file."));
    };
    let is_uri = name.get_ref().starts_with("file:");
    if backend == Backend::Sqlite && !is_uri {
        refuse_text(name.get_ref(), "path of the SQLite file", &at(name.span()))?;
    }
    let mut settings = DatabaseSettings::sqlite(alias, name.get_ref(), origin.clone());
    settings.backend = backend;
    if backend != Backend::Sqlite {
        settings.addresses = vec![Address::Tcp("localhost".to_owned(), backend.default_port())];
    }
    Ok(settings)
}

/// Applies the keys beside the URL, which override its parts.
fn overlay(
    settings: &mut DatabaseSettings,
    given: &mut Given,
    table: &DatabaseTable,
    origin: &Origin,
    folder: &Path,
    at: impl Fn(std::ops::Range<usize>) -> Origin,
    environment: &Environment,
) -> Result<(), SettingsError> {
    let origins = &mut settings.part_origins;
    if let Some(host) = &table.host {
        let port = table.port.as_ref().map(|port| *port.get_ref());
        let (addresses, has_port) = addresses(host.get_ref(), port, settings.backend).map_err(|problem| {
            SettingsError::new(format!("{}: The host {problem}.", at(host.span())))
                .hint("Write host = \"db\" and port = 5432, or the whole URL as url = \"…\".")
        })?;
        settings.addresses = addresses;
        given.names.insert("host");
        if has_port {
            given.names.insert("port");
        }
        origins.set(Part::Host, at(host.span()));
        origins.set(Part::Port, at(table.port.as_ref().map_or(host.span(), Spanned::span)));
    } else if let Some(port) = &table.port {
        given.names.insert("port");
        origins.set(Part::Port, at(port.span()));
        for address in &mut settings.addresses {
            match address {
                Address::Tcp(_, old) | Address::Unix(_, old) => *old = *port.get_ref(),
            }
        }
    }
    if let Some(user) = &table.user {
        settings.user = Some(user.get_ref().clone());
        origins.set(Part::User, at(user.span()));
    }
    if let Some(name) = &table.name {
        settings.name.clone_from(name.get_ref());
        origins.set(Part::Name, at(name.span()));
    }
    match (&table.password, &table.password_file) {
        (Some(_), Some(_)) => {
            return Err(SettingsError::new(format!(
                "{origin}: password and password_file are both set; one is enough."
            )));
        }
        (Some(password), None) => {
            settings.password = Some(password.get_ref().clone());
            origins.set(Part::Password, at(password.span()));
        }
        (None, Some(path)) => {
            let place = at(path.span());
            let named_by = format!("{place} (password_file)");
            settings.password = read_secret(folder, path.get_ref(), &named_by, environment)?;
            origins.set(Part::Password, place);
        }
        (None, None) => {}
    }
    if let Some(mode) = &table.sslmode {
        settings.tls.mode = parse_mode(mode.get_ref(), &at(mode.span()).to_string())?;
        origins.set(Part::SslMode, at(mode.span()));
    }
    let path = |path: &Option<String>| path.as_ref().map(PathBuf::from);
    settings.tls.root_cert = path(&table.sslrootcert).or_else(|| settings.tls.root_cert.take());
    settings.tls.client_cert = path(&table.sslcert).or_else(|| settings.tls.client_cert.take());
    settings.tls.client_key = path(&table.sslkey).or_else(|| settings.tls.client_key.take());
    if let Some(seconds) = &table.connect_timeout_seconds {
        let value = *seconds.get_ref();
        settings.connect_timeout =
            Duration::try_from_secs_f64(value).ok().filter(|time| !time.is_zero()).ok_or_else(|| {
                SettingsError::new(format!(
                    "{}: connect_timeout_seconds must be more than 0.",
                    at(seconds.span())
                ))
            })?;
    }
    Ok(())
}
