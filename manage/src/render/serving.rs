//! What the servers print before they start and when they end.

#[cfg(debug_assertions)]
use std::sync::Arc;

use super::{Format, Occasion};
#[cfg(debug_assertions)]
use crate::checks::Message;
use crate::checks::{self, Level, Selection};
use crate::command::Context;
use crate::console::{Capture, Output, Role, Stream};
use crate::error::{CommandError, Exit, Result};
#[cfg(debug_assertions)]
use crate::server::AllowedHosts;
#[cfg(debug_assertions)]
use crate::server::pages::{CheckLine, Facts};
use crate::server::{Log, LogFormat, events};

/// System checks that have failed.
pub(crate) struct FailedChecks {
    pub(crate) exit: Exit,
    /// Their messages, without colours.
    pub(crate) text: String,
}

/// Runs the system checks and prints their results, unless they are skipped. Returns those that have failed.
pub(crate) fn checks_before_serving(cx: &mut Context) -> Result<Option<FailedChecks>> {
    if !cx.skips_checks() {
        let results = checks::run(cx, &Selection::default());
        let exit = super::checks(cx, &results, Level::Error, Format::Text)?;
        if exit != Exit::SUCCESS {
            let exit = results.configuration_error().map_or(exit, |error| error.code());
            let text = super::issues(&results, true, &Stream::from(&Capture::new()));
            return Ok(Some(FailedChecks { exit, text }));
        }
    }
    // Before routes are made: an app's may ask for its database.
    super::assumed_database(cx, &["default"], cx.skips_checks())?;
    Ok(None)
}

/// Returns what is printed about an error, without colours.
pub(crate) fn error_text(error: &anyhow::Error) -> String {
    let said = Capture::new();
    let _ = super::failure(error, &Occasion::default(), &Output::new(said.clone(), said.clone()));
    said.text()
}

/// Collects what the pages for development show.
#[cfg(debug_assertions)]
pub(crate) fn page_facts(cx: &Context, hosts: AllowedHosts) -> Result<Facts> {
    let checks = (!cx.skips_checks()).then(|| {
        let messages = checks::run(cx, &Selection::default()).messages;
        let line = |message: &Message| CheckLine {
            level: message.level.name().to_owned(),
            text: message.to_string(),
        };
        messages.iter().map(line).collect()
    });
    let call = cx.call("migrate").arg("--noinput");
    let migrate = move || {
        let said = Capture::new();
        let call = call.clone().stdout(&said).stderr(&said);
        match call.run() {
            Ok(Exit::SUCCESS) => Ok(said.text()),
            Ok(_) => Err(said.text()),
            Err(error) => Err(said.text() + &error_text(&error)),
        }
    };
    let (program, settings) = (cx.program().clone(), cx.settings()?.clone());
    Ok(Facts { program, settings, hosts, checks, migrate: Arc::new(migrate) })
}

/// The form of a server's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ServerLogFormat {
    /// Lines for people
    Text,
    /// For programs
    Json,
    /// No lines, only events for the subscriber of tracing that the program installs
    Tracing,
}

/// Returns the log of a server, on stderr. Fails if nobody would get it.
pub(crate) fn server_log(cx: &Context, format: ServerLogFormat) -> Result<Log> {
    let format = match format {
        ServerLogFormat::Text => LogFormat::Text,
        ServerLogFormat::Json => LogFormat::Json,
        ServerLogFormat::Tracing if events::has_subscriber() => LogFormat::Events,
        ServerLogFormat::Tracing => {
            let (why, hint) = match events::ENABLED {
                true => (
                    "the program has installed no subscriber of tracing",
                    "Install one in `main`, such as `tracing_subscriber::fmt().init()`.",
                ),
                false => (
                    "the program was built without tracing",
                    "Turn on the feature `tracing` of diesel-manage.",
                ),
            };
            return Err(CommandError::new(format!(
                "--log-format tracing: {why}, so nothing would be logged."
            ))
            .exit_code(Exit::USAGE)
            .hint(hint)
            .into());
        }
    };
    Ok(Log::new(cx.err().clone(), format))
}

/// Logs that requests were aborted at the end of their time.
pub(crate) fn aborted(log: &Log, shutdown_timeout: u32) {
    let text = format!("Aborted the requests that were still running after {shutdown_timeout} s.");
    log.report(Role::Warning, &text);
}
