//! Rejects a URL or a password in place of a part of a database before it is used as a name.
//!
//! Otherwise it would be sent to a server as a database name, and both the server and this program would
//! print it.

use crate::console::{echo_name, is_connection};
use crate::settings::{Address, Backend, DatabaseSettings, Origin, Part, SettingsError};

/// Fails for the first part of a server's settings that is a URL or contains a password.
pub(super) fn refuse(settings: &DatabaseSettings) -> Result<(), SettingsError> {
    if settings.backend == Backend::Sqlite {
        return Ok(());
    }
    let hosts = settings.addresses.iter().filter_map(|address| match address {
        Address::Tcp(host, _) => Some((Part::Host, "name of the host", host.as_str())),
        Address::Unix(..) => None,
    });
    let name = (Part::Name, "name of the database", settings.name.as_str());
    let user = settings.user.as_deref().map(|user| (Part::User, "name of the user", user));
    // The user's name is also the default database name, so the user is the part to correct.
    let parts = hosts.chain(user).chain([name]);
    for (part, what, text) in parts {
        refuse_text(text, what, settings.origin_of(part))?;
    }
    Ok(())
}

/// Fails if a text is a URL or contains a password.
pub(super) fn refuse_text(text: &str, what: &str, origin: &Origin) -> Result<(), SettingsError> {
    if !is_connection(text) {
        return Ok(());
    }
    Err(SettingsError::new(format!("{origin}: The {what} is no name: {}.", echo_name(text))).hint(
        "A whole URL belongs into DATABASE_URL, DATABASE_URL_<ALIAS>, or `url` of a table in manage.toml.",
    ))
}

/// Fails if a database alias is a URL or contains a password: the alias is shown with the database.
pub(super) fn refuse_alias(alias: &str, origin: &Origin) -> Result<(), SettingsError> {
    if echo_name(alias) == alias {
        return Ok(());
    }
    Err(SettingsError::new(format!(
        "{origin}: A database is named by its alias, a word, not by {}.",
        echo_name(alias)
    ))
    .hint("Write the URL as the value: `url = \"…\"` below [databases.<alias>], or DATABASE_URL_<ALIAS>."))
}
