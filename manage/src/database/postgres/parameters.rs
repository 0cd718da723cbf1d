//! libpq's connection parameters, translated for the driver.

use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::ChannelBinding;

use crate::database::{ConnectError, Reason};
use crate::settings::DatabaseSettings;

/// Linux's defaults, for a parameter that is 0: the driver always sets some value.
const SYSTEM_IDLE: Duration = Duration::from_secs(7200);
const SYSTEM_INTERVAL: Duration = Duration::from_secs(75);
const SYSTEM_COUNT: u32 = 9;

/// Applies the settings' parameters to the driver's configuration.
pub(super) fn configure(config: &mut Config, settings: &DatabaseSettings) -> Result<(), ConnectError> {
    let broken = |name: &str| {
        let message = format!("the parameter `{name}` is not known, or its value");
        ConnectError::new(settings, Reason::Configuration, message)
    };
    // A long migration must survive a router that drops idle connections.
    config.keepalives(true).keepalives_idle(Duration::from_secs(60));
    config.keepalives_interval(Duration::from_secs(10)).keepalives_retries(6);
    for (name, value) in &settings.parameters {
        let number = || value.trim().parse::<u32>().map_err(|_| broken(name));
        let seconds = || number().map(|seconds| Duration::from_secs(seconds.into()));
        match (name.as_str(), value.as_str()) {
            ("application_name", value) => drop(config.application_name(value)),
            ("fallback_application_name", value) => {
                let name = settings.parameters.get("application_name").filter(|name| !name.is_empty());
                config.application_name(name.map_or(value, String::as_str));
            }
            ("options", value) => drop(config.options(value)),
            ("channel_binding", "disable") => drop(config.channel_binding(ChannelBinding::Disable)),
            ("channel_binding", "prefer") => drop(config.channel_binding(ChannelBinding::Prefer)),
            ("channel_binding", "require") => drop(config.channel_binding(ChannelBinding::Require)),
            ("keepalives", _) => drop(config.keepalives(number()? != 0)),
            ("keepalives_idle", "0") => drop(config.keepalives_idle(SYSTEM_IDLE)),
            ("keepalives_idle", _) => drop(config.keepalives_idle(seconds()?)),
            ("keepalives_interval", "0") => drop(config.keepalives_interval(SYSTEM_INTERVAL)),
            ("keepalives_interval", _) => drop(config.keepalives_interval(seconds()?)),
            ("keepalives_count", "0") => drop(config.keepalives_retries(SYSTEM_COUNT)),
            ("keepalives_count", _) => drop(config.keepalives_retries(number()?)),
            ("tcp_user_timeout", _) => {
                config.tcp_user_timeout(Duration::from_millis(number()?.into()));
            }
            // These select a server: see `dial` and `session_attributes`.
            ("hostaddr" | "load_balance_hosts" | "target_session_attrs", _) => {}
            _ => return Err(broken(name)),
        }
    }
    Ok(())
}
