//! Who ran what, and how it ended: a line for each command with `-v 2`.

use manage::hooks::{Event, Stage};
use manage::prelude::*;

/// Writes the line when a command has ended, with the names of its arguments and none of their values.
#[manage::hook]
fn audit(cx: &Context, event: &Event<'_>) -> Result<()> {
    let Stage::After(ended) = event.stage() else { return Ok(()) };
    if cx.verbosity() < 2 {
        return Ok(());
    }
    let time = chrono::DateTime::<chrono::Utc>::from(event.started()).format("%Y-%m-%dT%H:%M:%SZ");
    let words = [vec![event.command().to_owned()], event.arguments()].concat().join(" ");
    let (exit, took) = (ended.exit.0, ended.duration.as_secs_f64());
    Ok(cx.err().line(format_args!("audit: {time} {}.{words}: exit {exit} after {took:.3} s", event.app()))?)
}
