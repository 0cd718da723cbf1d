//! The journal's table, and the SQL that writes it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::State;
use super::author::author;
use super::literal::literal;
use crate::database::Connection;
use crate::migrations::Direction;
use crate::settings::Backend;

/// Diesel's table and the journal in a database. Both are in the same schema, and are named with it, because
/// a migration may change the search path.
#[derive(Clone, Debug)]
pub(in crate::migrations) struct Tables {
    backend: Backend,
    /// Diesel's table.
    versions: String,
    journal: String,
    has_journal: bool,
}

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = Text)]
    schema: String,
    #[diesel(sql_type = BigInt)]
    journals: i64,
}

impl Tables {
    /// Returns where the tables are; `None` if Diesel's does not exist.
    pub(super) fn find(connection: &mut Connection) -> QueryResult<Option<Self>> {
        let backend = connection.backend();
        let query = diesel::sql_query(connection.operations().migrations_schema_query());
        let found: Option<Place> =
            connection.with_short_answers(|connection| query.get_result(connection)).optional()?;
        Ok(found.map(|Place { schema, journals }| Self {
            backend,
            versions: format!("{schema}.__diesel_schema_migrations"),
            journal: format!("{schema}.__manage_migrations"),
            has_journal: journals > 0,
        }))
    }

    pub(super) fn rows_query(&self) -> String {
        let Self { backend, versions, journal, has_journal } = self;
        // The two columns may have different collations, which a UNION does not allow.
        let (version, run_on) = match backend {
            Backend::Mysql => ("CONVERT(version USING utf8mb4) COLLATE utf8mb4_bin", "CAST(run_on AS CHAR)"),
            Backend::Postgres | Backend::Sqlite => ("version", "CAST(run_on AS TEXT)"),
        };
        if *has_journal {
            format!(
                "SELECT {version} AS version, {run_on} AS run_on, direction, state, name, checksum, text_hash, statements, statement, done_checksum, begun_checksum FROM {journal} \
                 UNION ALL SELECT {version}, {run_on}, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM {versions}"
            )
        } else {
            let (text, number) = match backend {
                Backend::Postgres => ("NULL::text", "NULL::bigint"),
                Backend::Mysql | Backend::Sqlite => ("NULL", "NULL"),
            };
            format!(
                "SELECT {version} AS version, {run_on} AS run_on, {text} AS direction, {text} AS state, {text} AS name, {text} AS checksum, {text} AS text_hash, \
                 {number} AS statements, {number} AS statement, {text} AS done_checksum, {text} AS begun_checksum FROM {versions}"
            )
        }
    }

    /// Returns the app and the name of each migration that the journal has, by version.
    pub(in crate::migrations) fn origins(
        &self,
        connection: &mut Connection,
    ) -> QueryResult<BTreeMap<String, (String, String)>> {
        #[derive(QueryableByName)]
        struct Origin {
            #[diesel(sql_type = Text)]
            version: String,
            #[diesel(sql_type = Text)]
            app: String,
            #[diesel(sql_type = Text)]
            name: String,
        }
        if !self.has_journal {
            return Ok(BTreeMap::new());
        }
        let query = diesel::sql_query(format!("SELECT version, app, name FROM {}", self.journal));
        let rows: Vec<Origin> = connection.with_short_answers(|connection| query.load(connection))?;
        Ok(rows.into_iter().map(|row| (row.version, (row.app, row.name))).collect())
    }

    /// Returns the SQL that removes versions from both tables.
    pub(in crate::migrations) fn remove(&self, removed: &[&str]) -> String {
        let Self { backend, versions, journal, .. } = self;
        let list = removed.iter().map(|version| literal(version, *backend)).collect::<Vec<_>>().join(", ");
        format!(
            "DELETE FROM {versions} WHERE version IN ({list}); DELETE FROM {journal} WHERE version IN ({list})"
        )
    }

    fn create_journal(&self) -> String {
        let (text, time, rest) = match self.backend {
            Backend::Postgres => ("TEXT", "TIMESTAMPTZ", ""),
            Backend::Sqlite => ("TEXT", "TEXT", ""),
            Backend::Mysql => (
                "VARCHAR(255)",
                "DATETIME(6)",
                " ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
            ),
        };
        format!(
            "CREATE TABLE IF NOT EXISTS {} (version VARCHAR(50) NOT NULL PRIMARY KEY, app {text} NOT NULL, name {text} NOT NULL, \
             direction {text} NOT NULL, state {text} NOT NULL, checksum {text} NOT NULL, text_hash {text} NOT NULL, statements BIGINT NOT NULL, \
             statement BIGINT NOT NULL, done_checksum {text} NOT NULL, begun_checksum {text} NULL, run_on TIMESTAMP NULL, started {time} NOT NULL, \
             finished {time} NULL, migrated_by {text} NOT NULL){rest}",
            self.journal
        )
    }
}

/// Which migration a row is about.
#[derive(Clone, Copy, Debug)]
pub(in crate::migrations) struct Subject<'a> {
    pub(in crate::migrations) app: &'a str,
    pub(in crate::migrations) name: &'a str,
    pub(in crate::migrations) version: &'a str,
    pub(in crate::migrations) direction: Direction,
    /// The checksum of the file.
    pub(in crate::migrations) checksum: &'a str,
    /// The hash of its text.
    pub(in crate::migrations) text_hash: &'a str,
    /// The number of its statements.
    pub(in crate::migrations) statements: usize,
    /// The other versions that are recorded with it: of the migrations in whose place it is.
    pub(in crate::migrations) replaced: &'a [String],
}

/// How far a migration is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::migrations) struct Position {
    pub(in crate::migrations) state: State,
    /// The number of statements that are done.
    pub(in crate::migrations) done: usize,
    /// The checksum of these.
    pub(in crate::migrations) done_checksum: String,
    /// The checksum of the next statement, if it was begun.
    pub(in crate::migrations) begun_checksum: Option<String>,
}

/// The journal of a database that is being migrated.
#[derive(Clone, Debug)]
pub(in crate::migrations) struct Journal {
    tables: Tables,
    author: String,
}

impl Journal {
    /// Creates both tables if they do not exist.
    pub(in crate::migrations) fn open(
        connection: &mut Connection,
        known: Option<Tables>,
    ) -> QueryResult<Self> {
        let tables = match known {
            Some(tables) => tables,
            None => {
                diesel::migration::MigrationConnection::setup(connection)?;
                Tables::find(connection)?.ok_or(diesel::result::Error::NotFound)?
            }
        };
        if !tables.has_journal {
            connection.batch_execute(&tables.create_journal())?;
        }
        Ok(Self { tables, author: author() })
    }

    /// Returns the locks of MySQL that writing the journal takes.
    pub(in crate::migrations) fn locks(&self) -> String {
        format!("{} WRITE, {} READ", self.tables.journal, self.tables.versions)
    }

    /// Returns the SQL that records how far a migration is. `elapsed` is the time since it was begun; without
    /// it, the time of its beginning stays.
    pub(in crate::migrations) fn write(
        &self,
        subject: &Subject<'_>,
        position: &Position,
        elapsed: Option<Duration>,
    ) -> String {
        let Tables { backend, versions, journal, .. } = &self.tables;
        let mut values = Vec::from(self.values(subject, position, elapsed));
        let run_on = format!("(SELECT run_on FROM {versions} WHERE version = {})", values[0].1);
        values.push(("run_on", run_on));
        // The version does not change, and the beginning only with a new one.
        let skipped = if elapsed.is_some() { 1 } else { 2 };
        let list = |of: fn(&(&'static str, String)) -> String, skipped: usize| {
            values.iter().skip(skipped).map(of).collect::<Vec<_>>().join(", ")
        };
        let columns = list(|(column, _)| (*column).to_owned(), 0);
        let inserted = list(|(_, value)| value.clone(), 0);
        // Under LOCK TABLES, MySQL refers to a table once in a statement.
        let change = match backend {
            Backend::Mysql => |(column, value): &(&'static str, String)| match *column {
                "run_on" => "run_on = VALUES(run_on)".to_owned(),
                column => format!("{column} = {value}"),
            },
            Backend::Postgres | Backend::Sqlite => {
                |(column, value): &(&'static str, String)| format!("{column} = {value}")
            }
        };
        let changes = list(change, skipped);
        let otherwise = match backend {
            Backend::Mysql => "ON DUPLICATE KEY UPDATE",
            Backend::Postgres | Backend::Sqlite => "ON CONFLICT (version) DO UPDATE SET",
        };
        format!("INSERT INTO {journal} ({columns}) VALUES ({inserted}) {otherwise} {changes}")
    }

    /// Returns the columns but for `run_on`, and their values as SQL. The version and the beginning come first.
    fn values(
        &self,
        subject: &Subject<'_>,
        position: &Position,
        elapsed: Option<Duration>,
    ) -> [(&'static str, String); 14] {
        let Subject { app, name, version, direction, checksum, text_hash, statements, .. } = *subject;
        let Position { state, done, done_checksum, begun_checksum } = position;
        let backend = self.tables.backend;
        let text = |text: &str| literal(text, backend);
        let direction = match direction {
            Direction::Apply => "apply",
            Direction::Revert => "revert",
        };
        let started = ago(backend, elapsed.unwrap_or_default());
        let finished =
            if *state == State::Finished { ago(backend, Duration::ZERO) } else { "NULL".to_owned() };
        [
            ("version", text(version)),
            ("started", started),
            ("app", text(app)),
            ("name", text(name)),
            ("direction", text(direction)),
            ("state", text(state.name())),
            ("checksum", text(checksum)),
            ("text_hash", text(text_hash)),
            ("statements", statements.to_string()),
            ("statement", done.to_string()),
            ("done_checksum", text(done_checksum)),
            ("begun_checksum", begun_checksum.as_deref().map_or("NULL".to_owned(), text)),
            ("finished", finished),
            ("migrated_by", text(&self.author)),
        ]
    }

    /// Returns the SQL that records that a migration is applied of which the journal has no row. PostgreSQL
    /// needs half the time for it that [`Self::finish`] takes.
    pub(in crate::migrations) fn finish_first(
        &self,
        subject: &Subject<'_>,
        position: &Position,
        elapsed: Option<Duration>,
    ) -> String {
        let Tables { backend, versions, journal, .. } = &self.tables;
        let is_one = subject.direction == Direction::Apply && subject.replaced.is_empty();
        if *backend != Backend::Postgres || !is_one {
            return self.finish(subject, position, elapsed);
        }
        let values = self.values(subject, position, elapsed);
        let columns: Vec<&str> = values.iter().map(|(column, _)| *column).collect();
        let inserted: Vec<&str> = values.iter().map(|(_, value)| value.as_str()).collect();
        format!(
            "WITH applied AS (INSERT INTO {versions} (version) VALUES ({}) RETURNING run_on) \
             INSERT INTO {journal} ({}, run_on) SELECT {}, run_on FROM applied",
            values[0].1,
            columns.join(", "),
            inserted.join(", "),
        )
    }

    /// Returns the SQL that records that a migration is applied or reverted, in both tables.
    pub(in crate::migrations) fn finish(
        &self,
        subject: &Subject<'_>,
        position: &Position,
        elapsed: Option<Duration>,
    ) -> String {
        let Tables { backend, versions, .. } = &self.tables;
        let all = subject.replaced.iter().map(String::as_str).chain([subject.version]);
        let all: Vec<String> = all.map(|version| literal(version, *backend)).collect();
        let mut sql = match subject.direction {
            Direction::Apply => format!("INSERT INTO {versions} (version) VALUES ({})", all.join("), (")),
            Direction::Revert => format!("DELETE FROM {versions} WHERE version IN ({})", all.join(", ")),
        };
        let _ = write!(sql, "; {}", self.write(subject, position, elapsed));
        sql
    }

    /// Removes the row of a migration that was begun and not finished.
    pub(in crate::migrations) fn forget(
        &self,
        connection: &mut Connection,
        version: &str,
    ) -> QueryResult<()> {
        let Tables { backend, journal, .. } = &self.tables;
        let version = literal(version, *backend);
        connection.batch_execute(&format!("DELETE FROM {journal} WHERE version = {version}"))
    }
}

/// Returns the SQL of a time before now, by the database's clock.
fn ago(backend: Backend, time: Duration) -> String {
    let microseconds = time.as_micros();
    match backend {
        Backend::Postgres => {
            format!("pg_catalog.clock_timestamp() - {microseconds} * interval '1 microsecond'")
        }
        Backend::Mysql => format!("UTC_TIMESTAMP(6) - INTERVAL {microseconds} MICROSECOND"),
        Backend::Sqlite => {
            format!("strftime('%Y-%m-%d %H:%M:%f', 'now', '-{:.3} seconds')", time.as_secs_f64())
        }
    }
}
