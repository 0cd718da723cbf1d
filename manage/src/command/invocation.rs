//! One run of a command: what it was started with.

use std::ffi::OsString;

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::{Common, Program};
use crate::console::{Input, Output};
use crate::settings::{Settings, SettingsError, Source};

/// What a command is started with, by a command line, by code that calls it, or by a test.
#[derive(Clone)]
pub(crate) struct Invocation {
    pub(crate) program: Program,
    pub(crate) source: Source,
    /// The settings, if the caller has read them already.
    pub(crate) settings: Option<Result<Settings, SettingsError>>,
    pub(crate) output: Output,
    pub(crate) stdin: Input,
    pub(crate) verbosity: u8,
    pub(crate) skips_checks: bool,
    pub(crate) no_input: bool,
    /// The values of the command line.
    pub(crate) given: Vec<OsString>,
    /// Whether the process runs for this command, rather than for code that calls it.
    pub(crate) owns_process: bool,
}

impl Invocation {
    /// With the default of each common option, and nothing to read.
    pub(crate) fn new(program: &Program, source: Source, output: Output) -> Self {
        Self {
            program: program.clone(),
            source,
            settings: None,
            output,
            stdin: Input::empty(),
            verbosity: 1,
            skips_checks: false,
            no_input: false,
            given: Vec::new(),
            owns_process: false,
        }
    }

    /// With these values of the common options.
    pub(crate) fn with_options(self, options: &Common) -> Self {
        Self {
            verbosity: options.verbosity.unwrap_or(self.verbosity),
            skips_checks: options.skip_checks,
            no_input: options.no_input || self.no_input,
            ..self
        }
    }
}

/// Returns the values of the arguments that come from the command line or from a variable.
pub(crate) fn given(matches: &ArgMatches) -> Vec<OsString> {
    let is_given = |id: &str| {
        matches!(matches.value_source(id), Some(ValueSource::CommandLine | ValueSource::EnvVariable))
    };
    let here = matches.ids().map(clap::Id::as_str).filter(|id| is_given(id));
    let mut values: Vec<OsString> = here
        .filter_map(|id| matches.try_get_raw(id).ok().flatten())
        .flat_map(|values| values.map(ToOwned::to_owned))
        .collect();
    if let Some((_, below)) = matches.subcommand() {
        values.extend(given(below));
    }
    values
}
