//! Every command in a span of tracing.

use manage::hooks::{Event, Stage};
use manage::prelude::*;
use tracing::span::EnteredSpan;

manage::commands!();

/// The span that it returns is open until the command has ended.
#[manage::hook]
fn trace(_cx: &Context, event: &Event<'_>) -> Result<Option<EnteredSpan>> {
    match event.stage() {
        Stage::Before => Ok(Some(tracing::info_span!("command", name = event.command()).entered())),
        Stage::After(ended) => {
            tracing::info!(
                exit = ended.exit.0,
                milliseconds = ended.duration.as_millis(),
                "the command has ended"
            );
            Ok(None)
        }
        _ => Ok(None),
    }
}
