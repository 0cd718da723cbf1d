//! Reads Diesel's table and the journal.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::table::Tables;
use crate::database::Connection;
use crate::migrations::Direction;

/// How far a migration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::migrations) enum State {
    /// The statements before the next one are done.
    Ready,
    /// In addition, the next one was begun.
    Begun,
    /// All is done, and Diesel's table says so.
    Finished,
}

impl State {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Begun => "begun",
            Self::Finished => "finished",
        }
    }

    fn of(name: &str) -> Option<Self> {
        [Self::Ready, Self::Begun, Self::Finished].into_iter().find(|state| state.name() == name)
    }
}

/// A row of the journal that Diesel's table does not contradict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::migrations) struct JournalRow {
    pub(in crate::migrations) direction: Direction,
    pub(in crate::migrations) state: State,
    /// The migration's name.
    pub(in crate::migrations) name: String,
    /// The checksum of the file.
    pub(in crate::migrations) checksum: String,
    /// The hash of its text.
    pub(in crate::migrations) text_hash: String,
    /// The number of its statements.
    pub(in crate::migrations) statements: usize,
    /// The number of statements that are done.
    pub(in crate::migrations) done: usize,
    /// The checksum of these.
    pub(in crate::migrations) done_checksum: String,
    /// The checksum of the statement that was begun.
    pub(in crate::migrations) begun_checksum: Option<String>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    version: String,
    /// When Diesel's table recorded the version: the journal's row belongs to that record.
    #[diesel(sql_type = Nullable<Text>)]
    run_on: Option<String>,
    /// `None` for a row of Diesel's table.
    #[diesel(sql_type = Nullable<Text>)]
    direction: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    state: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    checksum: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    text_hash: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    statements: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    statement: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    done_checksum: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    begun_checksum: Option<String>,
}

impl Row {
    /// `diesel_run_on` is when Diesel's table recorded the version, if it is applied.
    fn journal_row(self, diesel_run_on: Option<&str>) -> Option<JournalRow> {
        let direction = match self.direction?.as_str() {
            "apply" => Direction::Apply,
            "revert" => Direction::Revert,
            _ => return None,
        };
        let state = State::of(&self.state?)?;
        let is_of_record = diesel_run_on.is_some() && self.run_on.as_deref() == diesel_run_on;
        let holds = match (direction, state) {
            // Diesel's tools may have reverted it since, or applied it again.
            (Direction::Apply, State::Finished) => is_of_record,
            (Direction::Apply, _) => diesel_run_on.is_none(),
            (Direction::Revert, State::Finished) => false,
            (Direction::Revert, _) => is_of_record,
        };
        holds.then_some(JournalRow {
            direction,
            state,
            name: self.name?,
            checksum: self.checksum?,
            text_hash: self.text_hash?,
            statements: usize::try_from(self.statements?).ok()?,
            done: usize::try_from(self.statement?).ok()?,
            done_checksum: self.done_checksum?,
            begun_checksum: self.begun_checksum,
        })
    }
}

/// The applied versions, and the rows of the journal, both by version.
#[derive(Debug, Default)]
pub(in crate::migrations) struct Recorded {
    pub(in crate::migrations) applied: BTreeMap<String, String>,
    pub(in crate::migrations) journal: BTreeMap<String, JournalRow>,
    /// The versions of all rows of the journal, also of those that Diesel's table contradicts.
    pub(in crate::migrations) noted: BTreeSet<String>,
}

/// Reads both tables, as far as they exist.
pub(in crate::migrations) fn read(connection: &mut Connection) -> QueryResult<(Option<Tables>, Recorded)> {
    let Some(tables) = Tables::find(connection)? else { return Ok((None, Recorded::default())) };
    let query = diesel::sql_query(tables.rows_query());
    let rows: Vec<Row> = connection.with_short_answers(|connection| query.load(connection))?;
    let (journal, versions): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.direction.is_some());
    let applied: BTreeMap<String, String> =
        versions.into_iter().map(|row| (row.version, row.run_on.unwrap_or_default())).collect();
    let noted = journal.iter().map(|row| row.version.clone()).collect();
    let journal = journal
        .into_iter()
        .filter_map(|row| {
            let run_on = applied.get(&row.version).map(String::as_str);
            Some((row.version.clone(), row.journal_row(run_on)?))
        })
        .collect();
    Ok((Some(tables), Recorded { applied, journal, noted }))
}
