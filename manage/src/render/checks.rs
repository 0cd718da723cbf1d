//! Reports the messages of system checks in Django's format, or as one JSON object.

use std::collections::BTreeSet;

use serde::Serialize;

use super::Format;
use crate::checks::{Level, Message, Results};
use crate::command::Context;
use crate::console::{Role, Stream, printable_json, printable_lines};
use crate::error::{Exit, Result};

/// Prints the report of `manage check` with the number of issues: to stdout if there are none, to stderr
/// otherwise. The exit code is 1 if a message is at or above `fail_level`. JSON goes to stdout.
pub(crate) fn checks(cx: &Context, results: &Results, fail_level: Level, format: Format) -> Result<Exit> {
    let failed = results.reach(fail_level);
    let exit = if failed { Exit::FAILURE } else { Exit::SUCCESS };
    match format {
        Format::Json => cx.line(printable_json(&json(results, exit)?))?,
        Format::Text if results.messages.is_empty() => cx.line(summary(results))?,
        Format::Text => {
            let text = issues(results, failed, cx.err());
            cx.err().line(format_args!("{text}\n\n{}", summary(results)))?;
        }
    }
    Ok(exit)
}

/// Formats the messages under a headline and a heading for each level, the most severe first, each group
/// sorted by text.
pub(crate) fn issues(results: &Results, failed: bool, stream: &Stream) -> String {
    let headline = "System check identified some issues:";
    let mut text = match failed {
        true => stream.style(Role::Error, format_args!("SystemCheckError: {headline}")),
        false => headline.to_owned(),
    };
    for level in Level::ALL {
        let role = if level >= Level::Error { Role::Error } else { Role::Warning };
        let of_level = results.messages.iter().filter(|message| message.level == level);
        let mut group: Vec<String> = of_level.map(ToString::to_string).collect();
        group.sort();
        if !group.is_empty() {
            let group: Vec<String> =
                group.iter().map(|message| stream.style(role, printable_lines(message))).collect();
            text.push_str(&format!("\n\n{}S:\n{}", level.name(), group.join("\n")));
        }
    }
    text
}

/// Returns the last line of a report.
fn summary(results: &Results) -> String {
    let count = match results.messages.len() {
        0 => "no issues".to_owned(),
        1 => "1 issue".to_owned(),
        many => format!("{many} issues"),
    };
    format!("System check identified {count} ({} silenced).", results.silenced)
}

#[derive(Serialize)]
struct Report<'a> {
    messages: Vec<Issue<'a>>,
    silenced: usize,
    exit_code: u8,
}

#[derive(Serialize)]
struct Issue<'a> {
    level: String,
    id: Option<&'a str>,
    message: &'a str,
    hint: Option<&'a str>,
    object: Option<&'a str>,
}

fn json(results: &Results, exit: Exit) -> serde_json::Result<String> {
    let mut messages: Vec<&Message> = results.messages.iter().collect();
    messages.sort_by_cached_key(|message| (std::cmp::Reverse(message.level), message.to_string()));
    let messages = messages
        .into_iter()
        .map(|message| Issue {
            level: message.level.name().to_lowercase(),
            id: Some(message.id).filter(|id| !id.is_empty()),
            message: &message.text,
            hint: message.hint.as_deref(),
            object: message.object.as_deref(),
        })
        .collect();
    serde_json::to_string(&Report { messages, silenced: results.silenced, exit_code: exit.0 })
}

/// Prints all tags: one per line, or an array under `tags`.
pub(crate) fn tags(cx: &Context, tags: &BTreeSet<&str>, format: Format) -> Result<()> {
    match format {
        Format::Text => cx.line(tags.iter().copied().collect::<Vec<_>>().join("\n")),
        Format::Json => cx.line(serde_json::json!({ "tags": tags })),
    }
}
