//! Which files contain passwords: the settings files with passwords in them, and the files that settings name
//! for this purpose.

use std::path::{Path, PathBuf};

use super::envfile::EnvFile;
use super::file::{DatabaseTable, Parsed};
use super::load::{env_file, settings_file};
use super::trust::root::search_directories;
use super::variables::Variables;
use super::{DatabaseSettings, Origin, Source};
use crate::console::printable;

/// A file that contains a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SecretFile {
    pub(crate) path: PathBuf,
    /// A readable description of the secret: `a password ([databases.default])`.
    pub(crate) what: String,
}

/// Returns all of them. Unreadable settings contribute none; they are reported elsewhere.
pub(crate) fn secret_files(source: &Source) -> Vec<SecretFile> {
    let environment = &source.environment;
    let directories = search_directories(environment);
    let env_file = env_file(source, &directories).ok().flatten();
    let variables = Variables::new(environment, env_file.as_ref());
    let mut files = Vec::new();
    if let Some(file) = settings_file(source, &variables, &directories).ok().flatten()
        && let Ok(Some(parsed)) = Parsed::read(&file, environment)
    {
        of_settings_file(&file.path, &parsed, &mut files);
    }
    if let Some(env_file) = &env_file
        && let Some(name) = env_file.names("").find(|name| holds_secret(env_file, name))
    {
        files.push(SecretFile {
            path: env_file.path.clone(),
            what: format!("a password ({})", printable(name)),
        });
    }
    for name in variables.names("").iter().filter(|name| names_secret_file(name)) {
        if let Ok(Some(value)) = variables.plain(name) {
            let path = value.folder.join(value.text.expose());
            files.push(SecretFile { path, what: format!("a password ({})", printable(name)) });
        }
    }
    files
}

fn of_settings_file(path: &Path, parsed: &Parsed, files: &mut Vec<SecretFile>) {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut inside = None;
    for (alias, table) in &parsed.file.databases.0 {
        let table: &DatabaseTable = &table.get_ref().0;
        let in_url = table.url.as_ref().is_some_and(|url| has_password(url.get_ref().expose()));
        if table.password.is_some() || in_url {
            inside.get_or_insert(format!("[databases.{}]", printable(alias)));
        }
        let named = [&table.password_file, &table.url_file].into_iter().flatten();
        files.extend(named.map(|file| SecretFile {
            path: folder.join(file.get_ref()),
            what: format!("a password ([databases.{}])", printable(alias)),
        }));
        files.extend(table.sslkey.iter().map(|file| SecretFile {
            path: folder.join(file),
            what: format!("a private key ([databases.{}])", printable(alias)),
        }));
    }
    for (label, table) in &parsed.file.apps.0 {
        if !secrets_of(table.get_ref()).is_empty() {
            inside.get_or_insert(format!("[apps.{}]", printable(label)));
        }
    }
    if let Some(place) = inside {
        files.push(SecretFile { path: path.to_owned(), what: format!("a password ({place})") });
    }
}

/// Returns the keys that name a secret, in a table and its subtables, with their texts.
pub(crate) fn secrets_of(table: &toml::Table) -> Vec<(&str, &str)> {
    table.iter().flat_map(|(key, value)| secrets_at(key, value)).collect()
}

fn secrets_at<'a>(key: &'a str, value: &'a toml::Value) -> Vec<(&'a str, &'a str)> {
    match value {
        toml::Value::Table(inner) => secrets_of(inner),
        toml::Value::Array(values) => values.iter().flat_map(|value| secrets_at(key, value)).collect(),
        toml::Value::String(text) if names_secret(key) => vec![(key, text)],
        _ => Vec::new(),
    }
}

/// Returns whether a setting of this name contains a secret.
pub(super) fn names_secret(key: &str) -> bool {
    const ENDINGS: [&str; 11] = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "secret_key",
        "private_key",
        "api_key",
        "access_key",
        "api_token",
        "access_token",
        "auth_token",
    ];
    let key = key.to_lowercase().replace('-', "_");
    ENDINGS
        .iter()
        .any(|ending| key.strip_suffix(ending).is_some_and(|rest| rest.is_empty() || rest.ends_with('_')))
}

fn holds_secret(file: &EnvFile, name: &str) -> bool {
    let Ok(Some(entry)) = file.get(name) else { return false };
    names_secret(name)
        || (name.starts_with("DATABASE_URL") && !name.ends_with("_FILE") && has_password(entry.value))
}

/// Returns whether a variable names a file that contains a password.
fn names_secret_file(name: &str) -> bool {
    name.strip_suffix("_FILE").is_some_and(|name| names_secret(name) || name.starts_with("DATABASE_URL"))
}

fn has_password(url: &str) -> bool {
    DatabaseSettings::from_url("", url, Origin::Code).is_ok_and(|settings| settings.password.is_some())
}
