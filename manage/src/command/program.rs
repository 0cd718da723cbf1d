//! What a program is made of: its name, its version and its commands.

use std::borrow::Cow;
use std::panic::PanicHookInfo;
use std::sync::Arc;

use crate::cancellation::Cancellation;
use crate::command::build::Build;
use crate::command::{Command, Registry};
use crate::error::Exit;
use crate::panics::OnPanic;

/// A project's `manage` program. `manage::main!` creates one; tests create their own.
///
/// ```
/// use manage::console::{Capture, Output};
/// use manage::settings::Environment;
/// use manage::{Exit, Program};
///
/// let program = Program::new(&[]).with_name("shop");
/// let (out, err) = (Capture::new(), Capture::new());
/// let exit = program.run(["no-such-command"], Environment::process(), Output::new(out, err.clone()));
/// assert_eq!(exit, Exit::FAILURE);
/// assert!(err.text().starts_with("Unknown command: 'no-such-command'."));
/// ```
#[derive(Clone)]
pub struct Program {
    /// `None`: the process's first argument, or `manage`.
    pub(crate) name: Option<Cow<'static, str>>,
    version: &'static str,
    pub(crate) build: Option<Build>,
    registry: Registry,
    /// Instead of the process's signals.
    cancellation: Option<Cancellation>,
    pub(crate) on_panic: Option<OnPanic>,
    /// Whether the process runs this program's command line and ends with it.
    pub(crate) is_main: bool,
    /// Whether it runs in a project of `manage::testing`.
    pub(crate) is_tested: bool,
}

impl Program {
    /// Creates a program with the commands of these apps, in order of precedence, and the built-in ones.
    pub fn new(apps: &[&'static str]) -> Self {
        let registry = Registry::new(apps);
        Self {
            name: None,
            version: "",
            build: None,
            registry,
            cancellation: None,
            on_panic: None,
            is_main: false,
            is_tested: false,
        }
    }

    /// Sets the program's name in help and messages. By default [`Program::main`] uses the name that it was
    /// started by, and [`Program::run`] and calls from code use `manage`.
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

    /// Sets how cargo built the program.
    #[doc(hidden)]
    #[must_use]
    pub fn built(mut self, build: Build) -> Self {
        self.build = Some(build);
        self
    }

    /// Adds a command that was created at run time to an app.
    #[must_use]
    pub fn with_command(mut self, app: &'static str, command: Arc<dyn Command>) -> Self {
        self.registry.add(app, command);
        self
    }

    /// Cancels commands by the caller's handle instead of the process's signals, for tests and for programs
    /// that embed this one.
    #[must_use]
    pub fn with_cancellation(mut self, cancellation: Cancellation) -> Self {
        self.cancellation = Some(cancellation);
        self
    }

    /// Calls a function on each panic that is a bug of a command, after the program has printed it: for a
    /// service that collects them.
    ///
    /// [`Program::main`] replaces the process's panic hook, also one that such a service has set, so name the
    /// function that the service has for a hook: `.on_panic(|panic|
    /// sentry::integrations::panic::panic_handler(panic))`. A panic that the program catches is no such bug:
    /// that of a system check becomes a message, and that of a hook a warning.
    #[must_use]
    pub fn on_panic(mut self, report: impl Fn(&PanicHookInfo<'_>) + Send + Sync + 'static) -> Self {
        self.on_panic = Some(Arc::new(report));
        self
    }

    /// Returns the handle that cancels commands. Calling this takes over the process's signals.
    pub(crate) fn cancellation(&self) -> Cancellation {
        self.cancellation.clone().unwrap_or_else(Cancellation::process)
    }

    /// Returns the exit code after a command that returned one: that of the signal if the command was
    /// cancelled.
    pub(crate) fn exit_code(&self, exit: Exit) -> Exit {
        self.cancellation.as_ref().unwrap_or_else(|| Cancellation::of_process()).exit_code(exit)
    }

    /// Returns the name that started the program: `manage`.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("manage")
    }

    /// Returns the version of the project; empty if none was given.
    pub fn project_version(&self) -> &str {
        self.version
    }

    /// Returns the commands.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }
}
