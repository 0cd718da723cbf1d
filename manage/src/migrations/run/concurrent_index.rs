//! PostgreSQL's indexes that are built concurrently. One that could not be finished remains, marked as
//! invalid: it has to be dropped before it can be built again.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use crate::database::Connection;
use crate::migrations::script::Statement;

/// The index that a `CREATE INDEX CONCURRENTLY` creates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ConcurrentIndex {
    /// As in `pg_class`; `None` if PostgreSQL chooses it.
    name: Option<String>,
    /// As in the statement.
    table: String,
}

/// What is there of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    Valid,
    /// Its quoted name.
    Invalid(String),
    /// It has no name by which it could be found.
    Unknown,
}

#[derive(QueryableByName)]
struct Index {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    valid: bool,
}

impl ConcurrentIndex {
    /// Returns the index of a statement, if it is one that builds an index concurrently.
    pub(super) fn of(statement: &Statement<'_>) -> Option<Self> {
        let parts = statement.parts();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let rest = match parts.as_slice() {
            ["CREATE", "INDEX", "CONCURRENTLY", rest @ ..]
            | ["CREATE", "UNIQUE", "INDEX", "CONCURRENTLY", rest @ ..] => rest,
            _ => return None,
        };
        let rest = rest.strip_prefix(&["IF", "NOT", "EXISTS"][..]).unwrap_or(rest);
        let (name, rest) = match rest {
            ["ON", rest @ ..] => (None, rest),
            [name, "ON", rest @ ..] => (Some(bare(name)), rest),
            _ => return None,
        };
        let rest = rest.strip_prefix(&["ONLY"][..]).unwrap_or(rest);
        let table = match rest {
            [schema, ".", table, ..] => format!("{}.{}", folded(schema), folded(table)),
            [table, ..] => folded(table),
            [] => return None,
        };
        Some(Self { name, table })
    }

    /// Returns whether it can be found by its name.
    pub(super) fn has_name(&self) -> bool {
        self.name.is_some()
    }

    /// Looks what is there of it. If it is invalid because another session is just building it, waits for
    /// that to end.
    pub(super) fn find(&self, connection: &mut Connection) -> QueryResult<Found> {
        let Some(name) = &self.name else { return Ok(Found::Unknown) };
        let found = self.look(connection, name)?;
        if !matches!(found, Found::Invalid(_)) {
            return Ok(found);
        }
        // Building takes this lock. It is not possible on everything that has indexes.
        let lock = format!("LOCK TABLE {} IN SHARE UPDATE EXCLUSIVE MODE", self.table);
        let _ = connection.batch_execute("BEGIN").and_then(|()| connection.batch_execute(&lock));
        connection.batch_execute("ROLLBACK")?;
        self.look(connection, name)
    }

    fn look(&self, connection: &mut Connection, name: &str) -> QueryResult<Found> {
        let query = diesel::sql_query(
            "SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name, i.indisvalid AS valid \
             FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE i.indrelid = pg_catalog.to_regclass($1) AND c.relname = $2",
        );
        let query = query.bind::<Text, _>(&self.table).bind::<Text, _>(name);
        let found: Option<Index> =
            connection.with_short_answers(|connection| query.get_result(connection)).optional()?;
        Ok(match found {
            None => Found::Nothing,
            Some(index) if index.valid => Found::Valid,
            Some(index) => Found::Invalid(index.name),
        })
    }
}

/// Returns a name as PostgreSQL stores it.
pub(super) fn bare(name: &str) -> String {
    match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => name.to_lowercase(),
    }
}

/// Returns a name in quotes, or in small letters.
pub(super) fn folded(name: &str) -> String {
    if name.starts_with('"') { name.to_owned() } else { name.to_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrations::script::Script;
    use crate::settings::Backend;

    #[test]
    fn the_index_and_its_table() {
        for (sql, expected) in [
            ("CREATE INDEX CONCURRENTLY a_id ON a (id)", Some((Some("a_id"), "a"))),
            (
                "create unique index concurrently if not exists \"A \"\"1\" on only Shop.\"A\" using btree (id)",
                Some((Some("A \"1"), "shop.\"A\"")),
            ),
            ("CREATE INDEX CONCURRENTLY ON a (id)", Some((None, "a"))),
            ("CREATE INDEX a_id ON a (id)", None),
            ("DROP INDEX CONCURRENTLY a_id", None),
        ] {
            let script = Script::new(sql, Backend::Postgres);
            let found = ConcurrentIndex::of(&script.statements().next().expect("one"));
            let expected = expected.map(|(name, table)| ConcurrentIndex {
                name: name.map(str::to_owned),
                table: table.to_owned(),
            });
            assert_eq!(found, expected, "{sql}");
        }
    }
}
