//! PostgreSQL's indexes that are rebuilt concurrently. One that could not be finished leaves another index beside
//! it, marked as invalid: `…_ccnew`, or `…_ccold` if only the old one could not be dropped.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::concurrent_index::{bare, folded};
use crate::database::Connection;
use crate::migrations::script::Statement;

/// What a `REINDEX … CONCURRENTLY` rebuilds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ConcurrentReindex {
    /// An index, as in the statement.
    Index(String),
    /// The indexes of a table, as in the statement.
    Table(String),
    /// Those of a schema, as in `pg_namespace`.
    Schema(String),
    Database,
}

/// An invalid index that a rebuilding left.
#[derive(QueryableByName)]
struct Leftover {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    table: String,
}

impl ConcurrentReindex {
    /// Returns what a statement rebuilds concurrently, if it does.
    pub(super) fn of(statement: &Statement<'_>) -> Option<Self> {
        let parts = statement.parts();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let rest = parts.strip_prefix(&["REINDEX"][..])?;
        let (options, rest) = match rest.iter().position(|part| *part == ")") {
            Some(end) if rest.first() == Some(&"(") => rest.split_at(end + 1),
            _ => (&[][..], rest),
        };
        let (kind, rest) = rest.split_first()?;
        let (is_concurrent, rest) = match rest {
            ["CONCURRENTLY", rest @ ..] => (true, rest),
            _ => (options.contains(&"CONCURRENTLY"), rest),
        };
        let name = |rest: &[&str]| match rest {
            [schema, ".", name] => Some(format!("{}.{}", folded(schema), folded(name))),
            [name] => Some(folded(name)),
            _ => None,
        };
        if !is_concurrent {
            return None;
        }
        match *kind {
            "INDEX" => Some(Self::Index(name(rest)?)),
            "TABLE" => Some(Self::Table(name(rest)?)),
            "SCHEMA" => Some(Self::Schema(bare(rest.first()?))),
            "DATABASE" => Some(Self::Database),
            _ => None,
        }
    }

    /// Returns the quoted names of the invalid indexes that it left. Waits for the end of another session that is
    /// just rebuilding one.
    pub(super) fn leftovers(&self, connection: &mut Connection) -> QueryResult<Vec<String>> {
        let found = self.look(connection)?;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let tables: BTreeSet<&str> = found.iter().map(|leftover| leftover.table.as_str()).collect();
        for table in tables {
            // Rebuilding takes this lock. It is not possible on everything that has indexes.
            let lock = format!("LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE");
            let _ = connection.batch_execute("BEGIN").and_then(|()| connection.batch_execute(&lock));
            connection.batch_execute("ROLLBACK")?;
        }
        Ok(self.look(connection)?.into_iter().map(|leftover| leftover.name).collect())
    }

    fn look(&self, connection: &mut Connection) -> QueryResult<Vec<Leftover>> {
        let (scope, name) = match self {
            // The name is cut if it would be too long.
            Self::Index(name) => (
                "EXISTS (SELECT 1 FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class o ON o.oid = x.indexrelid \
                 WHERE x.indrelid = i.indrelid AND x.indexrelid IN (SELECT pg_catalog.to_regclass($1)::oid \
                 UNION ALL SELECT relid FROM pg_catalog.pg_partition_tree(pg_catalog.to_regclass($1))) \
                 AND (o.relname::text = base.name OR (pg_catalog.octet_length(c.relname::text) > 58 \
                 AND pg_catalog.left(o.relname::text, pg_catalog.length(base.name)) = base.name)))",
                name.as_str(),
            ),
            Self::Table(name) => (
                "COALESCE(m.oid, t.oid) IN (SELECT pg_catalog.to_regclass($1)::oid \
                 UNION ALL SELECT relid FROM pg_catalog.pg_partition_tree(pg_catalog.to_regclass($1)))",
                name.as_str(),
            ),
            Self::Schema(name) => (
                "COALESCE(m.relnamespace, t.relnamespace) IN \
                 (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1)",
                name.as_str(),
            ),
            Self::Database => ("$1 = ''", ""),
        };
        // An index of a TOAST table belongs to the table whose values are there (`m`).
        let query = format!(
            "SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name, \
             pg_catalog.quote_ident(s.nspname) || '.' || pg_catalog.quote_ident(t.relname) AS table \
             FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             JOIN pg_catalog.pg_class t ON t.oid = i.indrelid \
             JOIN pg_catalog.pg_namespace s ON s.oid = t.relnamespace \
             LEFT JOIN pg_catalog.pg_class m ON m.reltoastrelid = t.oid \
             CROSS JOIN LATERAL pg_catalog.regexp_replace(c.relname::text, '_cc(new|old)[0-9]*$', '') AS base (name) \
             WHERE NOT i.indisvalid AND c.relkind = 'i' AND base.name <> c.relname::text AND {scope} ORDER BY 1"
        );
        let query = diesel::sql_query(query).bind::<Text, _>(name);
        connection.with_short_answers(|connection| query.load(connection))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrations::script::Script;
    use crate::settings::Backend;

    #[test]
    fn what_is_rebuilt() {
        let index = |name: &str| Some(ConcurrentReindex::Index(name.to_owned()));
        let table = |name: &str| Some(ConcurrentReindex::Table(name.to_owned()));
        for (sql, expected) in [
            ("REINDEX INDEX CONCURRENTLY A_id", index("a_id")),
            ("reindex (verbose) index concurrently Shop.\"A\"", index("shop.\"A\"")),
            ("REINDEX (CONCURRENTLY, TABLESPACE fast) TABLE a", table("a")),
            ("REINDEX TABLE a", None),
            ("REINDEX SCHEMA CONCURRENTLY \"A \"\"1\"", Some(ConcurrentReindex::Schema("A \"1".to_owned()))),
            ("REINDEX DATABASE CONCURRENTLY shop", Some(ConcurrentReindex::Database)),
            ("CREATE INDEX CONCURRENTLY a_id ON a (id)", None),
        ] {
            let script = Script::new(sql, Backend::Postgres);
            assert_eq!(ConcurrentReindex::of(&script.statements().next().expect("one")), expected, "{sql}");
        }
    }
}
