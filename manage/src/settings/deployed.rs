//! The settings of this project as variables, for the environment of a deployment.

use std::collections::BTreeMap;
use std::time::Duration;

use super::apps::{PREFIX, SEPARATOR, segment};
use super::secret_files::names_secret;
use super::{PoolSettings, Settings};
use crate::console::instead_of_credential;

/// The last words of names that are secrets in a deployment: a committed file is read by more people than a
/// developer's settings.
const SECRET_WORDS: [&str; 5] = ["CREDENTIALS", "DSN", "KEY", "SALT", "TOKEN"];

/// The variables that set what `[server]`, `[pool]` and `[apps]` contain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DeployedVariables {
    /// Names and values, none of which is a secret.
    pub(crate) plain: BTreeMap<String, String>,
    /// The names of variables whose values are secrets.
    pub(crate) secrets: Vec<String>,
}

impl Settings {
    /// Returns the variables of a deployment, except for those of the databases and the address of the server.
    pub(crate) fn deployed_variables(&self) -> DeployedVariables {
        let mut variables = DeployedVariables::default();
        let plain = &mut variables.plain;
        plain.extend(self.server.variables());
        plain.extend(pool(self.databases.values().next().map(|database| &database.pool)));
        for (label, app) in &self.apps {
            variables.add(&format!("{PREFIX}{}", segment(label)), &app.table);
        }
        variables
    }
}

impl DeployedVariables {
    fn add(&mut self, prefix: &str, table: &toml::Table) {
        for (key, value) in table {
            let name = format!("{prefix}{SEPARATOR}{}", segment(key));
            match value {
                toml::Value::Table(inner) => self.add(&name, inner),
                value if is_secret(key, value) => self.secrets.push(name),
                value => {
                    self.plain.insert(name, text(value));
                }
            }
        }
    }
}

/// Returns whether a value must not be in a file that is committed.
fn is_secret(key: &str, value: &toml::Value) -> bool {
    match value {
        toml::Value::String(text) => {
            let last = segment(key).rsplit('_').next().map(str::to_owned).unwrap_or_default();
            names_secret(key) || SECRET_WORDS.contains(&&*last) || instead_of_credential(text).is_some()
        }
        toml::Value::Array(values) => values.iter().any(|value| is_secret(key, value)),
        toml::Value::Table(table) => table.iter().any(|(key, value)| is_secret(key, value)),
        _ => false,
    }
}

/// Returns a value as a variable has it: a text without quotes, anything else as in TOML.
fn text(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// Returns the variables of a pool's settings that differ from the defaults.
fn pool(pool: Option<&PoolSettings>) -> Vec<(String, String)> {
    let (default, Some(pool)) = (PoolSettings::default(), pool) else { return Vec::new() };
    let seconds = |time: Option<Duration>| time.map_or(0, |time| time.as_secs()).to_string();
    let all = [
        ("MAX_SIZE", pool.max_size.to_string(), default.max_size.to_string()),
        ("MIN_IDLE", pool.min_idle.to_string(), default.min_idle.to_string()),
        ("IDLE_TIMEOUT", seconds(pool.idle_timeout), seconds(default.idle_timeout)),
        ("MAX_LIFETIME", seconds(pool.max_lifetime), seconds(default.max_lifetime)),
        ("CONNECTION_TIMEOUT", seconds(pool.connection_timeout), seconds(default.connection_timeout)),
    ];
    let changed = all.into_iter().filter(|(_, value, default)| value != default);
    changed.map(|(name, value, _)| (format!("MANAGE_POOL_{name}"), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_named_and_not_copied() {
        let table: toml::Table = "currency = \"EUR\"\ncountries = [\"FR\", \"IT\"]\nwebhook-key = \"x\"\n\
             api_token = \"hunter2\"\nbackend = \"redis://:hunter2@cache/0\"\n[mail]\nport = 25\npassword = \"hunter2\"\n"
            .parse()
            .expect("TOML");
        let mut variables = DeployedVariables::default();
        variables.add("MANAGE_APPS__SHOP", &table);
        assert_eq!(
            variables.secrets,
            ["API_TOKEN", "BACKEND", "MAIL__PASSWORD", "WEBHOOK_KEY"]
                .map(|key| format!("MANAGE_APPS__SHOP__{key}"))
        );
        let plain: Vec<_> = variables.plain.iter().map(|(name, text)| format!("{name}={text}")).collect();
        assert_eq!(
            plain,
            [
                "MANAGE_APPS__SHOP__COUNTRIES=[\"FR\", \"IT\"]",
                "MANAGE_APPS__SHOP__CURRENCY=EUR",
                "MANAGE_APPS__SHOP__MAIL__PORT=25",
            ]
        );
    }

    #[test]
    fn only_a_changed_pool_is_set() {
        assert_eq!(pool(Some(&PoolSettings::default())), []);
        let changed = PoolSettings { max_size: 5, max_lifetime: None, ..PoolSettings::default() };
        let expected = [("MANAGE_POOL_MAX_SIZE", "5"), ("MANAGE_POOL_MAX_LIFETIME", "0")];
        assert_eq!(pool(Some(&changed)), expected.map(|(name, text)| (name.to_owned(), text.to_owned())));
    }
}
