//! The whole program: its apps, and what happens around a command.

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use crate::cli::{Failure, dispatch, failure};
use crate::command::{Command, Registry};
use crate::completion;
use crate::console::{Input, Output};
use crate::settings::Environment;
use crate::{Cancellation, Exit};

/// A project's `manage` program. `manage::main!` makes one; tests make their own.
#[derive(Clone)]
pub struct Program {
    /// None for what the process's first argument says, or `manage`.
    name: Option<Cow<'static, str>>,
    version: &'static str,
    registry: Registry,
    /// Instead of the process's signals.
    cancellation: Option<Cancellation>,
    /// Whether the process is there for this program's command line, and ends with it.
    pub(crate) is_main: bool,
}

impl Program {
    /// A program with the commands of these apps, in order of precedence, and the built-in ones.
    pub fn new(apps: &[&'static str]) -> Self {
        let registry = Registry::new(apps);
        Self { name: None, version: "", registry, cancellation: None, is_main: false }
    }

    /// Sets the name that help and messages give the program: what a person types to start it. Without it
    /// [`Program::main`] takes the name that it was started by, and [`Program::run`] and calls from code say `manage`.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the version of the project.
    #[must_use]
    pub fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    /// Adds a command that was made at run time to an app.
    #[must_use]
    pub fn with_command(mut self, app: &'static str, command: Arc<dyn Command>) -> Self {
        self.registry.add(app, command);
        self
    }

    /// Lets commands be cancelled by a handle of the caller's instead of the process's signals: for tests, and for programs
    /// that run this one inside themselves.
    #[must_use]
    pub fn with_cancellation(mut self, cancellation: Cancellation) -> Self {
        self.cancellation = Some(cancellation);
        self
    }

    /// What tells commands to stop. Asking takes the process's signals over.
    pub(crate) fn cancellation(&self) -> Cancellation {
        self.cancellation.clone().unwrap_or_else(Cancellation::process)
    }

    /// The exit code after a command that chose one: that of the signal if it was asked to stop.
    pub(crate) fn exit_code(&self, exit: Exit) -> Exit {
        self.cancellation.as_ref().unwrap_or_else(|| Cancellation::of_process()).exit_code(exit)
    }

    /// What a person typed to start it: `manage`.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("manage")
    }

    /// The version of the project; empty when it was not given.
    pub fn project_version(&self) -> &str {
        self.version
    }

    /// The commands.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Runs the process's own command line, to the end of the process.
    pub fn main(mut self) -> ExitCode {
        self.is_main = true;
        let mut arguments = std::env::args_os();
        let called = arguments.next();
        let called = called.as_ref().and_then(|called| Path::new(called).file_stem());
        if let Some(called) = called.filter(|_| self.name.is_none()) {
            self.name = Some(called.to_string_lossy().into_owned().into());
        }
        crate::process::prepare();
        let arguments: Vec<OsString> = arguments.collect();
        let is_question = arguments.first().is_some_and(|first| first == completion::WORD);
        if !is_question && let Some(exit) = crate::process::restart_for_traceback(&arguments) {
            return exit.into();
        }
        let output = if is_question { completion::be_quiet() } else { Output::standard() };
        let exit = self.run(arguments, Environment::process(), output);
        crate::process::flushed(exit).into()
    }

    /// Runs one command line with an environment and streams of the caller's. Every error has been printed to
    /// `output` when it returns. Commands read the process's stdin.
    pub fn run(
        &self,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
        environment: Environment,
        output: Output,
    ) -> Exit {
        self.run_reading(arguments, environment, output, Input::standard())
    }

    /// The same, where commands read something else than stdin.
    pub(crate) fn run_reading(
        &self,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
        environment: Environment,
        mut output: Output,
        stdin: Input,
    ) -> Exit {
        let mut arguments = arguments.into_iter().map(Into::into).peekable();
        if arguments.next_if(|first| first == completion::WORD).is_some() {
            return completion::answer(self, &arguments.collect::<Vec<_>>(), environment, &output);
        }
        match dispatch(self, arguments, environment, &mut output, stdin) {
            Ok(exit) => exit,
            Err(Failure { error, occasion }) => failure(&error, &occasion, &output),
        }
    }
}
