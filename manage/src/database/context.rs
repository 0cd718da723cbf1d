//! The databases of a running command.

use super::{Connect, ConnectError, Connection, Database, Pool, Poolable, Reason};
use crate::command::Context;
use crate::error::{CommandError, Exit, Result};
use crate::settings::{DatabaseSettings, Ending};

impl Context {
    /// Returns a handle to a database by its alias, without opening a connection.
    ///
    /// # Errors
    ///
    /// A [`CommandError`]: that of [`Context::settings`], or for an unknown alias. The exit code of the
    /// latter is 2 if the alias was a value on the command line, so this also validates a command's own
    /// option that takes an alias; otherwise it is 78. In production `default` must be set: if it is not, the
    /// exit code is 78.
    pub fn database(&self, alias: &str) -> Result<Database<'_, CommandError>> {
        let settings = self.settings()?.database(alias).map_err(|error| {
            // A default database that is not configured is not a mistake on the command line.
            let is_usage = error.ending() == Ending::UnknownAlias
                && self.invocation.given.iter().any(|value| value == alias);
            let error = CommandError::from(error);
            if is_usage { error.exit_code(Exit::USAGE) } else { error }
        })?;
        Ok(Database::new(settings, self.kept()))
    }

    /// Opens a new connection to the database `default`; for another one see [`Context::database`].
    ///
    /// # Errors
    ///
    /// A [`CommandError`]. Its exit code is 78 if the settings cannot be read or set no database, or if this
    /// program does not support the backend or the server's authentication method. Otherwise it is 1, also
    /// for a wrong password. It does not contain the [`ConnectError`]: for its [`Reason`], call
    /// [`Connection::open`] with the settings of [`Context::database`].
    pub fn connect(&self) -> Result<Connection> {
        self.connect_as()
    }

    /// Opens a new connection of a type to the database `default`: [`Connect`] lists the types. Fails with
    /// the exit code 78 if the settings name another kind of database.
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")] {
    /// # use manage::prelude::*;
    /// type Db = manage::database::PostgresConnection;
    ///
    /// # fn opens(cx: &Context) -> Result<()> {
    /// let mut connection = cx.connect_as::<Db>()?;
    /// # let _ = &mut connection;
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    ///
    /// A [`ByUrl`](crate::database::ByUrl) of `diesel::PgConnection` or `diesel::MysqlConnection` connects by
    /// the C library: without this crate's TLS and its limits for servers. diesel-async's
    /// types have all of that.
    pub fn connect_as<C: Connect>(&self) -> Result<C> {
        Ok(self.database(DatabaseSettings::DEFAULT_ALIAS)?.connect_as()?)
    }

    /// Returns the pool of connections to the database `default`. Every call returns another handle to the
    /// same pool, which opens connections on demand.
    ///
    /// # Errors
    ///
    /// Those of [`Context::database`]. A server that is down is an error of [`Pool::get`]: a [`ConnectError`],
    /// with which `?` ends the program with 1, whatever its reason.
    pub fn pool(&self) -> Result<Pool> {
        self.pool_as()
    }

    /// Returns the pool of connections of a type to the database `default`. If that is of another kind than
    /// the type is for, [`Pool::get`] fails.
    pub fn pool_as<C: Poolable>(&self) -> Result<Pool<C>> {
        Ok(self.database(DatabaseSettings::DEFAULT_ALIAS)?.pool_as())
    }
}

impl From<ConnectError> for CommandError {
    fn from(error: ConnectError) -> Self {
        // Its text is the error's own: as a cause it would be printed twice.
        let command_error = CommandError::fixable(&error, error.hint.as_deref());
        match error.reason {
            Reason::UnsupportedLogin | Reason::NotCompiledIn | Reason::WrongBackend => {
                command_error.exit_code(Exit::CONFIGURATION)
            }
            _ => command_error,
        }
    }
}
