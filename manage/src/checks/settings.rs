//! Are the settings readable, and can this program use them?

use crate::Context;

use super::Message;

/// An app label in `[apps.<label>]` that no app has.
const UNKNOWN_APP: &str = "manage.W002";

pub(super) fn check(cx: &Context) -> Vec<Message> {
    let settings = match cx.try_settings() {
        Ok(settings) => settings,
        Err(error) => {
            let message = Message::error("manage.E001", error.to_string()).about("settings");
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
                "{} is set up ({}), but this program was built without it.",
                database.backend, database.origin
            );
            messages.push(
                Message::error("manage.E002", text)
                    .about(format!("database {}", database.alias))
                    .hint(format!("Build it with the feature `{feature}` of the package diesel-manage.")),
            );
        }
    }
    let apps = cx.program().registry().apps();
    for label in settings.app_labels().filter(|label| !apps.contains(label)) {
        let text = format!("The settings have [apps.{label}], but no app has this label.");
        messages.push(
            Message::warning(UNKNOWN_APP, text)
                .about("settings")
                .hint(format!("The apps are: {}.", apps.join(", "))),
        );
    }
    messages
}
