//! A project in a temporary folder, and commands run in it.

use std::any::Any;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::folder::Folder;
use super::{Called, TestDatabase, Transcript, settings};
use crate::cli::{Occasion, failure};
use crate::console::{Capture, Input, Output};
use crate::database::Connection;
use crate::settings::{DatabaseSettings, Environment, Source};
use crate::{Context, Exit, Program, Result};

/// A project in an empty temporary folder, with an environment of its own: commands run in it as in a process, and see
/// nothing of the test's own environment. Its folder and its databases go with it.
///
/// ```
/// # use manage::prelude::*;
/// use manage::testing::Project;
///
/// # let program = manage::Program::new(&[]);
/// let project = Project::new(program)
///     .file("manage.toml", "[databases.default]\nurl = \"sqlite:shop.db\"\n")
///     .env("NO_COLOR", "1")
///     .stdin("yes\n");
/// let called = project.call(|cx| {
///     cx.line("Sure?")?;
///     Ok(cx.stdin().read_line()?)
/// });
/// assert_eq!(called.transcript.stdout, "Sure?\n");
/// assert_eq!(called.expect_success().as_deref(), Some("yes"));
/// ```
///
/// What a command asks of the process itself, such as its working folder, is the test's own; paths that commands take
/// should start with [`Project::folder`].
pub struct Project {
    program: Program,
    variables: BTreeMap<String, OsString>,
    stdin: Option<Input>,
    // Before the folder: a database may be in it.
    databases: Vec<TestDatabase>,
    folder: Folder,
}

impl Project {
    /// An empty project of this program: `Project::new(manage::program!(shop))`.
    ///
    /// # Panics
    ///
    /// When there can be no temporary folder.
    #[track_caller]
    pub fn new(program: Program) -> Self {
        let folder = Folder::new("project").unwrap_or_else(|error| panic!("No temporary folder: {error}"));
        Self { program, variables: BTreeMap::new(), stdin: None, databases: Vec::new(), folder }
    }

    /// Writes a file of the project; folders on the way to it are made.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    #[must_use]
    #[track_caller]
    pub fn file(self, name: impl AsRef<Path>, text: impl AsRef<[u8]>) -> Self {
        self.write(name, text);
        self
    }

    /// The same, later on.
    #[track_caller]
    pub fn write(&self, name: impl AsRef<Path>, text: impl AsRef<[u8]>) {
        let path = self.folder().join(name);
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        made.and_then(|()| std::fs::write(&path, text))
            .unwrap_or_else(|error| panic!("Cannot write {}: {error}", path.display()));
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl AsRef<OsStr>) -> Self {
        self.variables.insert(name.into(), value.as_ref().to_owned());
        self
    }

    /// What the next commands read, one after the other: a text, or an [`Input`]. Without it there is nothing to read.
    #[must_use]
    pub fn stdin(self, input: impl Into<Input>) -> Self {
        Self { stdin: Some(input.into()), ..self }
    }

    /// Gives it a new database `default` with the program's tables. See [`testing`](super) for where it is.
    ///
    /// # Panics
    ///
    /// When there can be none: the message says why, and what may help.
    #[must_use]
    #[track_caller]
    pub fn with_database(self) -> Self {
        self.with_database_as(DatabaseSettings::DEFAULT_ALIAS)
    }

    /// The same for another alias.
    #[must_use]
    #[track_caller]
    pub fn with_database_as(self, alias: &str) -> Self {
        let made = settings(alias).and_then(|settings| TestDatabase::create(&self.program, &settings));
        match made {
            Ok(database) => self.database(database),
            Err(error) => panic!("{}", told(&error)),
        }
    }

    /// Gives it a database that was made already, under the alias of its settings.
    #[must_use]
    pub fn database(mut self, database: TestDatabase) -> Self {
        let alias = &database.settings().alias;
        let name = match alias.as_str() {
            DatabaseSettings::DEFAULT_ALIAS => "DATABASE_URL".to_owned(),
            alias => format!("DATABASE_URL_{}", alias.to_uppercase()),
        };
        self.variables.insert(name, database.url().expose().into());
        self.databases.push(database);
        self
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A connection to its database `default`, to prepare what a command needs or to look at what it did.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[track_caller]
    pub fn connect(&self) -> Connection {
        self.connect_to(DatabaseSettings::DEFAULT_ALIAS)
    }

    /// A connection to its database of this alias.
    #[track_caller]
    pub fn connect_to(&self, alias: &str) -> Connection {
        let (cx, _, _) = self.context();
        cx.connect_to(alias).unwrap_or_else(|error| panic!("{}", told(&error)))
    }

    /// Runs a command line, without the program's own name: `["greet", "world"]`. It does all that the program does, system
    /// checks and the report of an error among it.
    pub fn run(&self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Transcript {
        let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        let words = arguments.iter().map(|word| quoted(&word.to_string_lossy()));
        let command = [self.program.name().to_owned()].into_iter().chain(words).collect::<Vec<_>>().join(" ");
        let (stdout, stderr) = (Capture::new(), Capture::new());
        let output = Output::new(stdout.clone(), stderr.clone());
        let stdin = self.stdin.clone().unwrap_or_else(Input::empty);
        let exit = self.program.run_reading(arguments, self.environment(), output, stdin);
        self.transcript(command, &stdout, &stderr, exit)
    }

    /// Calls a function as if it were a command: a command's own, with typed arguments, or anything else that takes a
    /// [`Context`]. An `async` one goes through [`block_on`](crate::block_on). No system checks run.
    ///
    /// ```ignore
    /// let called = project.call(|cx| publish(cx, "hello".to_owned(), false));
    /// ```
    pub fn call<T: 'static>(&self, function: impl FnOnce(&mut Context) -> Result<T>) -> Called<T> {
        let (mut cx, stdout, stderr) = self.context();
        let returned = function(&mut cx);
        let exit = match &returned {
            Ok(value) => (value as &dyn Any).downcast_ref::<Exit>().copied().unwrap_or_default(),
            Err(error) => failure(error, &Occasion::default(), &cx.output),
        };
        Called { transcript: self.transcript(String::new(), &stdout, &stderr, exit), returned }
    }

    fn context(&self) -> (Context, Capture, Capture) {
        let (stdout, stderr) = (Capture::new(), Capture::new());
        let output = Output::new(stdout.clone(), stderr.clone());
        let source = Source::new(self.environment(), None);
        let mut cx = Context::new(&self.program, source, output, 1, true);
        cx.stdin = self.stdin.clone().unwrap_or_else(Input::empty);
        (cx, stdout, stderr)
    }

    fn environment(&self) -> Environment {
        Environment::new(self.variables.clone(), self.folder())
    }

    fn transcript(&self, command: String, stdout: &Capture, stderr: &Capture, exit: Exit) -> Transcript {
        let databases =
            self.databases.iter().map(|database| (database.settings().name.clone(), "[database]"));
        let folder = (self.folder().display().to_string(), "[folder]");
        let shown = databases.chain([folder]).collect();
        Transcript { command, stdout: stdout.text(), stderr: stderr.text(), exit, shown }
    }
}

/// An error as the program would tell it.
pub(super) fn told(error: &anyhow::Error) -> String {
    let text = Capture::new();
    let _ = failure(error, &Occasion::default(), &Output::new(std::io::sink(), text.clone()));
    text.text()
}

/// A word as a person would type it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}
