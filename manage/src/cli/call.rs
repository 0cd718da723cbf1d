//! Calling a command from code by its name, with the words of a command line.

use std::ffi::OsString;
use std::sync::Arc;

use clap::error::ErrorKind;

use super::dispatch::run;
use super::stand_ins::{StandIns, parse_with};
use crate::command::{
    Command, Common, Context, Invocation, ParsedCommand, Program, RegisteredCommand, find, given, parser,
    usage_error, usage_text,
};
use crate::console::{ColorChoice, Input, Output, Stream};
use crate::error::{CommandError, Exit, Result};
use crate::settings::{Environment, Settings, SettingsError, Source};

/// A call of a command by its name, from code: Django's `call_command`.
///
/// [`Context::call`] begins one inside a command, [`Program::call`] anywhere else. By default the command
/// uses the caller's settings, streams, verbosity and `--noinput`. No system checks run, and it does not
/// prompt for missing arguments.
///
/// ```
/// # use manage::prelude::*;
/// # use manage::console::Capture;
/// # fn nightly(cx: &mut Context) -> Result<()> {
/// // The same words as on the command line.
/// let said = Capture::new();
/// cx.call("help").args(["version", "--no-color"]).stdout(&said).run()?.ok()?;
/// assert!(said.text().starts_with("Print the version"));
/// # Ok(())
/// # }
/// # manage::testing::Project::new(manage::Program::new(&[])).call(nightly).expect_success();
/// ```
///
/// In an `async` function, await the call: `cx.call("later").arg("21").await?`. The command then runs on a
/// thread for blocking work, so that other tasks continue. If the future is dropped, the command still runs
/// to its end.
///
/// # Errors
///
/// A call prints no error, and ends the process only if the lock of an isolated command or of `migrate` is
/// lost, as [`Context::isolate`] does. It returns the command's error unchanged, such as a
/// [`CommandError`](crate::CommandError) with its exit code. Wrong arguments are a
/// [`UsageError`](crate::command::UsageError), and an unknown name is an
/// [`UnknownCommand`](crate::command::UnknownCommand). A non-zero exit code is not an error until
/// [`Exit::ok`] turns it into one.
#[derive(Clone)]
#[must_use = "a call does nothing before `.run()` or `.await`"]
pub struct Call {
    program: Program,
    callee: Callee,
    arguments: Vec<OsString>,
    source: Source,
    settings: Option<Result<Settings, SettingsError>>,
    output: Output,
    stdout: Option<Stream>,
    stderr: Option<Stream>,
    stdin: Input,
    verbosity: u8,
    no_input: bool,
    checks: bool,
}

/// The command to call: its name or alias, or a command created at run time.
#[derive(Clone)]
pub struct Callee(Kind);

#[derive(Clone)]
enum Kind {
    Named(String),
    Made(Arc<dyn Command>),
}

impl From<&str> for Callee {
    fn from(name: &str) -> Self {
        Self(Kind::Named(name.to_owned()))
    }
}

impl From<&String> for Callee {
    fn from(name: &String) -> Self {
        Self::from(name.as_str())
    }
}

impl From<String> for Callee {
    fn from(name: String) -> Self {
        Self(Kind::Named(name))
    }
}

impl From<Arc<dyn Command>> for Callee {
    fn from(command: Arc<dyn Command>) -> Self {
        Self(Kind::Made(command))
    }
}

impl<C: Command + 'static> From<Arc<C>> for Callee {
    fn from(command: Arc<C>) -> Self {
        Self(Kind::Made(command))
    }
}

impl Context {
    /// Calls a command by its name or alias, or one created at run time. See [`Call`].
    ///
    /// If the arguments are known at compile time, calling the function directly is shorter and type-checked.
    pub fn call(&self, command: impl Into<Callee>) -> Call {
        Call {
            program: self.program().clone(),
            callee: command.into(),
            arguments: Vec::new(),
            source: self.source().clone(),
            settings: self.settings_read().cloned(),
            output: self.invocation.output.clone(),
            stdout: None,
            stderr: None,
            stdin: self.stdin().clone(),
            verbosity: self.verbosity(),
            no_input: self.takes_no_input(),
            checks: false,
        }
    }
}

impl Program {
    /// Calls a command outside of any command, with the process's settings and streams. See [`Call`].
    pub fn call(&self, command: impl Into<Callee>) -> Call {
        let environment = Environment::process();
        let mut output = Output::standard();
        output.adapt(ColorChoice::Auto, |name| environment.text(name));
        Call {
            program: self.clone(),
            callee: command.into(),
            arguments: Vec::new(),
            source: Source::new(environment, None),
            settings: None,
            output,
            stdout: None,
            stderr: None,
            stdin: Input::standard(),
            verbosity: 1,
            no_input: false,
            checks: false,
        }
    }
}

impl Call {
    /// Adds an argument, as on the command line after the command's name.
    pub fn arg(mut self, word: impl Into<OsString>) -> Self {
        self.arguments.push(word.into());
        self
    }

    /// Adds several arguments.
    pub fn args(mut self, words: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.arguments.extend(words.into_iter().map(Into::into));
        self
    }

    /// Runs the system checks before the command, as the command line does. If one reports an error, the call
    /// fails with a [`SystemCheckError`](crate::checks::SystemCheckError); settings that cannot be used are a
    /// [`CommandError`] with the exit code 78.
    pub fn with_checks(self) -> Self {
        Self { checks: true, ..self }
    }

    /// Redirects stdout: to a [`Capture`](crate::console::Capture), to `Stream::new(writer)`, or to another
    /// stream.
    pub fn stdout(self, stream: impl Into<Stream>) -> Self {
        Self { stdout: Some(stream.into()), ..self }
    }

    /// Redirects stderr.
    pub fn stderr(self, stream: impl Into<Stream>) -> Self {
        Self { stderr: Some(stream.into()), ..self }
    }

    /// Sets what the command reads: a text, or an [`Input`].
    pub fn stdin(self, input: impl Into<Input>) -> Self {
        Self { stdin: input.into(), ..self }
    }

    /// Uses another environment than the caller's, and therefore other settings. For another settings file,
    /// pass `--settings`.
    pub fn environment(self, environment: Environment) -> Self {
        Self { source: Source::new(environment, None), settings: None, ..self }
    }

    /// Runs the command to its end. This blocks the thread; inside an async task use `.await` instead. Its
    /// [errors](Call#errors) are the command's; a panic of the command continues in the caller.
    pub fn run(self) -> Result<Exit> {
        // On its own thread an `async` command does not depend on anything that this thread blocks.
        #[cfg(feature = "async")]
        if tokio::runtime::Handle::try_current().is_ok() {
            return std::thread::scope(|scope| scope.spawn(|| self.run_here()).join())
                .unwrap_or_else(|payload| std::panic::resume_unwind(payload));
        }
        self.run_here()
    }

    fn run_here(mut self) -> Result<Exit> {
        let found = match &self.callee.0 {
            Kind::Named(name) => find(&self.program, name)?,
            Kind::Made(command) => RegisteredCommand::made(Arc::clone(command)),
        };
        let words = std::iter::once(found.command().name().into()).chain(std::mem::take(&mut self.arguments));
        let mut parser = parser(&self.program, &found, self.output.out.width());
        let mut words: Vec<OsString> = words.collect();
        let stand_ins =
            StandIns::prepare(&mut parser, &mut words, &self.source).map_err(CommandError::from)?;
        let matches = match parse_with(&mut parser, &words, stand_ins.as_ref()) {
            Ok(matches) => matches,
            Err(error) if !error.use_stderr() => {
                self.colored(ColorChoice::Auto).out.print(usage_text(&error))?;
                return Ok(Exit::SUCCESS);
            }
            Err(error) => {
                return Err(usage_error(&error, self.program.name(), found.command().name()).into());
            }
        };
        let parser = stand_ins.map_or(parser, StandIns::into_parser);
        let mut common = Common::read(&matches);
        common.skip_checks |= !self.checks;
        let output = self.colored(common.colors());
        let (source, settings) = match &common.settings {
            Some(file) => (Source::new(self.source.environment.clone(), Some(file.clone())), None),
            None => (self.source.clone(), self.settings.take()),
        };
        let verbosity = common.verbosity.unwrap_or(self.verbosity);
        let mut cx = Context::new(Invocation {
            settings,
            stdin: self.stdin.clone(),
            verbosity,
            skips_checks: common.skip_checks,
            no_input: self.no_input || common.no_input,
            given: given(&matches),
            ..Invocation::new(&self.program, source, output)
        });
        let command = ParsedCommand { found: &found, parser: &parser, matches: &matches };
        let result = run(&mut cx, &command, &common);
        // Colours that were chosen for this command alone.
        self.output.follow_colors();
        result.map_err(|error| match error.downcast_ref::<clap::Error>() {
            Some(usage) if !matches!(usage.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
                usage_error(usage, self.program.name(), found.command().name()).into()
            }
            _ => error,
        })
    }

    /// Returns the streams of the command. The caller's streams keep their colours unless an option changes
    /// them.
    fn colored(&self, choice: ColorChoice) -> Output {
        let mut output = self.output.with_streams(self.stdout.clone(), self.stderr.clone());
        let given = output.clone();
        if choice == ColorChoice::Auto && self.stdout.is_none() && self.stderr.is_none() {
            return given;
        }
        output.adapt(choice, |name| self.source.environment.text(name));
        if choice == ColorChoice::Auto && self.stdout.is_none() {
            output.out = given.out;
        }
        if choice == ColorChoice::Auto && self.stderr.is_none() {
            output.err = given.err;
        }
        output
    }
}

#[cfg(feature = "async")]
impl IntoFuture for Call {
    type Output = Result<Exit>;
    type IntoFuture = std::pin::Pin<Box<dyn Future<Output = Result<Exit>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            // Executors other than tokio's have no pool of threads for blocking work.
            let Ok(runtime) = tokio::runtime::Handle::try_current() else { return self.run() };
            match runtime.spawn_blocking(move || self.run_here()).await {
                Ok(result) => result,
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(error) => Err(anyhow::Error::new(error).context("The runtime ended before the command.")),
            }
        })
    }
}
