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
         SET statement_timeout = '60s'; SET standard_conforming_strings = on; \
         SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED",
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
    let tables = texts(
        session,
        &format!(
            "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS text {OWN} AND c.relkind IN ('r', 'm') \
             AND pg_catalog.pg_relation_size(c.oid) > 0 ORDER BY c.oid"
        ),
    )?;
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
    let counters: Vec<Counter> = rows.into_iter().filter_map(counter).collect();
    let filled = filled(session, &tables)?;
    let emptying = emptying(&filled, &counters);
    Ok(Original { schema: schema(session)?, filled, counters, emptying })
}

/// Brings a used database back to its original state. Returns `false` or an error if that is not possible.
///
/// It takes three round trips, because thousands of tests wait for it: end other sessions, [empty](emptying)
/// the tables, compare the schema.
pub(super) fn restore(session: &mut Connection, original: &Original) -> Result<bool> {
    let others = "SELECT pid::text AS text, pg_catalog.pg_terminate_backend(pid) \
        FROM pg_catalog.pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    if !alone(session, others, |_, _| {})? {
        return Ok(false);
    }
    session.batch_execute(&original.emptying)?;
    Ok(schema(session)? == original.schema)
}

/// Returns the statement that deletes the rows that tests have left and sets the sequences. It fails if a new
/// database costs less, if rows remain, or if rows of the migrations have changed.
///
/// Its queries see what other sessions have committed before each of them, as the session's isolation level
/// is `READ COMMITTED`.
fn emptying(filled: &[Filled], counters: &[Counter]) -> String {
    let list = |kind: &str, values: &mut dyn Iterator<Item = String>| {
        format!("ARRAY[{}]::{kind}[]", values.collect::<Vec<_>>().join(", "))
    };
    let tables = list("text", &mut filled.iter().map(|filled| literal(&filled.table)));
    let youngest = list("bigint", &mut filled.iter().map(|filled| filled.youngest.to_string()));
    let rows = list("text", &mut filled.iter().map(|filled| literal(&filled.rows)));
    let counters: String = counters
        .iter()
        .map(|Counter { name, value }| {
            format!("PERFORM pg_catalog.setval({}::pg_catalog.regclass, {value});\n", literal(name))
        })
        .collect();
    let body = format!(
        "
DECLARE
    filled CONSTANT text[] := {tables};
    youngest CONSTANT bigint[] := {youngest};
    rows CONSTANT text[] := {rows};
    deletes text[];
    condition text;
    answer text;
    t record;
BEGIN
    -- It would keep its locks.
    IF EXISTS (SELECT FROM pg_catalog.pg_prepared_xacts WHERE database = current_database()) THEN
        RAISE 'a prepared transaction remains';
    END IF;
    -- Triggers that wait for the commit might write rows after the last check.
    SET CONSTRAINTS ALL IMMEDIATE;
    FOR round IN 0..{ROUNDS} LOOP
        deletes := '{{}}';
        FOR t IN
            SELECT name, place, kind, size FROM (
                SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name, c.relkind AS kind, c.oid AS oid,
                    pg_catalog.pg_relation_size(c.oid) AS size {OWN} AND c.relkind IN ('r', 'm')
            ) AS own LEFT JOIN unnest(filled) WITH ORDINALITY AS f (name, place) USING (name)
            WHERE size > 0 ORDER BY oid
        LOOP
            IF t.size > {MOST_BYTES} AND t.place IS NULL THEN
                RAISE 'much was written to %', t.name;
            END IF;
            condition := coalesce(' WHERE xmin::text::bigint > ' || youngest[t.place], '');
            EXECUTE 'SELECT 1 FROM ONLY ' || t.name || condition || ' LIMIT 1' INTO answer;
            CONTINUE WHEN answer IS NULL;
            IF t.kind = 'm' THEN
                RAISE '% is refreshed, not deleted from', t.name;
            END IF;
            deletes := deletes || ('DELETE FROM ONLY ' || t.name || condition);
        END LOOP;
        EXIT WHEN deletes = '{{}}';
        IF round = {ROUNDS} THEN
            RAISE 'triggers write rows again and again';
        END IF;
        -- One statement: foreign keys are checked at its end.
        SELECT coalesce('WITH ' || string_agg(format('d%s AS (%s)', number, part), ', ')
                FILTER (WHERE number < cardinality(deletes)) || ' ', '')
                || deletes[cardinality(deletes)]
            INTO answer FROM unnest(deletes) WITH ORDINALITY AS d (part, number);
        EXECUTE answer;
    END LOOP;
    {counters}FOR place IN 1..cardinality(filled) LOOP
        EXECUTE 'SELECT {ROWS} FROM ONLY ' || filled[place] INTO answer;
        IF answer IS DISTINCT FROM youngest[place] || ' ' || rows[place] THEN
            RAISE 'rows of the migrations changed in %', filled[place];
        END IF;
    END LOOP;
END"
    );
    format!("DO LANGUAGE plpgsql {}", literal(&body))
}

/// The expression for the rows of a table: the youngest transaction that wrote one, and a text that differs if
/// the rows differ.
const ROWS: &str = "concat_ws(chr(32), max(xmin::text::bigint), count(*), sum(xmin::text::bigint))";

/// Quotes a text for SQL.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Returns the tables with rows, and which transactions wrote these.
fn filled(session: &mut Connection, tables: &[String]) -> Result<Vec<Filled>> {
    let queries = tables.iter().enumerate().map(|(index, name)| {
        format!("SELECT '{index} ' || {ROWS} AS text FROM ONLY {name} HAVING count(*) > 0")
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
    let settings = "SELECT 'settings ' || count(*) FROM pg_catalog.pg_db_role_setting s \
        JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase WHERE d.datname = current_database()";
    let parts = [class, settings].map(str::to_owned).into_iter().chain(catalogs);
    let sql = union(parts).unwrap_or_default();
    let mut rows = texts(session, &sql)?;
    rows.sort_unstable();
    Ok(rows.join(" "))
}
