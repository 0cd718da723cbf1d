//! Hints about a statement that a server rejected, by its error code.

use crate::database::ServerError;

impl ServerError {
    /// Returns a hint of one or two sentences that name the user and the database.
    pub fn remedy(&self) -> Option<String> {
        self.operations()?.remedy(self)
    }

    /// Returns whether unapplied migrations may be the cause: an object does not exist, or the code leaves it
    /// open.
    pub(crate) fn may_lack_migrations(&self) -> bool {
        self.operations().is_some_and(|operations| operations.may_lack_migrations(self))
    }
}

/// Returns whether SQLite could not parse the query, so no migration can fix it.
pub(crate) fn is_sqlite_syntax_error(message: &str) -> bool {
    message.ends_with(": syntax error") || message == "incomplete input"
}

/// The user, the database and the server, for hints.
#[cfg_attr(not(feature = "_network"), expect(dead_code, reason = "a file has neither a user nor a name"))]
pub(in crate::database) struct Who<'a> {
    pub(in crate::database) user: &'a str,
    pub(in crate::database) database: &'a str,
    pub(in crate::database) place: String,
    pub(in crate::database) origin: String,
}

impl<'a> Who<'a> {
    pub(in crate::database) fn of(error: &'a ServerError) -> Self {
        let settings = error.settings();
        let user = settings.user.as_deref().unwrap_or("this user");
        // As in libpq, the default database name is the user's name.
        let database = if settings.name.is_empty() { user } else { &settings.name };
        Self { user, database, place: settings.to_string(), origin: settings.origin.to_string() }
    }
}
