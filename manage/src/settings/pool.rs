//! The size of connection pools, and how long they keep connections.

use std::path::Path;
use std::time::Duration;

use super::SettingsError;
use super::file::Parsed;
use super::variables::Variables;
use super::written::{Source, Written};

/// The size of a pool, and how long it keeps connections: `[pool]` of `manage.toml`, and the variables
/// `MANAGE_POOL_…`.
///
/// The defaults are those of r2d2 and HikariCP, except that a pool opens connections only when they are
/// needed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolSettings {
    /// The maximum number of connections, in use or idle: 10. Servers allow about 100 (PostgreSQL) or 150
    /// (MariaDB) for all their clients.
    pub max_size: usize,
    /// How many idle connections to keep open: 0, so that no connection is opened before it is needed.
    pub min_idle: usize,
    /// Idle connections beyond `min_idle` are closed after this time: 10 minutes. `None` keeps them.
    pub idle_timeout: Option<Duration>,
    /// The maximum age of a connection: 30 minutes. An older one is closed as soon as it is idle, so that a
    /// pool follows a server that moved, and the session's memory is freed. `None` means no maximum.
    pub max_lifetime: Option<Duration>,
    /// How long to wait for a connection if all are in use. The default, `None`, means the database's
    /// `connect_timeout`.
    pub connection_timeout: Option<Duration>,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            max_size: 10,
            min_idle: 0,
            idle_timeout: Some(Duration::from_secs(10 * 60)),
            max_lifetime: Some(Duration::from_secs(30 * 60)),
            connection_timeout: None,
        }
    }
}

impl PoolSettings {
    pub(super) fn read(
        variables: &Variables<'_>,
        parsed: &Parsed,
        file: Option<&Path>,
    ) -> Result<Self, SettingsError> {
        let table = &parsed.file.pool.0;
        let source = Source { variables, parsed, file };
        let number = |variable: &str, key: &str, value, least: u32| {
            number(source.value(variable, value, str::to_owned, u32::to_string)?, key, least)
        };
        let seconds = |variable: &str, key: &str, value, least: u32| {
            Ok::<_, SettingsError>(
                number(variable, key, value, least)?.map(|seconds| Duration::from_secs(seconds.into())),
            )
        };
        let default = Self::default();
        let size = |number: Option<u32>, default| number.map_or(default, |number| number as usize);
        let never = |limit: Option<Duration>, default| match limit {
            Some(Duration::ZERO) => None,
            Some(limit) => Some(limit),
            None => default,
        };
        let settings = Self {
            max_size: size(number("MANAGE_POOL_MAX_SIZE", "max_size", &table.max_size, 1)?, default.max_size),
            min_idle: size(number("MANAGE_POOL_MIN_IDLE", "min_idle", &table.min_idle, 0)?, default.min_idle),
            idle_timeout: never(
                seconds("MANAGE_POOL_IDLE_TIMEOUT", "idle_timeout_seconds", &table.idle_timeout_seconds, 0)?,
                default.idle_timeout,
            ),
            max_lifetime: never(
                seconds("MANAGE_POOL_MAX_LIFETIME", "max_lifetime_seconds", &table.max_lifetime_seconds, 0)?,
                default.max_lifetime,
            ),
            connection_timeout: seconds(
                "MANAGE_POOL_CONNECTION_TIMEOUT",
                "connection_timeout_seconds",
                &table.connection_timeout_seconds,
                1,
            )?,
        };
        if settings.min_idle > settings.max_size {
            let written =
                source.value("MANAGE_POOL_MIN_IDLE", &table.min_idle, str::to_owned, u32::to_string)?;
            let origin = written.map_or_else(String::new, |(_, origin)| format!("{origin}: "));
            return Err(SettingsError::new(format!(
                "{origin}the pool's min_idle is {}, more than its max_size of {}.",
                settings.min_idle, settings.max_size
            )));
        }
        Ok(settings)
    }
}

fn number(written: Written<String>, key: &str, least: u32) -> Result<Option<u32>, SettingsError> {
    let Some((text, origin)) = written else { return Ok(None) };
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse::<u32>().ok().filter(|_| is_plain);
    if let Some(number) = number.filter(|number| *number >= least) {
        return Ok(Some(number));
    }
    let limit = match number.is_none() && is_plain && !text.is_empty() {
        true => format!("at most {}", u32::MAX),
        false => format!("at least {least}"),
    };
    // A value that is not a number may be a misplaced password, so it is not repeated.
    Err(SettingsError::new(format!("{origin}: the pool's {key} must be a whole number, {limit}.")))
}
