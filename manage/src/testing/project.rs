//! A project in a temporary directory, and commands run in it.

use std::any::Any;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::folder::Folder;
use super::{Called, TestDatabase, Transcript, settings};
use crate::cli::failure_hint;
use crate::command::{Context, Invocation, Program};
use crate::console::{Capture, Input, Output};
use crate::database::{Connect, Connection, Database};
use crate::error::{Exit, Result};
use crate::render::{Occasion, failure};
use crate::settings::{DatabaseSettings, Environment, Source};

/// A project in an empty temporary directory, with its own environment. Commands run as in a process of their
/// own, and do not see the test's environment. The directory and the databases are removed with this value.
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
/// Process-wide state, such as the working directory, is that of the test: pass paths that start with
/// [`Project::folder`].
pub struct Project {
    program: Program,
    variables: BTreeMap<String, OsString>,
    stdin: Option<Input>,
    // Dropped before the directory, which may contain a database.
    databases: Vec<TestDatabase>,
    folder: Folder,
}

impl Project {
    /// Creates an empty project of this program: `Project::new(manage::program!(shop))`.
    ///
    /// # Panics
    ///
    /// If the temporary directory cannot be created.
    #[track_caller]
    pub fn new(mut program: Program) -> Self {
        program.is_tested = true;
        let folder = Folder::new("project")
            .unwrap_or_else(|error| panic!("Cannot create a temporary directory: {error}"));
        Self { program, variables: BTreeMap::new(), stdin: None, databases: Vec::new(), folder }
    }

    /// Writes a file of the project and creates its parent directories.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    #[must_use]
    #[track_caller]
    pub fn file(self, name: impl AsRef<Path>, text: impl AsRef<[u8]>) -> Self {
        self.write(name, text);
        self
    }

    /// Like [`Project::file`], on an existing project.
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

    /// Sets the input of the following commands, which read it one after the other: a text, or an [`Input`].
    /// By default it is empty.
    #[must_use]
    pub fn stdin(self, input: impl Into<Input>) -> Self {
        Self { stdin: Some(input.into()), ..self }
    }

    /// Creates a new database `default` with the program's tables. See [`testing`](super) for where.
    ///
    /// # Panics
    ///
    /// If it cannot be created. The message contains the reason and a hint.
    #[must_use]
    #[track_caller]
    pub fn with_database(self) -> Self {
        self.with_database_named(DatabaseSettings::DEFAULT_ALIAS)
    }

    /// Like [`Project::with_database`], for another alias.
    #[must_use]
    #[track_caller]
    pub fn with_database_named(self, alias: &str) -> Self {
        let made = settings(alias).and_then(|settings| TestDatabase::create(&self.program, &settings));
        match made {
            Ok(database) => self.with_test_database(database),
            Err(error) => panic!("{}", reported(&error)),
        }
    }

    /// Takes a database `default` with the program's tables that an earlier test of this process used, without
    /// what that test has left, or creates one. It costs less than [`Project::with_database`] on a server;
    /// [`testing`](super#a-new-database-or-a-used-one) compares the two.
    ///
    /// # Panics
    ///
    /// If there is none and it cannot be created. The message contains the reason and a hint.
    #[must_use]
    #[track_caller]
    pub fn with_reused_database(self) -> Self {
        self.with_reused_database_named(DatabaseSettings::DEFAULT_ALIAS)
    }

    /// Like [`Project::with_reused_database`], for another alias.
    #[must_use]
    #[track_caller]
    pub fn with_reused_database_named(self, alias: &str) -> Self {
        let made = settings(alias).and_then(|settings| TestDatabase::reuse(&self.program, &settings));
        match made {
            Ok(database) => self.with_test_database(database),
            Err(error) => panic!("{}", reported(&error)),
        }
    }

    /// Uses an existing database, under the alias of its settings.
    #[must_use]
    pub fn with_test_database(mut self, database: TestDatabase) -> Self {
        let alias = &database.settings().alias;
        let name = match alias.as_str() {
            DatabaseSettings::DEFAULT_ALIAS => "DATABASE_URL".to_owned(),
            alias => format!("DATABASE_URL_{}", alias.to_uppercase()),
        };
        self.variables.insert(name, database.url().expose().into());
        self.databases.push(database);
        self
    }

    /// Returns its directory.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns its database of this alias: its settings, and the methods that open connections to it.
    ///
    /// # Panics
    ///
    /// If it does not exist.
    #[track_caller]
    pub fn database(&self, alias: &str) -> Database<'static> {
        let (cx, _, _) = self.context();
        let settings = cx.database(alias).map(|database| database.settings().clone());
        settings.unwrap_or_else(|error| panic!("{}", reported(&error))).into()
    }

    /// Opens a connection to its database `default`, to prepare what a command needs or to check what it did.
    ///
    /// # Panics
    ///
    /// If it does not exist.
    #[track_caller]
    pub fn connect(&self) -> Connection {
        self.connect_as()
    }

    /// Opens a connection of a type to its database `default`. [`Connect`] lists the types.
    ///
    /// # Panics
    ///
    /// If it does not exist, or is a different kind of database.
    #[track_caller]
    pub fn connect_as<C: Connect>(&self) -> C {
        let database = self.database(DatabaseSettings::DEFAULT_ALIAS);
        database.connect_as().unwrap_or_else(|error| panic!("{}", reported(&error.into())))
    }

    /// Runs a command line, without the program's name: `["greet", "world"]`. It does everything that the
    /// program does, including system checks and error reporting.
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

    /// Calls a function as a command: a command's own, with typed arguments, or any other that takes a
    /// [`Context`]. Call an `async` function through [`block_on`](crate::block_on). System checks do not run.
    ///
    /// ```
    /// use manage::testing::Project;
    /// use shop::management::commands::price::price;
    ///
    /// let project = Project::new(manage::program!(shop));
    /// let called = project.call(|cx| price(cx, "cup".to_owned()));
    /// assert_eq!(called.transcript.stdout, "6\n");
    /// let called = project.call(|cx| price(cx, "plate".to_owned()));
    /// assert_eq!(called.transcript.exit, manage::Exit(3));
    /// ```
    pub fn call<T: 'static>(&self, function: impl FnOnce(&mut Context) -> Result<T>) -> Called<T> {
        let (mut cx, stdout, stderr) = self.context();
        let returned = function(&mut cx);
        let exit = match &returned {
            Ok(value) => (value as &dyn Any).downcast_ref::<Exit>().copied().unwrap_or_default(),
            Err(error) => {
                let occasion = Occasion { hint: failure_hint(&cx, error), ..Occasion::default() };
                failure(error, &occasion, &cx.invocation.output)
            }
        };
        Called { transcript: self.transcript(String::new(), &stdout, &stderr, exit), returned }
    }

    fn context(&self) -> (Context, Capture, Capture) {
        let (stdout, stderr) = (Capture::new(), Capture::new());
        let output = Output::new(stdout.clone(), stderr.clone());
        let source = Source::new(self.environment(), None);
        let stdin = self.stdin.clone().unwrap_or_else(Input::empty);
        let invocation = Invocation::new(&self.program, source, output);
        (Context::new(Invocation { stdin, skips_checks: true, ..invocation }), stdout, stderr)
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

/// Returns an error as the program would print it.
pub(super) fn reported(error: &anyhow::Error) -> String {
    let text = Capture::new();
    let _ = failure(error, &Occasion::default(), &Output::new(std::io::sink(), text.clone()));
    text.text()
}

/// Quotes a word for a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}
