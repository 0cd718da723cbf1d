//! How results are shown.

use crate::console::{Role, Stream};
use crate::{Context, Result};

use super::{Level, Results};

/// The last line of a report.
fn summary(results: &Results) -> String {
    let count = match results.messages.len() {
        0 => "no issues".to_owned(),
        1 => "1 issue".to_owned(),
        many => format!("{many} issues"),
    };
    format!("System check identified {count} ({} silenced).", results.silenced)
}

/// The messages under a heading for each level, the worst first.
pub(crate) fn groups(results: &Results, stream: &Stream) -> String {
    let levels = [Level::Critical, Level::Error, Level::Warning, Level::Info, Level::Debug];
    let mut groups = Vec::new();
    for level in levels {
        let messages: Vec<String> = results
            .messages
            .iter()
            .filter(|message| message.level == level)
            .map(|message| stream.style(role(level), message))
            .collect();
        if !messages.is_empty() {
            groups.push(format!("{}:\n{}", level.heading(), messages.join("\n")));
        }
    }
    groups.join("\n\n")
}

fn role(level: Level) -> Role {
    match level {
        Level::Critical | Level::Error => Role::Error,
        Level::Warning => Role::Warning,
        Level::Info | Level::Debug => Role::Notice,
    }
}

/// The whole report: to stdout when there is nothing to say, to stderr otherwise.
pub(crate) fn print_report(cx: &Context, results: &Results) -> Result<()> {
    if results.messages.is_empty() {
        return cx.line(summary(results));
    }
    let groups = groups(results, cx.err());
    Ok(cx
        .err()
        .line(format_args!("System check identified some issues:\n\n{groups}\n\n{}", summary(results)))?)
}
