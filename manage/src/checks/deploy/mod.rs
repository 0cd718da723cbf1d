//! Deployment checks, which run only with `--deploy`.

mod files;
mod git;
#[cfg(target_os = "linux")]
mod layer;
#[cfg(feature = "lint")]
mod migrations;
mod network;
mod passwords;
mod sqlite;

use crate::command::Context;
use crate::settings::{DatabaseSettings, Settings};

use super::Message;
use super::catalog::{DEBUG_BUILD, DEVELOPMENT, NO_DATABASE};

/// Problems of a deployment.
#[manage::check(tags = ["deployment"], deploy)]
fn deployment(cx: &Context) -> Vec<Message> {
    let mut messages: Vec<Message> = debug_build(cfg!(debug_assertions)).into_iter().collect();
    if let Ok(settings) = cx.try_settings() {
        messages.extend(environment(settings));
        messages.extend(no_database(settings));
        messages.extend(settings.databases().filter_map(sqlite::check));
    }
    #[cfg(feature = "lint")]
    messages.extend(migrations::check(cx));
    messages
}

/// Security problems.
#[manage::check(tags = ["security"], deploy)]
fn security(cx: &Context) -> Vec<Message> {
    let Ok(settings) = cx.try_settings() else { return Vec::new() };
    let mut messages: Vec<Message> = settings.databases().filter_map(passwords::of_database).collect();
    messages.extend(passwords::of_apps(settings));
    messages.extend(files::check(cx));
    messages.extend(settings.databases().filter_map(network::tls));
    messages.extend(network::address(settings));
    messages.extend(network::hosts(settings, cx.program()));
    messages
}

fn debug_build(is_one: bool) -> Option<Message> {
    is_one.then(|| {
        DEBUG_BUILD
            .message(
                "This program is a debug build: it is slow, and panics on overflows that a release build ignores.",
            )
            .hint("Build it with `cargo build --release`.")
    })
}

fn environment(settings: &Settings) -> Option<Message> {
    (settings.environment() == "development").then(|| {
        DEVELOPMENT
            .message("The environment is 'development'.")
            .about("settings")
            .hint("Set MANAGE_ENV=production for real data: dangerous commands then ask for confirmation.")
    })
}

/// Warns that no database is set. Some programs use none, but most do.
fn no_database(settings: &Settings) -> Option<Message> {
    let error = settings.database(DatabaseSettings::DEFAULT_ALIAS).err()?;
    let message = NO_DATABASE.message(error.to_string()).about("settings");
    Some(match error.hint_text() {
        Some(hint) => message.hint(hint),
        None => message,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_debug_build_is_reported_so() {
        assert_eq!(debug_build(true).expect("a message").id, "deployment.W001");
        assert_eq!(debug_build(false), None);
    }
}
