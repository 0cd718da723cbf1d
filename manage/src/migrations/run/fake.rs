//! Records migrations without running them: `--fake` and `--fake-initial`.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::apply::Step;
use crate::database::Connection;
use crate::migrations::journal::{Journal, JournalRow, Position, State, Subject};
use crate::migrations::script::{Checksum, Script};
use crate::migrations::source::Entry;
use crate::migrations::{Direction, Migrations};
use crate::settings::Backend;

/// Which migrations are recorded without being run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fake {
    #[default]
    No,
    /// All of them.
    All,
    /// The first of an app, if the tables that it creates exist.
    Initial,
}

/// What becomes of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Faking {
    /// It is run.
    Run,
    /// It is only recorded.
    Record,
    /// It is continued, although it would be recorded if an earlier run had not begun it: the tables may be
    /// that run's.
    Continue,
}

impl Fake {
    /// Decides about a step. `earlier` is how far an earlier run got with it.
    pub(super) fn decide(
        self,
        connection: &mut Connection,
        migrations: &Migrations,
        entry: &Entry,
        step: &Step,
        earlier: Option<&JournalRow>,
    ) -> QueryResult<Faking> {
        match self {
            Self::No => return Ok(Faking::Run),
            Self::All => return Ok(Faking::Record),
            Self::Initial => {}
        }
        let first = migrations.entries.iter().find(|other| other.app == entry.app);
        let is_first = first.is_some_and(|first| first.version == entry.version);
        if !is_first || step.direction == Direction::Revert {
            return Ok(Faking::Run);
        }
        let tables = entry.script(Direction::Apply).map(|script| script.created_tables());
        let tables = tables.unwrap_or_default();
        for table in &tables {
            if !exists(connection, table)? {
                return Ok(Faking::Run);
            }
        }
        // Of a migration whose first statement failed, nothing was done.
        let has_begun = earlier.is_some_and(|earlier| earlier.state != State::Ready || earlier.done > 0);
        Ok(match tables.is_empty() {
            true => Faking::Run,
            false if has_begun => Faking::Continue,
            false => Faking::Record,
        })
    }
}

/// Returns whether a table exists. Its name is in parts, as written in SQL.
fn exists(connection: &mut Connection, name: &[String]) -> QueryResult<bool> {
    let last = unquoted(name.last().map_or("", String::as_str));
    let number = diesel::dsl::sql::<BigInt>;
    let found: i64 = match connection.backend() {
        // It reads names as SQL does, with the search path.
        Backend::Postgres => {
            let query = number("CAST(CASE WHEN pg_catalog.to_regclass(").bind::<Text, _>(name.join("."));
            diesel::select(query.sql(") IS NULL THEN 0 ELSE 1 END AS BIGINT)")).get_result(connection)?
        }
        Backend::Sqlite => {
            let query = number("(SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = ");
            diesel::select(query.bind::<Text, _>(last).sql(" COLLATE NOCASE)")).get_result(connection)?
        }
        Backend::Mysql => {
            let schema = name.len().checked_sub(2).map(|place| unquoted(&name[place])).unwrap_or_default();
            let query = number(
                "(SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = COALESCE(NULLIF(",
            );
            let query = query.bind::<Text, _>(schema).sql(", ''), DATABASE()) AND table_name = ");
            diesel::select(query.bind::<Text, _>(last).sql(")")).get_result(connection)?
        }
    };
    Ok(found > 0)
}

/// Returns a name without its quotes.
fn unquoted(name: &str) -> String {
    let quoted = |open: char, close: char| {
        let inner = name.strip_prefix(open)?.strip_suffix(close)?;
        Some(inner.replace(&format!("{close}{close}"), &close.to_string()))
    };
    let quotes = [('"', '"'), ('`', '`'), ('[', ']')];
    quotes.iter().find_map(|(open, close)| quoted(*open, *close)).unwrap_or_else(|| name.to_owned())
}

/// Records a migration as applied or reverted, in Diesel's table and in the journal.
pub(super) fn record(
    connection: &mut Connection,
    journal: &Journal,
    entry: &Entry,
    direction: Direction,
) -> QueryResult<()> {
    // What has no `down.sql` may be recorded as reverted, too.
    let script = entry.script(direction).unwrap_or_else(|| Script::new("", connection.backend()));
    let (checksum, text_hash) = (script.checksum(), script.text_hash());
    let statements = script.statements().count();
    let replaced = entry.replaced_versions();
    let subject = Subject {
        app: entry.app,
        name: entry.name(),
        version: &entry.version,
        direction,
        checksum: &checksum,
        text_hash: &text_hash,
        statements,
        replaced: &replaced,
    };
    let position = Position {
        state: State::Finished,
        done: statements,
        done_checksum: Checksum::of(script.statements()).text(),
        begun_checksum: None,
    };
    let sql = journal.finish(&subject, &position, None);
    connection.transaction(|connection| connection.batch_execute(&sql))
}
