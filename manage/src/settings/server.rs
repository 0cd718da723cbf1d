//! The unparsed settings of `manage serve` and `manage runserver`.

use std::path::Path;

use toml::Spanned;

use super::SettingsError;
use super::file::Parsed;
use super::variables::Variables;
use super::written::{Amount, Source, Written, as_written};

/// Variables that had another name, and their names now.
const RENAMED: [(&str, &str); 3] = [
    ("MANAGE_RUNSERVER_ALLOWED_HOSTS", "MANAGE_SERVER_ALLOWED_HOSTS"),
    ("MANAGE_RUNSERVER_MAX_CONNECTIONS", "MANAGE_SERVER_MAX_CONNECTIONS"),
    ("MANAGE_RUNSERVER_CLIENT_TIMEOUT", "MANAGE_SERVER_CLIENT_TIMEOUT"),
];

/// `[server]` and the variables `MANAGE_SERVER_…`, for both commands; and the address of `runserver`.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServerSettings {
    /// The address of `serve`.
    pub(crate) address: Written<String>,
    /// The address of `runserver`.
    pub(crate) runserver_address: Written<String>,
    pub(crate) allowed_hosts: Written<Vec<String>>,
    pub(crate) trusted_proxies: Written<Vec<String>>,
    pub(crate) forwarded_header: Written<String>,
    pub(crate) metrics_address: Written<String>,
    max_connections: Amount,
    max_head_bytes: Amount,
    max_body_bytes: Amount,
    client_timeout: Amount,
    request_timeout: Amount,
}

impl ServerSettings {
    pub(super) fn read(
        variables: &Variables<'_>,
        parsed: &Parsed,
        file: Option<&Path>,
    ) -> Result<Self, SettingsError> {
        let table = &parsed.file.server.0;
        let source = Source { variables, parsed, file };
        reject_renamed(&source)?;
        let text = |name: &str, key| source.value(name, key, str::to_owned, String::clone);
        let number = |variable, key, unit, least, example, value: &Option<Spanned<toml::Value>>| {
            let written = source.value(variable, value, str::to_owned, as_written)?;
            Ok::<_, SettingsError>(Amount { written, variable, key, unit, least, example })
        };
        let texts = |name: &str, key| source.value(name, key, list, Vec::clone);
        Ok(Self {
            address: text("MANAGE_SERVER_ADDRESS", &table.address)?,
            runserver_address: text("MANAGE_RUNSERVER_ADDRESS", &parsed.file.runserver.0.address)?,
            allowed_hosts: texts("MANAGE_SERVER_ALLOWED_HOSTS", &table.allowed_hosts)?,
            trusted_proxies: texts("MANAGE_SERVER_TRUSTED_PROXIES", &table.trusted_proxies)?,
            forwarded_header: text("MANAGE_SERVER_FORWARDED_HEADER", &table.forwarded_header)?,
            metrics_address: text("MANAGE_SERVER_METRICS_ADDRESS", &table.metrics_address)?,
            max_connections: number(
                "MANAGE_SERVER_MAX_CONNECTIONS",
                "max_connections",
                "connections",
                1,
                1024,
                &table.max_connections,
            )?,
            max_head_bytes: number(
                "MANAGE_SERVER_MAX_HEAD_BYTES",
                "max_head_bytes",
                "bytes",
                // hyper requires a buffer of this size.
                8192,
                65_536,
                &table.max_head_bytes,
            )?,
            max_body_bytes: number(
                "MANAGE_SERVER_MAX_BODY_BYTES",
                "max_body_bytes",
                "bytes",
                1,
                10_485_760,
                &table.max_body_bytes,
            )?,
            client_timeout: number(
                "MANAGE_SERVER_CLIENT_TIMEOUT",
                "client_timeout_seconds",
                "seconds",
                1,
                30,
                &table.client_timeout_seconds,
            )?,
            request_timeout: number(
                "MANAGE_SERVER_REQUEST_TIMEOUT",
                "request_timeout_seconds",
                "seconds",
                1,
                30,
                &table.request_timeout_seconds,
            )?,
        })
    }

    /// Returns the variables of everything that is set, except for the addresses that `serve` and `runserver`
    /// listen at.
    #[cfg(feature = "runserver")]
    pub(super) fn variables(&self) -> Vec<(String, String)> {
        let texts = [
            ("ALLOWED_HOSTS", self.allowed_hosts.as_ref().map(|(hosts, _)| hosts.join(","))),
            ("TRUSTED_PROXIES", self.trusted_proxies.as_ref().map(|(proxies, _)| proxies.join(","))),
            ("FORWARDED_HEADER", self.forwarded_header.as_ref().map(|(header, _)| header.clone())),
            ("METRICS_ADDRESS", self.metrics_address.as_ref().map(|(address, _)| address.clone())),
        ];
        let texts = texts.map(|(name, text)| (format!("MANAGE_SERVER_{name}"), text));
        let amounts = [
            &self.max_connections,
            &self.max_head_bytes,
            &self.max_body_bytes,
            &self.client_timeout,
            &self.request_timeout,
        ];
        let amounts = amounts.map(|amount| {
            (amount.variable.to_owned(), amount.written.as_ref().map(|(text, _)| text.clone()))
        });
        let all = texts.into_iter().chain(amounts);
        all.filter_map(|(name, text)| Some((name, text?))).collect()
    }

    /// Returns the maximum number of connections.
    pub(crate) fn max_connections(&self) -> Result<Option<u32>, SettingsError> {
        self.max_connections.number()
    }

    /// Returns the maximum size of a request's head.
    pub(crate) fn max_head_bytes(&self) -> Result<Option<u32>, SettingsError> {
        self.max_head_bytes.number()
    }

    /// Returns the maximum size of a request's body.
    pub(crate) fn max_body_bytes(&self) -> Result<Option<u64>, SettingsError> {
        self.max_body_bytes.number()
    }

    /// Returns the client timeout in seconds.
    pub(crate) fn client_timeout(&self) -> Result<Option<u32>, SettingsError> {
        self.client_timeout.number()
    }

    /// Returns the request timeout in seconds.
    pub(crate) fn request_timeout(&self) -> Result<Option<u32>, SettingsError> {
        self.request_timeout.number()
    }
}

/// Fails if a setting has a name that is no longer read: ignoring a limit could do harm.
fn reject_renamed(source: &Source<'_>) -> Result<(), SettingsError> {
    for (old, new) in RENAMED {
        if let Some(value) = source.variables.plain(old)? {
            return Err(SettingsError::new(format!("{} is no longer read.", value.origin))
                .hint(format!("Set {new}, which is for both `runserver` and `serve`.")));
        }
    }
    let table = &source.parsed.file.runserver.0;
    let keys = [
        ("allowed_hosts", &table.allowed_hosts),
        ("max_connections", &table.max_connections),
        ("client_timeout_seconds", &table.client_timeout_seconds),
    ];
    for (name, key) in keys {
        if let Some(key) = key {
            let origin = source.origin(key);
            return Err(SettingsError::new(format!("{origin}: {name} is no longer read below [runserver]."))
                .hint(format!(
                    "Move {name} to the table [server], which is for both `runserver` and `serve`."
                )));
        }
    }
    Ok(())
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
