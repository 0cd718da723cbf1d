//! The settings of the project's own apps: `[apps.<label>]` of `manage.toml`, and the variables that override
//! its keys.
//!
//! `apps.shop.mail.port` is overridden by `MANAGE_APPS__SHOP__MAIL__PORT`: each dot becomes two underscores.
//! A variable is text, which is converted to the app's type: see [`text`].

mod error;
mod level;
mod names;
mod secrets;
#[cfg(test)]
mod tests;
mod text;
mod unread;

use serde::de::DeserializeOwned;

use super::SettingsError;
use super::variables::Variables;
use crate::console::echo;
use level::Level;
use names::Names;

#[cfg(feature = "runserver")]
pub(super) use names::SEPARATOR;
pub(super) use names::{PREFIX, segment};
pub(super) use secrets::secrets;
pub(crate) use unread::unread;

/// The table of one app.
#[derive(Clone, Debug)]
pub(super) struct AppTable {
    pub(super) table: toml::Table,
    /// The file, the line and the name of the table.
    pub(super) place: String,
}

/// Reads the settings of one app. Without a table and variables it returns the defaults.
pub(super) fn read<T: DeserializeOwned + Default>(
    label: &str,
    table: Option<&AppTable>,
    variables: &Variables<'_>,
) -> Result<T, SettingsError> {
    let prefix = format!("{PREFIX}{}__", segment(label));
    let names = Names::below(&prefix, variables);
    if table.is_none() && names.is_empty() {
        return Ok(T::default());
    }
    let level = Level::new(table.map(|table| &table.table), prefix, &names, variables);
    T::deserialize(level).map_err(|error| {
        let place = match table {
            Some(table) => table.place.clone(),
            None => format!("[apps.{}]", echo(label)),
        };
        let error = match error.is_untyped() && !names.is_empty() {
            true => error.hint(format!(
                "Below #[serde(flatten)] and in an untagged enum a variable is a text, whatever the type is: set a number or a \
                 list in manage.toml. The variables are: {}.",
                names.list()
            )),
            false => error,
        };
        error.into_settings_error(&place)
    })
}
