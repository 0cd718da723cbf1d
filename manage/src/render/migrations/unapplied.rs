//! Reports unapplied migrations before a command that runs anyway.

use crate::command::Context;
use crate::console::{Role, Stream, printable_lines};
use crate::database::ServerError;
use crate::error::Result;

/// Prints the unapplied migrations, in Django's words; nothing if all are applied. `without` is printed if
/// the database is unavailable.
pub(crate) fn unapplied(
    cx: &Context,
    stream: &Stream,
    found: Result<Vec<&'static str>>,
    without: &str,
) -> Result<()> {
    let text = match found {
        Ok(unapplied) if unapplied.is_empty() => return Ok(()),
        Ok(unapplied) => {
            let name = cx.program().name();
            format!(
                "\nYou have {} unapplied migration(s). Your project may not work properly until you apply the migrations \
                 for app(s): {}.\nRun '{name} migrate' to apply them.\n",
                unapplied.len(),
                labels(&unapplied),
            )
        }
        Err(error) => {
            let mut why = format!("{error:#}");
            if let Some(answer) = ServerError::in_chain(&error) {
                let remedy = answer.remedy().map(|remedy| format!("Hint: {remedy}"));
                for line in crate::render::server_error::lines(&answer, false).into_iter().chain(remedy) {
                    why.push('\n');
                    why.push_str(&line);
                }
            }
            format!("\nThe database is not available: {}\n{without}\n", printable_lines(&why))
        }
    };
    Ok(stream.line(stream.style(Role::Notice, text))?)
}

fn labels(apps: &[&'static str]) -> String {
    let mut labels = apps.to_vec();
    labels.sort_unstable();
    labels.dedup();
    labels.join(", ")
}
