//! What the servers print before they start and when they end.

use super::Format;
use crate::checks::{self, Level, Selection};
use crate::command::Context;
use crate::console::Role;
use crate::error::{Exit, Result};
use crate::server::{Log, LogFormat};

/// Runs the system checks and prints their results, unless they are skipped. Returns the exit code if one of
/// them has failed.
pub(crate) fn checks_before_serving(cx: &mut Context) -> Result<Option<Exit>> {
    if !cx.skips_checks() {
        let results = checks::run(cx, &Selection::default());
        let exit = super::checks(cx, &results, Level::Error, Format::Text)?;
        if exit != Exit::SUCCESS {
            return Ok(Some(results.configuration_error().map_or(exit, |error| error.code())));
        }
    }
    // Before routes are made: an app's may ask for its database.
    super::assumed_database(cx, &["default"], cx.skips_checks())?;
    Ok(None)
}

/// Returns the log of a server, on stderr.
pub(crate) fn server_log(cx: &Context, format: Format) -> Log {
    let format = match format {
        Format::Text => LogFormat::Text,
        Format::Json => LogFormat::Json,
    };
    Log::new(cx.err().clone(), format)
}

/// Logs that requests were aborted at the end of their time.
pub(crate) fn aborted(log: &Log, shutdown_timeout: u32) {
    let text = format!("Aborted the requests that were still running after {shutdown_timeout} s.");
    log.report(Role::Warning, &text);
}
