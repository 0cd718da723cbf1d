//! The unparsed settings of `manage runserver`.

use std::path::Path;

use toml::Spanned;

use super::file::Parsed;
use super::variables::Variables;
use super::{Origin, SettingsError};

/// A value and its origin.
pub(crate) type Written<T> = Option<(T, Origin)>;

/// `[runserver]` and the variables `MANAGE_RUNSERVER_…`.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunserverSettings {
    pub(crate) address: Written<String>,
    pub(crate) allowed_hosts: Written<Vec<String>>,
    max_connections: Written<String>,
    client_timeout: Written<String>,
}

impl RunserverSettings {
    pub(super) fn read(
        variables: &Variables<'_>,
        parsed: &Parsed,
        file: Option<&Path>,
    ) -> Result<Self, SettingsError> {
        let table = &parsed.file.runserver.0;
        let source = Source { variables, parsed, file };
        Ok(Self {
            address: source.value(
                "MANAGE_RUNSERVER_ADDRESS",
                &table.address,
                str::to_owned,
                String::clone,
            )?,
            allowed_hosts: source.value(
                "MANAGE_RUNSERVER_ALLOWED_HOSTS",
                &table.allowed_hosts,
                hosts,
                Vec::clone,
            )?,
            max_connections: source.value(
                "MANAGE_RUNSERVER_MAX_CONNECTIONS",
                &table.max_connections,
                str::to_owned,
                u32::to_string,
            )?,
            client_timeout: source.value(
                "MANAGE_RUNSERVER_CLIENT_TIMEOUT",
                &table.client_timeout_seconds,
                str::to_owned,
                u32::to_string,
            )?,
        })
    }

    /// Returns the maximum number of connections.
    pub(crate) fn max_connections(&self) -> Result<Option<usize>, SettingsError> {
        positive(&self.max_connections)
    }

    /// Returns the client timeout in seconds.
    pub(crate) fn client_timeout(&self) -> Result<Option<u32>, SettingsError> {
        positive(&self.client_timeout)
    }
}

pub(super) struct Source<'a> {
    pub(super) variables: &'a Variables<'a>,
    pub(super) parsed: &'a Parsed,
    pub(super) file: Option<&'a Path>,
}

impl Source<'_> {
    /// Returns the value of the variable, or else of the table's key.
    pub(super) fn value<K, T>(
        &self,
        variable: &str,
        key: &Option<Spanned<K>>,
        of_variable: impl FnOnce(&str) -> T,
        of_key: impl FnOnce(&K) -> T,
    ) -> Result<Written<T>, SettingsError> {
        if let Some(value) = self.variables.plain(variable)? {
            return Ok(Some((of_variable(value.text.expose()), value.origin)));
        }
        Ok(key.as_ref().map(|key| {
            let line = self.parsed.line(key.span());
            (of_key(key.get_ref()), Origin::File(self.file.unwrap_or(Path::new("")).to_owned(), line))
        }))
    }
}

fn hosts(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|host| !host.is_empty()).map(str::to_owned).collect()
}

fn positive<T: std::str::FromStr + PartialEq + From<u8>>(
    written: &Written<String>,
) -> Result<Option<T>, SettingsError> {
    let Some((text, origin)) = written else { return Ok(None) };
    // A value that is not a number may be a misplaced password, so it is not repeated.
    let wrong = || SettingsError::new(format!("{origin}: a whole number from 1 up is expected here."));
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| plain && *number != T::from(0)).map(Some).ok_or_else(wrong)
}
