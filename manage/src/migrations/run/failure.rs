//! Why a step failed: the statement, its position in the file, the database's message, and the effects that
//! persist.

use std::fmt;

use diesel::result::Error as QueryError;
use unicode_width::UnicodeWidthStr;

use super::apply::Step;
use super::concurrent_index::bare;
use super::contention::Contention;
use super::control::{OWN_TRANSACTION, Unfit};
use crate::cancellation::Cancelled;
use crate::database::ServerError;
use crate::migrations::script::{Place, Statement};
use crate::migrations::{Direction, Migrations, PlannedMigration};
use crate::settings::Backend;

/// The maximum length of a displayed line.
const WIDTH: usize = 100;

/// Why a migration failed, and which of its effects persist.
#[derive(Debug)]
pub(super) enum Failure {
    /// One of its statements, or its record.
    Step(Box<StepFailure>),
    /// It was not run any further.
    Stopped(anyhow::Error),
}

#[derive(Debug)]
pub(super) struct StepFailure {
    pub(super) left: Left,
    pub(super) source: anyhow::Error,
    /// How to fix it.
    remedy: Option<String>,
}

impl Failure {
    pub(super) fn new(left: Left, source: anyhow::Error) -> Self {
        Self::Step(Box::new(StepFailure { left, source, remedy: None }))
    }

    pub(super) fn with_remedy(mut self, remedy: Option<String>) -> Self {
        if let Self::Step(failure) = &mut self {
            failure.remedy = remedy;
        }
        self
    }

    /// Says that something else stays.
    pub(super) fn keeping(mut self, left: Left) -> Self {
        if let Self::Step(failure) = &mut self {
            failure.left = left;
        }
        self
    }

    pub(super) fn of_step(self, step: &Step) -> anyhow::Error {
        match self {
            Self::Step(failure) => failure.of_step(step).into(),
            Self::Stopped(error) => error,
        }
    }
}

impl StepFailure {
    pub(super) fn of_step(self, step: &Step) -> StepError {
        let Self { left, source, remedy } = self;
        StepError { step: step.clone(), left, source, remedy }
    }
}

/// A run that ended because of a signal.
#[derive(Debug)]
pub(crate) struct StoppedError {
    /// The signal.
    pub(crate) cancelled: Cancelled,
    /// The number of steps that were taken.
    pub(crate) taken: usize,
    /// The next migration.
    pub(crate) next: String,
    /// The step that was under way, and what stayed of it.
    pub(crate) failed: Option<Box<StepError>>,
}

impl StoppedError {
    /// Returns how to continue.
    pub(crate) fn hints(&self) -> Vec<String> {
        match &self.failed {
            Some(failed) if !failed.left.is_certain() => failed.hints(),
            _ => vec!["Run `migrate` again: it continues there.".to_owned()],
        }
    }
}

impl fmt::Display for StoppedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cancelled, taken, next, failed } = self;
        write!(f, "{cancelled} ")?;
        match taken {
            0 => f.write_str("No migration was finished in this run.")?,
            1 => f.write_str("One migration was finished.")?,
            taken => write!(f, "{taken} migrations were finished.")?,
        }
        match failed {
            Some(failed) => write!(f, " The next one, {next}, was under way. {}", failed.left),
            None => write!(f, " The next one is {next}."),
        }
    }
}

impl std::error::Error for StoppedError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cancelled)
    }
}

/// Returns whether the server's result is unknown.
pub(super) fn is_lost(error: &QueryError) -> bool {
    use diesel::result::DatabaseErrorKind::{ClosedConnection, UnableToSendCommand};

    match error {
        QueryError::DatabaseError(ClosedConnection | UnableToSendCommand, _) => true,
        QueryError::RollbackErrorOnCommit { commit_error, .. } => is_lost(commit_error),
        QueryError::BrokenTransactionManager => true,
        _ => false,
    }
}

/// A step that failed.
#[derive(Debug)]
pub(crate) struct StepError {
    /// Which step.
    pub(crate) step: Step,
    /// Its effects that persist in the database.
    pub(crate) left: Left,
    /// The error.
    pub(crate) source: anyhow::Error,
    /// How to fix it.
    pub(crate) remedy: Option<String>,
}

/// The effects of a failed step that persist in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// It did not begin, or was rolled back.
    Nothing,
    /// In a migration without a transaction no statement took effect.
    NothingOfThisRun,
    /// The first `count` of its statements, and the line where the next one begins; if `count` is 0, a part
    /// of the statement in that line.
    Statements {
        /// The number of statements that took effect.
        count: usize,
        /// The total number of statements.
        of: usize,
        /// The line of the first statement that did not take effect; `None` if all did.
        line: Option<usize>,
        /// Whether this is certain: MySQL does not report whether a failed statement committed the preceding
        /// ones.
        is_certain: bool,
        /// Whether the journal says so, and the next run continues there.
        continues: bool,
    },
    /// The connection was lost during the commit.
    Unknown,
}

impl StepError {
    /// Returns how to continue: what to do about the error, and about effects that may persist.
    pub(crate) fn hints(&self) -> Vec<String> {
        let version = &self.step.row.version;
        let (record, is_done) = match self.step.direction {
            Direction::Apply => ("record its version in", "applied"),
            Direction::Revert => ("delete its version from", "reverted"),
        };
        let left = match self.left {
            Left::Nothing | Left::NothingOfThisRun => None,
            Left::Statements { continues: false, .. } => Some(format!(
                "Undo the effects by hand, and run the command again; or do the rest by hand, and {record} \
                 __diesel_schema_migrations: {version}."
            )),
            Left::Statements { is_certain: false, .. } => Some(format!(
                "Check what the statement has done. Then run `migrate` with `--resume {version}=again` to run it (again), \
                 `--resume {version}=done` to continue after it, or, if you have undone everything, `--resume {version}=restart`."
            )),
            Left::Statements { line: Some(line), .. } => Some(format!(
                "Fix the cause, and run the command again: it continues in line {line}, so the statements before it must \
                 stay as they are. Or undo by hand what was done, and run `migrate --resume {version}=restart`."
            )),
            Left::Statements { line: None, .. } => {
                Some("Fix that, and run the command again: only the record is missing.".to_owned())
            }
            Left::Unknown => Some(format!(
                "Check whether `showmigrations` lists it as {is_done}: then all of it was done, otherwise nothing."
            )),
        };
        self.remedy.iter().cloned().chain(left).collect()
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.step.direction {
            Direction::Apply => "applied",
            Direction::Revert => "reverted",
        };
        write!(f, "The migration {} could not be {verb}. {}", self.step.row.name, self.left)
    }
}

impl std::error::Error for StepError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.source.as_ref())
    }
}

impl Left {
    pub(super) fn is_certain(self) -> bool {
        match self {
            Self::Nothing | Self::NothingOfThisRun => true,
            Self::Statements { is_certain, .. } => is_certain,
            Self::Unknown => false,
        }
    }
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Nothing => f.write_str("Nothing of it stayed in the database."),
            Self::NothingOfThisRun => f.write_str("None of its statements took effect in this run."),
            Self::Unknown => f.write_str(
                "The connection was lost during the commit: all of it stayed in the database, or nothing.",
            ),
            Self::Statements { count, of, line, is_certain, .. } => {
                let may = if is_certain { "stayed" } else { "may have stayed" };
                match line {
                    Some(line) if count == 0 => {
                        write!(
                            f,
                            "Part of its statement in line {line} may have taken effect and stayed in the database."
                        )
                    }
                    None if of == 1 && !is_certain => {
                        f.write_str("Its statement, or part of it, may have stayed in the database.")
                    }
                    None if of == 1 => f.write_str("Its statement took effect and stayed in the database."),
                    None => write!(f, "All of its {of} statements took effect and {may} in the database."),
                    Some(line) => write!(
                        f,
                        "{count} of its {of} statements, those before line {line}, took effect and {may} in the database."
                    ),
                }
            }
        }
    }
}

/// Migrations whose files were edited after they were applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EditedError {
    /// The paths of the files, and the versions.
    pub(crate) files: Vec<(String, String)>,
}

impl EditedError {
    /// Returns it for these migrations, if there are some.
    pub(crate) fn of(migrations: &Migrations, rows: &[&PlannedMigration]) -> Option<Self> {
        let entries = rows.iter().filter_map(|row| migrations.entry(row));
        let files: Vec<_> =
            entries.map(|entry| (entry.file(Direction::Apply), entry.version.clone())).collect();
        (!files.is_empty()).then_some(Self { files })
    }
}

impl fmt::Display for EditedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.files.as_slice() {
            [(file, _)] => write!(f, "{file} was edited after it was applied."),
            files => {
                write!(f, "{} files were edited after they were applied:", files.len())?;
                files.iter().try_for_each(|(file, _)| write!(f, "\n    {file}"))
            }
        }
    }
}

impl std::error::Error for EditedError {}

/// Migrations that are older than an applied one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OrderError {
    /// Their names.
    pub(crate) names: Vec<String>,
}

impl fmt::Display for OrderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Out of order, since newer migrations are applied already: {}.", self.names.join(", "))
    }
}

impl std::error::Error for OrderError {}

/// A migration that replaces others, of which only a part is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PartlyReplacedError {
    /// Its name.
    pub(crate) name: String,
    /// The versions that are applied.
    pub(crate) applied: Vec<String>,
}

impl PartlyReplacedError {
    /// Returns it for the first of these migrations that is like this.
    pub(crate) fn of<'a>(rows: impl IntoIterator<Item = &'a PlannedMigration>) -> Option<Self> {
        let row = rows.into_iter().find(|row| !row.partly.is_empty())?;
        Some(Self { name: row.name.clone(), applied: row.partly.clone() })
    }
}

impl fmt::Display for PartlyReplacedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, applied } = self;
        write!(f, "Of the migrations that {name} replaces, only some are applied: {}.", applied.join(", "))
    }
}

impl std::error::Error for PartlyReplacedError {}

/// The migrations to revert that have no `down.sql`, or an empty one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IrreversibleError {
    /// In the order of their reversal, the newest first.
    pub(crate) rows: Vec<PlannedMigration>,
}

impl fmt::Display for IrreversibleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.rows.iter().map(|row| row.name.as_str()).collect();
        match names.as_slice() {
            [name] => write!(
                f,
                "The migration {name} cannot be reverted, because its down.sql is missing or empty. Nothing was reverted."
            ),
            names => write!(
                f,
                "These migrations cannot be reverted, because their down.sql is missing or empty: {}. Nothing was reverted.",
                names.join(", ")
            ),
        }
    }
}

impl std::error::Error for IrreversibleError {}

/// A statement that failed, and its position. The server's details are in the source's
/// [`ServerError`](crate::database::ServerError).
#[derive(Debug)]
pub(crate) struct StatementError {
    file: String,
    message: String,
    pub(super) place: Place,
    /// Whether the column is that of the error, and not just the beginning of the statement.
    is_exact: bool,
    /// The names in a statement that another session got in the way of.
    pub(super) names: Vec<String>,
    source: Option<QueryError>,
}

impl StatementError {
    /// `prefix` is SQL that was sent before the statement, in one text.
    pub(super) fn new(
        file: String,
        statement: &Statement<'_>,
        prefix: &str,
        backend: Backend,
        error: QueryError,
    ) -> Self {
        let server = ServerError::of(&error);
        let message = server.as_ref().map_or_else(|| error.to_string(), |server| server.message().to_owned());
        let names = match server.as_ref().and_then(|server| Contention::of(server)) {
            Some(_) => statement.parts().iter().map(|part| bare(part)).collect(),
            None => Vec::new(),
        };
        let exact = match backend {
            // A position may refer to a statement inside a function.
            Backend::Postgres => server
                .filter(|server| !server.is_internal())
                .and_then(|server| server.position()?.checked_sub(prefix.len() + 1))
                .map(|position| statement.locate(position)),
            Backend::Sqlite => sqlites_text(&message).and_then(|text| statement.locate_text(text)),
            Backend::Mysql => mysqls_text(&message).and_then(|text| statement.locate_text(text)),
        };
        let is_exact = exact.is_some();
        let line = || line_in_message(&message).filter(|_| backend == Backend::Mysql);
        let place = exact
            .or_else(|| line().map(|line| statement.locate_line(line)))
            .unwrap_or_else(|| statement.locate(0));
        Self { file, message, place, is_exact, names, source: Some(error) }
    }

    pub(super) fn unfit(file: String, unfit: Unfit) -> Self {
        Self {
            file,
            message: unfit.why.to_owned(),
            place: unfit.place,
            is_exact: true,
            names: Vec::new(),
            source: None,
        }
    }
}

/// Returns how to continue after a failed statement, if the reason is specific to migrations.
pub(super) fn remedy(
    statement: &Statement<'_>,
    backend: Backend,
    in_transaction: bool,
    error: &QueryError,
) -> Option<String> {
    let words = statement.words(5);
    let is = |word: &str| words.iter().any(|one| one == word);
    let takes_none = match backend {
        // active_sql_transaction, and unsafe_new_enum_value_usage
        Backend::Postgres => {
            ServerError::of(error).is_some_and(|error| matches!(error.sqlstate(), Some("25001" | "55P04")))
        }
        Backend::Sqlite => words.first().is_some_and(|word| word == "VACUUM"),
        Backend::Mysql => false,
    };
    let message = error.to_string();
    if backend == Backend::Sqlite
        && ["error in view ", "error in trigger "].iter().any(|one| message.starts_with(one))
    {
        return Some(USED_BY_OTHERS.to_owned());
    }
    if takes_none && in_transaction {
        return Some(format!("This cannot be done in one transaction. {OWN_TRANSACTION}"));
    }
    let may_leave_index = backend == Backend::Postgres && !in_transaction && is("CONCURRENTLY");
    let named = match words.first().map(String::as_str) {
        Some("CREATE") => ", if the statement names it",
        Some("REINDEX") => "",
        _ => return None,
    };
    may_leave_index.then(|| {
        format!(
            "PostgreSQL keeps an index that it could not finish, marked as invalid. The next run drops it with DROP INDEX \
             CONCURRENTLY{named}."
        )
    })
}

const USED_BY_OTHERS: &str = "Drop views and triggers that use the table before it is dropped or renamed, and create them again \
    afterwards; or write `PRAGMA legacy_alter_table = ON;` at the beginning of the file.";

/// MySQL names the line of a syntax error, counted from the statement's beginning: `… near 'x' at line 2`.
fn line_in_message(message: &str) -> Option<usize> {
    message.rsplit_once(" at line ")?.1.parse().ok().filter(|line| *line > 0)
}

/// SQLite names the token of a syntax error: `near "x": syntax error`; and what does not exist.
fn sqlites_text(message: &str) -> Option<&str> {
    let syntax = || message.strip_prefix("near \"")?.strip_suffix("\": syntax error");
    let missing =
        || message.strip_prefix("no such table: ").or_else(|| message.strip_prefix("no such column: "));
    syntax().or_else(missing).filter(|text| !text.is_empty())
}

/// MySQL quotes what follows a syntax error, up to 80 characters: `… near 'x FORM a' at line 2`; and what does not
/// exist.
fn mysqls_text(message: &str) -> Option<&str> {
    let syntax = || Some(message.rsplit_once("' at line ")?.0.split_once(" near '")?.1);
    let column = || Some(message.strip_prefix("Unknown column '")?.split_once('\'')?.0);
    let table =
        || Some(message.strip_prefix("Table '")?.strip_suffix("' doesn't exist")?.rsplit_once('.')?.1);
    syntax().or_else(column).or_else(table).filter(|text| !text.is_empty())
}

impl fmt::Display for StatementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { line, text, column } = &self.place;
        writeln!(f, "{}", self.message)?;
        writeln!(f, "FILE: {}, line {line}", self.file)?;
        let label = format!("LINE {line}: ");
        let (text, column) = window(text, *column);
        write!(f, "{label}{text}")?;
        if self.is_exact {
            // Some characters are two columns wide on a terminal.
            let before: String = text.chars().take(column).collect();
            write!(f, "\n{}^", " ".repeat(label.width() + before.width()))?;
        }
        Ok(())
    }
}

impl std::error::Error for StatementError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

/// Returns the part of a line around a column, on one screen line: a tab is one column wide.
fn window(text: &str, column: usize) -> (String, usize) {
    let chars: Vec<char> = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let start = if column < WIDTH * 3 / 4 { 0 } else { column - WIDTH / 2 };
    let end = chars.len().min(start + WIDTH);
    let (before, after) = (if start > 0 { "…" } else { "" }, if end < chars.len() { "…" } else { "" });
    let shown: String = chars[start.min(end)..end].iter().collect();
    (format!("{before}{shown}{after}"), column - start + before.chars().count())
}

#[cfg(test)]
mod tests {
    use diesel::result::DatabaseErrorKind;

    use super::*;
    use crate::migrations::script::Script;

    #[test]
    fn a_long_line_is_cut_around_the_column() {
        assert_eq!(window("a\tb", 2), ("a b".to_owned(), 2));
        let long: String = (0..300).map(|i| if i == 200 { 'X' } else { '.' }).collect();
        let (text, column) = window(&long, 200);
        assert_eq!(text.chars().nth(column), Some('X'));
        assert!(text.starts_with('…') && text.ends_with('…') && text.chars().count() == WIDTH + 2);
        assert_eq!(window(&long, 0).0.chars().count(), WIDTH + 1);
        assert_eq!(window("", 0), (String::new(), 0));
    }

    #[test]
    fn sqlites_token_is_found_where_it_occurs_once() {
        let script = Script::new("SELECT 1;\nINSERT INTO a\n  VALEUS (1, a);", Backend::Sqlite);
        let statement = script.statements().nth(1).expect("two");
        let shown = |message: &str| {
            let error = QueryError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.to_owned()));
            StatementError::new("a/up.sql".to_owned(), &statement, "", Backend::Sqlite, error).to_string()
        };
        let text = shown("near \"VALEUS\": syntax error");
        assert!(text.ends_with("line 3\nLINE 3:   VALEUS (1, a);\n          ^"), "{text}");
        let text = shown("near \"a\": syntax error");
        assert!(text.ends_with("line 2\nLINE 2: INSERT INTO a"), "{text}");
    }

    #[test]
    fn the_caret_is_below_its_character_where_others_are_wide() {
        let script = Script::new("SELECT '日本語', é, nope FORM a", Backend::Sqlite);
        let statement = script.statements().next().expect("one");
        let error = "near \"nope\": syntax error".to_owned();
        let error = QueryError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(error));
        let error =
            StatementError::new("a/up.sql".to_owned(), &statement, "", Backend::Sqlite, error).to_string();
        let (line, caret) = error.rsplit_once('\n').expect("two lines");
        let line = line.lines().last().expect("the line");
        let before = line.split_once("nope").expect("the word").0;
        assert_eq!(caret, format!("{}^", " ".repeat(before.chars().count() + 3)), "{error}");
    }

    #[test]
    fn mysqls_line_is_the_files() {
        let script = Script::new("SELECT 1;\n\nINSERT INTO a\n  VALEUS (1);", Backend::Mysql);
        let statement = script.statements().nth(1).expect("two");
        let message = "You have an error in your SQL syntax near 'VALEUS (1)' at line 2".to_owned();
        let error = QueryError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message));
        let error = StatementError::new("a/up.sql".to_owned(), &statement, "", Backend::Mysql, error);
        assert!(
            error.to_string().ends_with("FILE: a/up.sql, line 4\nLINE 4:   VALEUS (1);\n          ^"),
            "{error}"
        );
    }
}
