//! The details that a server reports about a failed statement: Diesel's errors keep the message but not the
//! code.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use diesel::result::{DatabaseErrorInformation, Error as QueryError};

use crate::database::operations::{Operations, operations};
use crate::settings::DatabaseSettings;

/// A server's report about a failed statement.
///
/// It belongs to a Diesel error, which has the message and a kind but not the SQLSTATE, the error number or
/// the context:
///
/// ```no_run
/// use manage::database::ServerError;
///
/// # fn publish() -> diesel::QueryResult<()> { Ok(()) }
/// if let Err(error) = publish() {
///     let is_full = ServerError::of(&error).is_some_and(|error| error.sqlstate() == Some("53100"));
///     assert!(!is_full, "the disk is full");
/// }
/// ```
///
/// PostgreSQL's errors have all details. MySQL's have a message and a number. SQLite's have the result code as far as
/// Diesel's kind and SQLite's fixed texts reveal it.
#[derive(Debug)]
pub struct ServerError {
    settings: Arc<DatabaseSettings>,
    fields: ErrorFields,
    /// MySQL's number.
    number: OnceLock<u16>,
}

/// The readable fields of PostgreSQL's ErrorResponse, and the statement that it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ErrorFields {
    pub(crate) message: String,
    pub(crate) sqlstate: Option<String>,
    /// SQLite's result code, by its name in C.
    pub(crate) result_code: Option<&'static str>,
    pub(crate) detail: Option<String>,
    pub(crate) hint: Option<String>,
    pub(crate) context: Option<String>,
    pub(crate) schema: Option<String>,
    pub(crate) table: Option<String>,
    pub(crate) column: Option<String>,
    pub(crate) data_type: Option<String>,
    pub(crate) constraint: Option<String>,
    /// The statement that was sent, or the one inside a function that failed.
    pub(crate) statement: Option<String>,
    /// The position within the statement, in characters from 1.
    pub(crate) position: Option<usize>,
    /// Whether the statement is one inside a function.
    pub(crate) is_internal: bool,
}

/// A line of a statement, and the position of the error in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorLine {
    /// The line's number, from 1.
    pub number: usize,
    /// The line, without its line ending.
    pub text: String,
    /// How many characters of the line are before the error.
    pub column: usize,
}

/// The errors that still exist. They are kept here because Diesel's errors cannot be downcast to this type.
static ERRORS: Mutex<Vec<Weak<ServerError>>> = Mutex::new(Vec::new());

impl ServerError {
    pub(crate) fn new(settings: &Arc<DatabaseSettings>, mut fields: ErrorFields) -> Arc<Self> {
        redact(settings, &mut fields);
        let error = Arc::new(Self { settings: Arc::clone(settings), fields, number: OnceLock::new() });
        let mut errors = ERRORS.lock().unwrap_or_else(PoisonError::into_inner);
        errors.retain(|error| error.strong_count() > 0);
        errors.push(Arc::downgrade(&error));
        error
    }

    /// Converts it into a Diesel error.
    pub(crate) fn into_diesel(self: Arc<Self>, error: QueryError) -> QueryError {
        match error {
            QueryError::DatabaseError(kind, _) => QueryError::DatabaseError(kind, Box::new(Details(self))),
            error => error,
        }
    }

    /// Returns the server's report, if the error is a server's answer on one of this crate's connections.
    pub fn of(error: &QueryError) -> Option<Arc<Self>> {
        match error {
            // An existing error never moves its message, so the address of the message identifies the error.
            QueryError::DatabaseError(_, information) => {
                find(|error| std::ptr::eq(error.message(), information.message()))
            }
            QueryError::RollbackErrorOnCommit { commit_error, rollback_error } => {
                Self::of(commit_error).or_else(|| Self::of(rollback_error))
            }
            _ => None,
        }
    }

    /// Like [`ServerError::of`], for an error that was passed on with added contexts.
    pub fn in_chain(error: &anyhow::Error) -> Option<Arc<Self>> {
        let mut chain = error.chain();
        if let Some(found) = chain.find_map(|cause| Self::of(cause.downcast_ref()?)) {
            return Some(found);
        }
        // A project's own error type may show Diesel's as if it were its own (`#[error(transparent)]`).
        let text = error.chain().last()?.to_string();
        // A short message may be part of any text by chance.
        let is_in = |message: &str| text == message || (message.len() >= 12 && text.contains(message));
        find(|error| is_in(error.message()))
    }

    /// Returns the database that the statement was sent to.
    pub fn settings(&self) -> &DatabaseSettings {
        &self.settings
    }

    /// Returns the message, usually one line.
    pub fn message(&self) -> &str {
        &self.fields.message
    }

    /// Returns the SQLSTATE: five letters and digits.
    pub fn sqlstate(&self) -> Option<&str> {
        match self.number() {
            #[cfg(feature = "mysql")]
            Some(number) => crate::database::mysql_sqlstate(number),
            _ => self.fields.sqlstate.as_deref(),
        }
    }

    /// Returns the error number of MySQL or MariaDB.
    pub fn number(&self) -> Option<u16> {
        self.number.get().copied()
    }

    #[cfg(feature = "mysql")]
    pub(crate) fn set_number(&self, number: u16) {
        let _ = self.number.set(number);
    }

    /// Returns the code that the server itself uses: PostgreSQL's SQLSTATE, MySQL's number, the name of
    /// SQLite's result code.
    pub fn code(&self) -> Option<String> {
        match (self.number(), self.fields.result_code) {
            (Some(number), _) => Some(number.to_string()),
            (None, Some(name)) => Some(name.to_owned()),
            (None, None) => self.fields.sqlstate.clone(),
        }
    }

    /// Returns PostgreSQL's DETAIL.
    pub fn detail(&self) -> Option<&str> {
        self.fields.detail.as_deref()
    }

    /// Returns PostgreSQL's HINT.
    pub fn hint(&self) -> Option<&str> {
        self.fields.hint.as_deref()
    }

    /// Returns PostgreSQL's CONTEXT: the functions and statements that led to the error, one per line.
    pub fn context(&self) -> Option<&str> {
        self.fields.context.as_deref()
    }

    /// Returns the names that the error is about, with their kinds: `("table", "articles")`.
    pub fn names(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let fields = &self.fields;
        [
            ("schema", &fields.schema),
            ("table", &fields.table),
            ("column", &fields.column),
            ("data type", &fields.data_type),
            ("constraint", &fields.constraint),
        ]
        .into_iter()
        .filter_map(|(kind, name)| Some((kind, name.as_deref()?)))
    }

    /// Returns the statement that failed, if it is known: the one that was sent, or one inside a function
    /// (see [`ServerError::is_internal`]).
    pub fn statement(&self) -> Option<&str> {
        self.fields.statement.as_deref()
    }

    /// Returns the position of the error in the statement, in characters from 1.
    pub fn position(&self) -> Option<usize> {
        self.fields.position
    }

    /// Returns whether the statement and the position refer to a statement inside a function.
    pub fn is_internal(&self) -> bool {
        self.fields.is_internal
    }

    /// Returns the line of the statement that the position is in.
    pub fn line(&self) -> Option<ErrorLine> {
        let (statement, position) = (self.statement()?, self.position()?);
        let before: String = statement.chars().take(position.checked_sub(1)?).collect();
        // A position just after the end means that the statement ended too early.
        let rest = statement.get(before.len()..)?;
        let (above, begin) = before.rsplit_once('\n').unwrap_or(("", &before));
        let number = if before.contains('\n') { above.matches('\n').count() + 2 } else { 1 };
        let end = rest.split('\n').next().unwrap_or_default();
        let text = format!("{begin}{end}").trim_end_matches('\r').to_owned();
        Some(ErrorLine { number, text, column: begin.chars().count() })
    }

    /// Returns the operations of the error's backend, if this program was built with it.
    pub(super) fn operations(&self) -> Option<&'static dyn Operations> {
        operations(self.settings.backend)
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

/// Returns the only error that matches; `None` if several do.
fn find(is_it: impl Fn(&ServerError) -> bool) -> Option<Arc<ServerError>> {
    let errors = ERRORS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut found =
        errors.iter().filter_map(Weak::upgrade).filter(|error| !error.message().is_empty() && is_it(error));
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Removes the password from all fields of an error.
fn redact(settings: &DatabaseSettings, fields: &mut ErrorFields) {
    let Some(secret) = super::connect_error::hidden_password(settings) else { return };
    let ErrorFields { message, detail, hint, context, statement, position, .. } = fields;
    for text in [Some(message), detail.as_mut(), hint.as_mut(), context.as_mut()].into_iter().flatten() {
        if text.contains(secret) {
            *text = text.replace(secret, "…");
        }
    }
    if statement.as_ref().is_some_and(|statement| statement.contains(secret)) {
        (*statement, *position) = (None, None);
    }
}

/// The content of the Diesel error.
struct Details(Arc<ServerError>);

impl DatabaseErrorInformation for Details {
    fn message(&self) -> &str {
        self.0.message()
    }

    fn details(&self) -> Option<&str> {
        self.0.detail()
    }

    fn hint(&self) -> Option<&str> {
        self.0.hint()
    }

    fn table_name(&self) -> Option<&str> {
        self.0.fields.table.as_deref()
    }

    fn column_name(&self) -> Option<&str> {
        self.0.fields.column.as_deref()
    }

    fn constraint_name(&self) -> Option<&str> {
        self.0.fields.constraint.as_deref()
    }

    fn statement_position(&self) -> Option<i32> {
        self.0.position()?.try_into().ok()
    }
}

#[cfg(test)]
mod tests {
    use diesel::result::DatabaseErrorKind;

    use super::*;
    use crate::settings::Origin;

    fn error(message: &str, statement: &str, position: usize) -> Arc<ServerError> {
        let url = "postgres://app:hunter2@db/blog";
        let settings = DatabaseSettings::from_url("default", url, Origin::Code).expect("a URL");
        let (statement, position) = (Some(statement.to_owned()), Some(position));
        let fields =
            ErrorFields { message: message.to_owned(), statement, position, ..ErrorFields::default() };
        ServerError::new(&Arc::new(settings), fields)
    }

    fn diesel_error(message: &str) -> QueryError {
        let plain = QueryError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(String::new()));
        error(message, "", 0).into_diesel(plain)
    }

    #[test]
    fn an_error_is_found_by_itself_and_not_by_its_text() {
        let (first, second) = (diesel_error("it is the same"), diesel_error("it is the same"));
        let found = [&first, &second].map(|error| ServerError::of(error).expect("an error"));
        assert!(!Arc::ptr_eq(&found[0], &found[1]));
        let other =
            QueryError::DatabaseError(DatabaseErrorKind::Unknown, Box::new("it is the same".to_owned()));
        assert!(ServerError::of(&other).is_none());
    }

    #[test]
    fn an_error_is_found_below_contexts_and_in_a_transparent_one() {
        #[derive(Debug)]
        struct Transparent(QueryError);
        impl fmt::Display for Transparent {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl std::error::Error for Transparent {}

        let below = anyhow::Error::from(diesel_error("it is below")).context("above");
        assert_eq!(ServerError::in_chain(&below).expect("an error").message(), "it is below");
        let transparent =
            anyhow::Error::from(Transparent(diesel_error("it is transparent"))).context("above");
        assert_eq!(ServerError::in_chain(&transparent).expect("an error").message(), "it is transparent");
        let _alive = diesel_error("short");
        assert!(ServerError::in_chain(&anyhow::anyhow!("it was shortened")).is_none());
        assert!(ServerError::in_chain(&anyhow::anyhow!("something else")).is_none());
    }

    #[test]
    fn a_position_is_found_in_its_line() {
        let line = |statement: &str, position| {
            error("x", statement, position).line().map(|line| (line.number, line.text, line.column))
        };
        assert_eq!(line("SELECT a", 8), Some((1, "SELECT a".to_owned(), 7)));
        assert_eq!(line("SELECT\r\n  ä, b\r\nFROM t", 14), Some((2, "  ä, b".to_owned(), 5)));
        assert_eq!(line("SELECT\n\n  a", 11), Some((3, "  a".to_owned(), 2)));
        assert_eq!(line("SELECT", 7), Some((1, "SELECT".to_owned(), 6)));
        assert_eq!(line("SELECT", 0), None);
    }

    #[test]
    fn a_password_is_left_out() {
        let error = error("hunter2 is no role", "ALTER ROLE app PASSWORD hunter2", 25);
        assert_eq!(error.message(), "… is no role");
        assert_eq!((error.statement(), error.line()), (None, None));
    }
}
