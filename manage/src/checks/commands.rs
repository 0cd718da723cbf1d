//! Can every command be reached under its name?

use crate::Context;

use super::Message;

pub(super) fn check(cx: &Context) -> Vec<Message> {
    let registry = cx.program().registry();
    let mut messages: Vec<Message> = registry
        .duplicates()
        .iter()
        .map(|duplicate| {
            Message::error("manage.E003", duplicate.to_string())
                .about(duplicate.app)
                .hint("Rename one of the two files and its function.")
        })
        .collect();
    messages.extend(registry.unlisted().into_iter().map(|(app, location)| {
        let text = format!(
            "The crate '{app}' has commands ({location}), but the program does not list it as an app."
        );
        Message::warning("manage.W001", text).about(app).hint(format!("Write `manage::main!(…, {app});`."))
    }));
    messages
}
