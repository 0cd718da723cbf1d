//! Empties a used database on MySQL and MariaDB.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::mysql::{READS, sessions};
use super::restore::{Counter, Filled, MOST_BYTES, Original, ROUNDS, alone, union};
use super::texts::texts;
use crate::database::Connection;
use crate::error::Result;

/// What describes the schema: views of `information_schema`, their columns, and the column of the schema.
/// The columns are those that both servers have.
const DESCRIPTIONS: [(&str, &str, &str); 8] = [
    (
        "columns",
        "table_name, column_name, ordinal_position, column_default, is_nullable, column_type, collation_name, extra",
        "table_schema",
    ),
    ("tables", "table_name, table_type, engine, table_collation, create_options", "table_schema"),
    ("statistics", "table_name, index_name, seq_in_index, column_name, non_unique, sub_part", "table_schema"),
    (
        "key_column_usage",
        "table_name, constraint_name, column_name, referenced_table_name, referenced_column_name",
        "table_schema",
    ),
    ("referential_constraints", "table_name, constraint_name, update_rule, delete_rule", "constraint_schema"),
    (
        "triggers",
        "trigger_name, event_object_table, action_timing, event_manipulation, action_statement",
        "trigger_schema",
    ),
    ("views", "table_name, view_definition", "table_schema"),
    ("routines", "routine_name, routine_type, routine_definition", "routine_schema"),
];

/// Prepares a session that empties its database.
pub(super) fn prepare(session: &mut Connection) -> Result<()> {
    session.batch_execute("SET SESSION wait_timeout = 604800")?;
    session.batch_execute("SET SESSION foreign_key_checks = 0")?;
    session.batch_execute("SET SESSION lock_wait_timeout = 30")?;
    session.batch_execute("SET SESSION group_concat_max_len = 1073741824")?;
    // MySQL 8 keeps the numbers of AUTO_INCREMENT for a day. MariaDB has no such variable.
    let _ = session.batch_execute("SET SESSION information_schema_stats_expiry = 0");
    Ok(())
}

/// Reads the state of a new database.
pub(super) fn original(session: &mut Connection) -> Result<Original> {
    let tables = tables(session)?;
    let rows = with_rows(session, tables.iter().map(|table| table.name.as_str()))?;
    let filled = filled(session, &rows)?;
    let counter = |table: Table| Some(Counter { name: table.name, value: table.next? });
    let counters = tables.into_iter().filter_map(counter).collect();
    Ok(Original { schema: schema(session)?, filled, counters, emptying: String::new() })
}

/// Brings a used database back to its original state. Returns `false` if that is not possible.
pub(super) fn restore(session: &mut Connection, original: &Original) -> Result<bool> {
    let alone = alone(session, &sessions("DATABASE()"), |session, id| {
        if id != READS {
            // The session may have ended already.
            let _ = session.batch_execute(&format!("KILL {id}"));
        }
    })?;
    if !alone || !delete(session, original)? {
        return Ok(false);
    }
    for Table { name, next, .. } in tables(session)? {
        let counter = original.counters.iter().find(|counter| counter.name == name);
        if let Some(counter) = counter
            && next.as_ref() != Some(&counter.value)
        {
            session.batch_execute(&format!("ALTER TABLE {name} AUTO_INCREMENT = {}", counter.value))?;
        }
    }
    let names: Vec<String> = original.filled.iter().map(|filled| filled.table.clone()).collect();
    Ok(schema(session)? == original.schema && filled(session, &names)? == original.filled)
}

/// Deletes the rows of tables that were empty. Returns `false` if a new database costs less, or if rows remain.
fn delete(session: &mut Connection, original: &Original) -> Result<bool> {
    let filled = |name: &str| original.filled.iter().any(|filled| filled.table == name);
    for _ in 0..=ROUNDS {
        let tables: Vec<Table> = tables(session)?.into_iter().filter(|table| !filled(&table.name)).collect();
        if tables.iter().any(|table| table.is_large) {
            return Ok(false);
        }
        let left = with_rows(session, tables.iter().map(|table| table.name.as_str()))?;
        if left.is_empty() {
            return Ok(true);
        }
        for name in left {
            session.batch_execute(&format!("DELETE FROM {name}"))?;
        }
    }
    Ok(false)
}

struct Table {
    name: String,
    /// The next `AUTO_INCREMENT`.
    next: Option<String>,
    is_large: bool,
}

fn tables(session: &mut Connection) -> Result<Vec<Table>> {
    let sql = format!(
        "SELECT CONCAT(COALESCE(auto_increment, ''), ' ', data_length > {MOST_BYTES}, ' ', table_name) AS text \
         FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY table_name"
    );
    let table = |row: String| {
        let mut parts = row.splitn(3, ' ');
        let next = parts.next().filter(|next| !next.is_empty()).map(str::to_owned);
        let is_large = parts.next() == Some("1");
        let name = parts.next().unwrap_or_default().replace('`', "``");
        Table { name: format!("`{name}`"), next, is_large }
    };
    Ok(texts(session, &sql)?.into_iter().map(table).collect())
}

/// Returns which of these tables have rows.
fn with_rows<'a>(session: &mut Connection, tables: impl Iterator<Item = &'a str>) -> Result<Vec<String>> {
    let tables: Vec<&str> = tables.collect();
    let query = |(index, name): (usize, &&str)| {
        format!("SELECT '{index}' AS text FROM DUAL WHERE EXISTS (SELECT 1 FROM {name})")
    };
    let Some(sql) = union(tables.iter().enumerate().map(query)) else { return Ok(Vec::new()) };
    let rows = texts(session, &sql)?;
    Ok(rows
        .iter()
        .filter_map(|index| tables.get(index.parse::<usize>().ok()?).map(|&name| name.to_owned()))
        .collect())
}

/// Returns the checksums of these tables.
fn filled(session: &mut Connection, tables: &[String]) -> Result<Vec<Filled>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text, column_name = "Table")]
        table: String,
        #[diesel(sql_type = Nullable<BigInt>, column_name = "Checksum")]
        checksum: Option<i64>,
    }
    if tables.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = diesel::sql_query(format!("CHECKSUM TABLE {}", tables.join(", "))).load(session)?;
    let text = |row: &Row| format!("{} {:?}", row.table, row.checksum);
    let filled =
        |(table, row): (&String, &Row)| Filled { table: table.clone(), rows: text(row), youngest: 0 };
    Ok(tables.iter().zip(&rows).map(filled).collect())
}

/// Returns a text for the schema.
fn schema(session: &mut Connection) -> Result<String> {
    let queries = DESCRIPTIONS.iter().map(|(view, columns, schema)| {
        let values: Vec<String> =
            columns.split(", ").map(|column| format!("COALESCE({column}, '-')")).collect();
        let values = values.join(", ");
        format!(
            "SELECT CONCAT('{view} ', COALESCE(MD5(GROUP_CONCAT(CONCAT_WS('|', {values}) ORDER BY CONCAT_WS('|', {values}))), '-')) AS text \
             FROM information_schema.{view} WHERE {schema} = DATABASE()"
        )
    });
    let sql = union(queries).unwrap_or_default();
    let mut rows = texts(session, &sql)?;
    rows.sort_unstable();
    Ok(rows.join(" "))
}
