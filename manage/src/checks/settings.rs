//! Checks whether the settings are readable and supported by this program.

use crate::command::Context;
use crate::console::{echo, printable};
use crate::settings::{DatabaseSettings, Settings};
use crate::suggest::closest;

use super::Message;
use super::catalog::{
    BACKEND_NOT_COMPILED_IN, BROKEN_STATEMENT, FILE_NOT_USED, NEARLY_A_SETTING,
    NOT_DEVELOPMENT_NOR_PRODUCTION, SETTINGS_UNREADABLE, SQLITE_UNDER_ROOT, UNKNOWN_APP_SETTINGS,
};
use super::databases::sqlite_file;

#[manage::check(tags = ["settings"])]
fn settings(cx: &Context) -> Vec<Message> {
    let settings = match cx.try_settings() {
        Ok(settings) => settings,
        Err(error) => {
            let message = SETTINGS_UNREADABLE.message(error.to_string()).about("settings");
            return vec![match error.hint_text() {
                Some(hint) => message.hint(hint),
                None => message,
            }];
        }
    };
    let mut messages = Vec::new();
    for database in settings.databases() {
        if !database.backend.is_compiled_in() {
            let feature = database.backend.name();
            let text = format!(
                "{} is configured ({}), but this program was built without it.",
                database.backend, database.origin
            );
            messages.push(
                BACKEND_NOT_COMPILED_IN
                    .message(text)
                    .about(format!("database {}", database.alias))
                    .hint(format!("Build it with the feature `{feature}` of the package diesel-manage.")),
            );
        }
    }
    let apps = cx.program().registry().apps();
    for label in settings.app_labels().filter(|label| !apps.contains(label)) {
        let text = format!("The settings have [apps.{}], but there is no app with this label.", echo(label));
        let meant = closest(label, apps.iter().copied());
        let meant = meant.map(|meant| format!("Did you mean [apps.{meant}]? ")).unwrap_or_default();
        messages.push(
            UNKNOWN_APP_SETTINGS
                .message(text)
                .about("settings")
                .hint(format!("{meant}The apps are: {}.", apps.join(", "))),
        );
    }
    for miss in settings.unread_app_variables(apps) {
        messages.push(UNKNOWN_APP_SETTINGS.message(miss.text).about("settings").hint(miss.hint));
    }
    messages.extend(settings.broken_statements().map(|problem| {
        let message = BROKEN_STATEMENT.message(problem.to_string()).about("settings");
        match problem.hint_text() {
            Some(hint) => message.hint(hint),
            None => message,
        }
    }));
    messages.extend(environment(settings));
    messages.extend(misunderstood(settings));
    messages
}

/// Reports settings that are probably not as intended.
pub(crate) fn misunderstood(settings: &Settings) -> Vec<Message> {
    let mut messages = Vec::new();
    for miss in &settings.near_misses {
        messages.push(NEARLY_A_SETTING.message(&miss.text).about("settings").hint(&miss.hint));
    }
    for warning in &settings.warnings {
        messages.push(FILE_NOT_USED.message(warning).about("settings"));
    }
    messages.extend(settings.databases().filter_map(under_root));
    messages
}

/// Warns about `sqlite:///x`, which for SQLAlchemy and Django is a file in the working directory, but here in
/// the root directory.
fn under_root(database: &DatabaseSettings) -> Option<Message> {
    let path = sqlite_file(database)?;
    let name = path.file_name()?.to_string_lossy().into_owned();
    let is_new = path.is_absolute() && path.parent()?.parent().is_none() && !path.exists();
    is_new.then(|| {
        SQLITE_UNDER_ROOT
            .message(format!(
                "The SQLite file {} ({}) does not exist yet, and would be created directly under the root directory.",
                printable(&path),
                database.origin
            ))
            .about(format!("database {}", database.alias))
            .hint(format!("sqlite:///{name} is an absolute path; write sqlite:{name} for a file in the working directory."))
    })
}

/// Warns about a misspelt `production`, which would disable safeguards.
fn environment(settings: &Settings) -> Option<Message> {
    let name = settings.environment();
    let slip = !settings.is_production() && strsim::damerau_levenshtein(name, "production") <= 2;
    slip.then(|| {
        NOT_DEVELOPMENT_NOR_PRODUCTION
            .message(format!("The environment is '{name}', which is not production."))
            .about("settings")
            .hint("Did you mean MANAGE_ENV=production? If not, silence this message by its id.")
    })
}
