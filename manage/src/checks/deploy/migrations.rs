//! Statements of migrations that are unsafe while the program is running, as `migrate --lint` finds them.

use crate::command::Context;
use crate::console::printable;
use crate::migrations::lint::{Finding, LintOptions, lint};
use crate::settings::{Backend, DatabaseSettings};

use super::super::Message;
use super::super::catalog::{UNREAD_MIGRATION, UNSAFE_MIGRATION};

pub(super) fn check(cx: &Context) -> Vec<Message> {
    let Ok(settings) = cx.try_settings() else { return Vec::new() };
    // For directories that are for every backend.
    let default = settings.database(DatabaseSettings::DEFAULT_ALIAS);
    let backend = default.map_or(Backend::Sqlite, |database| database.backend);
    let report = lint(cx.program(), backend, &LintOptions::of_settings(&settings.migrations));
    report.findings.iter().map(message).collect()
}

fn message(finding: &Finding) -> Message {
    let entry = if finding.is_info { UNREAD_MIGRATION } else { UNSAFE_MIGRATION };
    let detail =
        finding.detail.as_ref().map_or_else(String::new, |detail| format!(" ({})", printable(detail)));
    let Finding { file, line, column, rule, why, safe, .. } = finding;
    let message = entry.message(format!("{}{detail}: {}", printable(rule), printable(why)));
    let message = message.about(format!("{}:{line}:{column}", printable(file)));
    if safe.is_empty() { message } else { message.hint(printable(safe).to_string()) }
}
