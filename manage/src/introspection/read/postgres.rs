//! PostgreSQL's catalog. Unlike `information_schema` it shows the keys to every role.

use diesel::QueryResult;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};

use super::server_rows::{ColumnRow, Queries};
use super::{Raw, RawColumn};
use crate::database::Connection;
use crate::introspection::model::ColumnType;
use crate::introspection::options::{ColumnSorting, PrintSchema};

/// The schema that is read if none is named, as by print-schema, whatever the search path is.
const DEFAULT_SCHEMA: &str = "public";

/// The tables and partitioned tables that the role may use.
const TABLES: &str = "\
    SELECT c.relname::text AS name, pg_catalog.obj_description(c.oid, 'pg_class') AS comment \
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') \
    AND (pg_catalog.pg_has_role(c.relowner, 'USAGE') \
        OR pg_catalog.has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER') \
        OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))";

const VIEWS: &str = "\
    SELECT c.relname::text AS name \
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname = $1 AND c.relkind IN ('v', 'm', 'f') ORDER BY c.relname";

/// A column of a domain has the domain's base type, and the domain itself beside it.
const COLUMNS: &str = "\
    SELECT c.relname::text AS table_name, a.attname::text AS name, \
        coalesce(base.typname, t.typname)::text AS type_name, \
        coalesce(base_schema.nspname, type_schema.nspname)::text AS type_schema, \
        CASE WHEN t.typtype = 'd' THEN t.typname::text END AS domain_name, \
        type_schema.nspname::text AS own_schema, \
        (CASE WHEN a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) THEN 0 ELSE 1 END)::int8 AS nullable, \
        information_schema._pg_char_max_length( \
            CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END, \
            CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END)::int8 AS max_length, \
        pg_catalog.col_description(c.oid, a.attnum) AS comment \
    FROM pg_catalog.pg_attribute a \
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
    JOIN pg_catalog.pg_namespace type_schema ON type_schema.oid = t.typnamespace \
    LEFT JOIN (pg_catalog.pg_type base \
            JOIN pg_catalog.pg_namespace base_schema ON base_schema.oid = base.typnamespace) \
        ON t.typtype = 'd' AND base.oid = t.typbasetype \
    WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped \
    ORDER BY c.relname, a.attnum";

const PRIMARY_KEYS: &str = "\
    SELECT c.relname::text AS table_name, a.attname::text AS name \
    FROM pg_catalog.pg_constraint k \
    JOIN pg_catalog.pg_class c ON c.oid = k.conrelid \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    CROSS JOIN LATERAL unnest(k.conkey) WITH ORDINALITY AS part(attnum, position) \
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = part.attnum \
    WHERE n.nspname = $1 AND k.contype = 'p' \
    ORDER BY c.relname, part.position";

/// The foreign keys inside the schema.
const FOREIGN_KEYS: &str = "\
    SELECT k.oid::text AS id, k.conname::text AS name, child.relname::text AS child, parent.relname::text AS parent, \
        NULLIF(n.nspname::text, 'public') AS parent_schema, \
        a.attname::text AS child_column, parent_a.attname::text AS parent_column \
    FROM pg_catalog.pg_constraint k \
    JOIN pg_catalog.pg_class child ON child.oid = k.conrelid \
    JOIN pg_catalog.pg_class parent ON parent.oid = k.confrelid AND parent.relnamespace = child.relnamespace \
    JOIN pg_catalog.pg_namespace n ON n.oid = child.relnamespace \
    CROSS JOIN LATERAL ROWS FROM (unnest(k.conkey), unnest(k.confkey)) \
        WITH ORDINALITY AS part(attnum, parent_attnum, position) \
    JOIN pg_catalog.pg_attribute a ON a.attrelid = child.oid AND a.attnum = part.attnum \
    JOIN pg_catalog.pg_attribute parent_a ON parent_a.attrelid = parent.oid AND parent_a.attnum = part.parent_attnum \
    WHERE n.nspname = $1 AND k.contype = 'f' \
    ORDER BY k.oid, part.position";

const QUERIES: Queries =
    Queries { tables: TABLES, primary_keys: PRIMARY_KEYS, foreign_keys: FOREIGN_KEYS, views: VIEWS };

/// What only PostgreSQL's columns have.
#[derive(QueryableByName)]
struct TypeRow {
    #[diesel(embed)]
    column: ColumnRow,
    #[diesel(sql_type = Text)]
    type_schema: String,
    #[diesel(sql_type = Nullable<Text>)]
    domain_name: Option<String>,
    /// The schema of the column's own type, which may be a domain.
    #[diesel(sql_type = Text)]
    own_schema: String,
}

pub(super) fn read(connection: &mut Connection, options: &PrintSchema) -> QueryResult<Raw> {
    let schema = options.schema.as_deref().unwrap_or(DEFAULT_SCHEMA);
    let columns: Vec<TypeRow> = diesel::sql_query(COLUMNS).bind::<Text, _>(schema).load(connection)?;
    let mut raw = QUERIES.read(connection, schema, DEFAULT_SCHEMA)?;
    for row in columns {
        let ty = column_type(&row, options);
        let TypeRow { column, .. } = row;
        if ty.is_array && matches!(ty.sql_name.as_str(), "varchar" | "citext") {
            raw.notes.push(format!(
                "The column {}.{} has the type {}[], which PostgreSQL does not convert to text[]: declare it as text[].",
                column.table_name, column.name, ty.sql_name
            ));
        }
        let table = raw.columns.entry(column.table_name).or_default();
        table.push(RawColumn { is_implicit: false, name: column.name, ty: Ok(ty), comment: column.comment });
    }
    if options.column_sorting == ColumnSorting::Name {
        for columns in raw.columns.values_mut() {
            columns.sort_by(|a, b| a.name.cmp(&b.name));
        }
    }
    Ok(raw)
}

fn column_type(row: &TypeRow, options: &PrintSchema) -> ColumnType {
    let domain = row
        .domain_name
        .as_deref()
        .filter(|name| options.pg_domains_as_custom_types.iter().any(|pattern| pattern.is_match(name)));
    let (name, schema) = match domain {
        Some(domain) => (domain, &row.own_schema),
        None => (row.column.type_name.as_str(), &row.type_schema),
    };
    ColumnType {
        is_nullable: row.column.nullable != 0,
        max_length: row.column.max_length.and_then(|length| length.try_into().ok()),
        ..ColumnType::of_postgres(name, schema)
    }
}
