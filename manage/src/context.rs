//! What a running command is handed.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::fmt::Display;

use diesel::ConnectionError;

use crate::console::{Input, Output, Role, Stream};
use crate::database::{ConnectError, Connection, MYSQL_SESSION, Pool, Reason, setting_up};
use crate::settings::{Backend, DatabaseSettings, Settings, SettingsError, Source};
use crate::{Cancellation, CommandError, Exit, Program, Result, StopSignal, profile};

/// What a running command is handed: output, settings and databases. Nothing is read or opened before it is asked for.
pub struct Context {
    program: Program,
    pub(crate) source: Source,
    pub(crate) settings: OnceCell<Result<Settings, SettingsError>>,
    pub(crate) output: Output,
    pub(crate) stdin: Input,
    verbosity: u8,
    skips_checks: bool,
    pub(crate) no_input: bool,
    /// The values of the command line.
    pub(crate) given: Vec<OsString>,
    /// Whether the process is there for this command, rather than for code that calls it.
    pub(crate) owns_process: bool,
}

impl Context {
    pub(crate) fn new(
        program: &Program,
        source: Source,
        output: Output,
        verbosity: u8,
        skips_checks: bool,
    ) -> Self {
        let (program, settings, stdin) = (program.clone(), OnceCell::new(), Input::empty());
        Self {
            program,
            source,
            settings,
            output,
            stdin,
            verbosity,
            skips_checks,
            no_input: false,
            given: Vec::new(),
            owns_process: false,
        }
    }

    // --- Input and output ---

    /// What the command reads: stdin, or what a caller put in its place.
    pub fn stdin(&self) -> &Input {
        &self.stdin
    }

    /// Writes a line to stdout.
    pub fn line(&self, text: impl Display) -> Result<()> {
        Ok(self.output.out.line(text)?)
    }

    /// Writes a line to stdout in the SUCCESS style.
    pub fn success(&self, text: impl Display) -> Result<()> {
        Ok(self.output.out.styled_line(Role::Success, text)?)
    }

    /// Writes a line to stdout in the NOTICE style.
    pub fn notice(&self, text: impl Display) -> Result<()> {
        Ok(self.output.out.styled_line(Role::Notice, text)?)
    }

    /// Writes a line to stderr in the WARNING style.
    pub fn warning(&self, text: impl Display) -> Result<()> {
        Ok(self.output.err.styled_line(Role::Warning, text)?)
    }

    /// Writes a line to stderr in the ERROR style. The command goes on; to end it, return an error.
    pub fn error(&self, text: impl Display) -> Result<()> {
        Ok(self.output.err.styled_line(Role::Error, text)?)
    }

    /// What the command says: stdout, or what a caller put in its place.
    pub fn out(&self) -> &Stream {
        &self.output.out
    }

    /// Trouble, logs and progress: stderr, or what a caller put in its place.
    pub fn err(&self) -> &Stream {
        &self.output.err
    }

    /// How much to say: 0 = only what was asked for, 1 = normal, 2 = verbose, 3 = very verbose.
    pub fn verbosity(&self) -> u8 {
        self.verbosity
    }

    /// Whether the person asked for no checks.
    pub(crate) fn skips_checks(&self) -> bool {
        self.skips_checks
    }

    // --- Being stopped ---

    /// The handle that tells whether SIGINT or SIGTERM came. It is cheap to clone, and threads and tasks can keep it.
    ///
    /// The first use of this, or of a method below, takes the signals over: the first signal no longer ends the program, so that
    /// the command can end well. A signal that comes more than a second after the first one always does; until then it is
    /// taken for the same request. A command that was asked to stop and returns `Ok` ends the program with 130 or 143.
    pub fn cancellation(&self) -> Cancellation {
        self.program.cancellation()
    }

    /// Whether the command was asked to stop: between two pieces of work, see and return.
    pub fn is_cancelled(&self) -> bool {
        self.cancellation().is_cancelled()
    }

    /// Fails when the command was asked to stop: `cx.check_cancelled()?` ends the program with 130 or 143.
    pub fn check_cancelled(&self) -> Result<()> {
        Ok(self.cancellation().check()?)
    }

    /// Waits, in an async command, until it is asked to stop. The signals are taken over by the call, before it is awaited.
    pub fn cancelled(&self) -> impl Future<Output = StopSignal> + Send + use<> {
        self.cancellation().cancelled()
    }

    // --- Settings and databases ---

    /// The program that the command is part of.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The settings; they are read when they are first asked for.
    pub fn settings(&self) -> Result<&Settings> {
        self.try_settings().map_err(|error| CommandError::from(error.clone()).into())
    }

    pub(crate) fn try_settings(&self) -> Result<&Settings, &SettingsError> {
        let load = || profile::time(profile::Part::Settings, || Settings::load(&self.source));
        self.settings.get_or_init(load).as_ref()
    }

    /// What the settings are read from.
    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// Whether this is where the real data is: `MANAGE_ENV=production`.
    pub fn is_production(&self) -> Result<bool> {
        Ok(self.settings()?.is_production())
    }

    /// The settings of a database by its alias; nothing is opened.
    ///
    /// An alias that the settings do not have is an error, with the exit code 2 if it was a value of the command line: an
    /// option of the command's own that takes an alias is checked so.
    pub fn database(&self, alias: &str) -> Result<&DatabaseSettings> {
        self.settings()?.database(alias).map_err(|error| {
            // The default database that nobody has set is no wrong word on the command line.
            let is_usage = !error.has_configuration_exit() && self.given.iter().any(|value| value == alias);
            let error = CommandError::from(error);
            if is_usage { error.exit(Exit::USAGE.0).into() } else { error.into() }
        })
    }

    /// A new connection to the database `default`.
    pub fn connect(&self) -> Result<Connection> {
        self.connect_to(DatabaseSettings::DEFAULT_ALIAS)
    }

    /// A new connection to the database of this alias.
    pub fn connect_to(&self, alias: &str) -> Result<Connection> {
        Ok(Connection::open(self.database(alias)?).map_err(CommandError::from)?)
    }

    /// A new connection to the database `default`, of any type that Diesel connects by URL: `diesel::PgConnection` and
    /// its like, from the same settings. It is an error if the settings name another kind of database.
    ///
    /// The connection is as that type opens it. Of a `diesel::SqliteConnection`, that means: no busy timeout, no foreign keys,
    /// and a transaction that reads before it writes fails with `database is locked` while another process writes, unless
    /// it is begun by `immediate_transaction`. [`Context::connect`] sets all of that.
    pub fn connect_as<C: diesel::Connection>(&self) -> Result<C> {
        self.connect_to_as(DatabaseSettings::DEFAULT_ALIAS)
    }

    /// A new connection of any of Diesel's types to the database of this alias.
    pub fn connect_to_as<C: diesel::Connection>(&self, alias: &str) -> Result<C> {
        let database = self.database(alias)?;
        check_backend::<C>(database)?;
        let failed = |error: &dyn std::fmt::Display| {
            // A driver's message may repeat the URL.
            let text = database.without_secrets(&error.to_string());
            CommandError::new(format!("Cannot connect to {database}: {text}"))
        };
        let mut connection = C::establish(database.url().expose());
        if let (Backend::Mysql, Err(ConnectionError::InvalidConnectionUrl(_))) =
            (database.backend, &connection)
        {
            connection = C::establish(database.url_without_timeout().expose());
        }
        let mut connection = connection.map_err(|error| failed(&error))?;
        if database.backend == Backend::Mysql {
            setting_up(|| connection.batch_execute(MYSQL_SESSION)).map_err(|error| failed(&error))?;
        }
        Ok(connection)
    }

    /// A pool of connections to the database of this alias; it opens them when they are asked for.
    pub fn pool(&self, alias: &str) -> Result<Pool> {
        Ok(Pool::new(self.database(alias)?.clone(), Pool::DEFAULT_SIZE))
    }
}

/// Fails if a type of connection is for another backend than the settings name: its driver would only complain of the URL.
fn check_backend<C: diesel::Connection>(database: &DatabaseSettings) -> Result<(), CommandError> {
    // Diesel's own backends; types of others may be for any of them.
    let requested = match std::any::type_name::<C::Backend>().strip_prefix("diesel::") {
        Some(name) if name.starts_with("sqlite::") => Backend::Sqlite,
        Some(name) if name.starts_with("pg::") => Backend::Postgres,
        Some(name) if name.starts_with("mysql::") => Backend::Mysql,
        _ => return Ok(()),
    };
    if requested == database.backend {
        return Ok(());
    }
    let (alias, origin, kind) = (&database.alias, &database.origin, std::any::type_name::<C>());
    let example = match requested {
        Backend::Sqlite => "sqlite:db.sqlite3",
        Backend::Postgres => "postgres://user@host/name",
        Backend::Mysql => "mysql://user@host/name",
    };
    let message = format!(
        "The database `{alias}` is {database} ({origin}), but this command opens a connection to {requested} ({kind})."
    );
    let hint = format!(
        "Set it to a URL such as {example}, or open it by `Context::connect_to`, whose type fits every database."
    );
    Err(CommandError::new(message).hint(hint).exit(Exit::CONFIGURATION.0))
}

/// An error that a person can mend, with the hint that it brings.
fn mendable(error: impl std::fmt::Display, hint: Option<&str>) -> CommandError {
    let command_error = CommandError::new(error.to_string());
    match hint {
        Some(hint) => command_error.hint(hint),
        None => command_error,
    }
}

impl From<ConnectError> for CommandError {
    fn from(error: ConnectError) -> Self {
        // Its text is the error's own: as a cause it would be told twice.
        let command_error = mendable(&error, error.hint.as_deref());
        match error.reason {
            Reason::UnsupportedLogin => command_error.exit(Exit::CONFIGURATION.0),
            _ => command_error,
        }
    }
}

impl From<SettingsError> for CommandError {
    fn from(error: SettingsError) -> Self {
        let mended = mendable(&error, error.hint_text());
        if error.has_configuration_exit() { mended.exit(crate::Exit::CONFIGURATION.0) } else { mended }
    }
}
