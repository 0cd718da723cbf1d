//! Empties a used database on PostgreSQL.
//!
//! `TRUNCATE` would create new files for each table and its indexes. Instead, rows that are younger than the
//! migrations' are deleted. Every row has the id of the transaction that wrote it (`xmin`), which a copy of a
//! database keeps: so the catalogs show whether a test has changed the schema, and a table of the migrations
//! whether its own rows are as they were.

use diesel::connection::SimpleConnection;

use super::restore::{Counter, Filled, MOST_BYTES, Original, ROUNDS, alone, union};
use super::texts::texts;
use crate::database::Connection;
use crate::error::Result;

/// The catalogs that schema changes write to, beside `pg_class`, and the condition for their rows.
const CATALOGS: [(&str, &str); 24] = [
    ("pg_attrdef", ""),
    ("pg_attribute", "WHERE attrelid >= 16384"),
    ("pg_cast", ""),
    ("pg_collation", "WHERE oid >= 16384"),
    ("pg_constraint", ""),
    ("pg_conversion", "WHERE oid >= 16384"),
    ("pg_default_acl", ""),
    ("pg_enum", ""),
    ("pg_event_trigger", ""),
    ("pg_extension", ""),
    ("pg_foreign_server", ""),
    ("pg_foreign_table", ""),
    ("pg_index", "WHERE indexrelid >= 16384"),
    ("pg_inherits", ""),
    ("pg_largeobject_metadata", ""),
    ("pg_namespace", "WHERE nspname !~ '^pg_(toast_)?temp_'"),
    ("pg_operator", "WHERE oid >= 16384"),
    ("pg_policy", ""),
    ("pg_proc", "WHERE oid >= 16384"),
    ("pg_rewrite", ""),
    ("pg_sequence", ""),
    ("pg_statistic_ext", ""),
    ("pg_trigger", ""),
    ("pg_type", "WHERE oid >= 16384"),
];

/// Tables, sequences and the like that belong to the database's users.
const OWN: &str = "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.oid >= 16384 AND c.relpersistence <> 't' AND n.nspname !~ '^pg_'";

/// Prepares a session that empties its database.
pub(super) fn prepare(session: &mut Connection) -> Result<()> {
    // A policy must not hide rows. Nothing here may wait for long, and nothing needs to survive a crash.
    session.batch_execute(
        "SET row_security = off; SET synchronous_commit = off; SET lock_timeout = '30s'; \
         SET statement_timeout = '60s'",
    )?;
    // The session is idle during a test. Since PostgreSQL 14.
    texts(
        session,
        "SELECT set_config(name, '0', false) AS text FROM pg_catalog.pg_settings WHERE name = 'idle_session_timeout'",
    )?;
    Ok(())
}

/// Reads the state of a new database.
pub(super) fn original(session: &mut Connection) -> Result<Original> {
    let tables = tables(session)?.into_iter().map(|table| table.name).collect::<Vec<_>>();
    let sequences = texts(
        session,
        &format!(
            "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS text {OWN} AND c.relkind = 'S' ORDER BY 1"
        ),
    )?;
    let values = sequences.iter().enumerate().map(|(index, name)| {
        format!("SELECT '{index} ' || last_value || ', ' || is_called AS text FROM {name}")
    });
    let rows = match union(values) {
        Some(sql) => texts(session, &sql)?,
        None => Vec::new(),
    };
    let counter = |row: String| {
        let (index, value) = row.split_once(' ')?;
        let name = sequences.get(index.parse::<usize>().ok()?)?.clone();
        Some(Counter { name, value: value.to_owned() })
    };
    let counters = rows.into_iter().filter_map(counter).collect();
    Ok(Original { schema: schema(session)?, filled: filled(session, &tables)?, counters })
}

/// Brings a used database back to its original state. Returns `false` if that is not possible.
pub(super) fn restore(session: &mut Connection, original: &Original) -> Result<bool> {
    let others = "SELECT pid::text AS text FROM pg_catalog.pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    let alone = alone(session, others, |session, pid| {
        let _ = session.batch_execute(&format!("SELECT pg_catalog.pg_terminate_backend({pid})"));
    })?;
    let outside = "SELECT 'transaction' AS text FROM pg_catalog.pg_prepared_xacts WHERE database = current_database() \
        UNION ALL SELECT 'setting' FROM pg_catalog.pg_db_role_setting s \
        JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase WHERE d.datname = current_database()";
    if !alone || !texts(session, outside)?.is_empty() || !delete(session, original)? {
        return Ok(false);
    }
    if !original.counters.is_empty() {
        let values: Vec<String> = original
            .counters
            .iter()
            .map(|Counter { name, value }| format!("('{}', {value})", name.replace('\'', "''")))
            .collect();
        session.batch_execute(&format!(
            "SELECT pg_catalog.count(pg_catalog.setval(q.s::regclass, q.v::bigint, q.c)) FROM (VALUES {}) AS q (s, v, c)",
            values.join(", ")
        ))?;
    }
    let tables: Vec<String> = original.filled.iter().map(|filled| filled.table.clone()).collect();
    Ok(schema(session)? == original.schema && filled(session, &tables)? == original.filled)
}

/// Deletes the rows that tests have left. Returns `false` if a new database costs less, or if rows remain.
fn delete(session: &mut Connection, original: &Original) -> Result<bool> {
    for _ in 0..=ROUNDS {
        let tables = tables(session)?;
        let young = |name: &str| {
            let filled = original.filled.iter().find(|filled| filled.table == name);
            filled.map_or(String::new(), |filled| format!(" WHERE xmin::text::bigint > {}", filled.youngest))
        };
        let left = tables.iter().enumerate().map(|(index, Table { name, .. })| {
            format!("SELECT '{index}' AS text WHERE EXISTS (SELECT FROM ONLY {name}{})", young(name))
        });
        let Some(sql) = union(left) else { return Ok(true) };
        let left: Vec<&Table> = texts(session, &sql)?
            .iter()
            .filter_map(|index| tables.get(index.parse::<usize>().ok()?))
            .collect();
        let filled = |name: &str| original.filled.iter().any(|filled| filled.table == name);
        if tables.iter().any(|table| table.is_large && !filled(&table.name)) {
            return Ok(false);
        }
        // A materialized view is refreshed, not deleted from.
        if left.iter().any(|table| table.is_view) {
            return Ok(false);
        }
        // One statement: foreign keys are checked at its end.
        let mut deletes: Vec<String> = left
            .iter()
            .map(|table| format!("DELETE FROM ONLY {}{}", table.name, young(&table.name)))
            .collect();
        let Some(last) = deletes.pop() else { return Ok(true) };
        let with: Vec<String> =
            deletes.iter().enumerate().map(|(index, delete)| format!("d{index} AS ({delete})")).collect();
        let with = if with.is_empty() { String::new() } else { format!("WITH {} ", with.join(", ")) };
        session.batch_execute(&format!("{with}{last}"))?;
    }
    Ok(false)
}

/// A table that is not empty, or was not.
struct Table {
    name: String,
    is_view: bool,
    is_large: bool,
}

fn tables(session: &mut Connection) -> Result<Vec<Table>> {
    let sql = format!(
        "SELECT c.relkind::text || (CASE WHEN pg_catalog.pg_relation_size(c.oid) > {MOST_BYTES} THEN 'l' ELSE 's' END) || \
         pg_catalog.format('%I.%I', n.nspname, c.relname) AS text {OWN} AND c.relkind IN ('r', 'm') \
         AND pg_catalog.pg_relation_size(c.oid) > 0 ORDER BY c.oid"
    );
    let table = |row: String| Table {
        name: row[2..].to_owned(),
        is_view: row.starts_with('m'),
        is_large: row[1..].starts_with('l'),
    };
    Ok(texts(session, &sql)?.into_iter().map(table).collect())
}

/// Returns the tables with rows, and which transactions wrote these.
fn filled(session: &mut Connection, tables: &[String]) -> Result<Vec<Filled>> {
    let queries = tables.iter().enumerate().map(|(index, name)| {
        format!(
            "SELECT '{index} ' || max(xmin::text::bigint) || ' ' || count(*) || ':' || sum(xmin::text::bigint) AS text \
             FROM ONLY {name} HAVING count(*) > 0"
        )
    });
    let Some(sql) = union(queries) else { return Ok(Vec::new()) };
    let mut filled = Vec::new();
    for row in texts(session, &sql)? {
        let mut parts = row.splitn(3, ' ');
        let table = parts.next().and_then(|index| tables.get(index.parse::<usize>().ok()?));
        let youngest = parts.next().and_then(|number| number.parse().ok());
        if let (Some(table), Some(youngest), Some(rows)) = (table, youngest, parts.next()) {
            filled.push(Filled { table: table.clone(), rows: rows.to_owned(), youngest });
        }
    }
    filled.sort_unstable_by(|one, other| one.table.cmp(&other.table));
    Ok(filled)
}

/// Returns a text for the schema. `pg_class` also changes by `TRUNCATE`, which is no change of the schema.
fn schema(session: &mut Connection) -> Result<String> {
    let class = "SELECT md5(string_agg(concat_ws(',', oid, relname, relnamespace, relowner, relam, reltablespace, \
         relkind, relpersistence, relnatts, relrowsecurity, relforcerowsecurity, relispartition, relreplident, \
         reloptions, relacl), ';' ORDER BY oid)) AS text \
         FROM pg_catalog.pg_class WHERE oid >= 16384 AND relpersistence <> 't'";
    let catalogs = CATALOGS.iter().map(|(catalog, condition)| {
        format!(
            "SELECT '{catalog} ' || count(*) || ':' || coalesce(sum(xmin::text::bigint), 0) \
             FROM pg_catalog.{catalog} {condition}"
        )
    });
    let sql = union(std::iter::once(class.to_owned()).chain(catalogs)).unwrap_or_default();
    let mut rows = texts(session, &sql)?;
    rows.sort_unstable();
    Ok(rows.join(" "))
}
