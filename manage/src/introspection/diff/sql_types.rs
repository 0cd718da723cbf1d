//! Diesel's types in the SQL of each backend.

use crate::introspection::declared::{DeclaredColumn, DeclaredType, SqlType};
use crate::settings::Backend;

/// Returns whether a column of one type is also one of the other. Diesel's aliases, such as `Text` and
/// `Varchar`, are one type, and so are what a backend stores alike.
pub(super) fn is_same_type(
    live: &DeclaredType,
    declared: &DeclaredType,
    backend: Backend,
    is_portable: bool,
) -> bool {
    let is_same_form = live.is_array == declared.is_array && live.is_unsigned == declared.is_unsigned;
    let kind = |ty: &DeclaredType| match (kind(&ty.name), backend) {
        // An integer of SQLite's has any size, and a floating-point number has 64 bits.
        ("int2" | "int4" | "int8", Backend::Sqlite) => "int8".to_owned(),
        ("float4" | "float8" | "numeric", Backend::Sqlite) => "float8".to_owned(),
        ("datetime" | "timestamptz" | "timestamptzsqlite", Backend::Sqlite) => "timestamp".to_owned(),
        ("datetime", Backend::Mysql) if is_portable => "timestamp".to_owned(),
        ("", _) => own_name(ty),
        (kind, _) => kind.to_owned(),
    };
    // A record of the database's is a type of its own, whose fields are not known.
    declared.record.is_some() || is_same_form && kind(live) == kind(declared)
}

/// Returns one name for all of Diesel's aliases; empty for other types.
fn kind(name: &str) -> &'static str {
    match name {
        "Bool" | "Boolean" => "bool",
        "TinyInt" | "Tinyint" => "tinyint",
        "SmallInt" | "Smallint" | "Int2" | "SmallSerial" => "int2",
        "Integer" | "Int4" | "Serial" => "int4",
        "BigInt" | "Bigint" | "Int8" | "BigSerial" => "int8",
        "Float" | "Float4" => "float4",
        "Double" | "Float8" => "float8",
        "Numeric" | "Decimal" => "numeric",
        "Text" | "VarChar" | "Varchar" | "Char" | "Bpchar" | "Tinytext" | "Mediumtext" | "Longtext" => "text",
        "Binary" | "Bytea" | "Blob" | "Tinyblob" | "Mediumblob" | "Longblob" | "Varbinary" => "binary",
        "Date" => "date",
        "Time" => "time",
        "Timestamp" => "timestamp",
        "Datetime" => "datetime",
        "Timestamptz" => "timestamptz",
        "TimestamptzSqlite" => "timestamptzsqlite",
        _ => "",
    }
}

/// Returns whether it is a decimal number, of which `schema.rs` has neither the precision nor the scale.
pub(super) fn is_decimal(ty: &DeclaredType) -> bool {
    kind(&ty.name) == "numeric"
}

/// Returns a name for any other type that both declarations have: that of the database, without the
/// underscores that the name in Rust lacks.
fn own_name(ty: &DeclaredType) -> String {
    let name = ty.defined.as_ref().map_or(ty.name.as_str(), |defined| defined.name.as_str());
    name.chars().filter(|letter| *letter != '_').flat_map(char::to_lowercase).collect()
}

/// Returns the type of a column in SQL; `Err` is what is missing, as a clause.
pub(super) fn sql_type(column: &DeclaredColumn, backend: Backend) -> Result<String, String> {
    let ty = &column.ty;
    if ty.record.is_some() && backend != Backend::Postgres {
        return Err("only PostgreSQL has records".to_owned());
    }
    let name = match backend {
        Backend::Postgres => postgres(ty)?,
        Backend::Mysql => mysql(ty, column.max_length)?,
        Backend::Sqlite => sqlite(ty)?,
    };
    let length = column.max_length.map(|length| format!("({length})")).unwrap_or_default();
    let unsigned = if ty.is_unsigned { " UNSIGNED" } else { "" };
    let array = if ty.is_array { "[]" } else { "" };
    Ok(format!("{name}{length}{unsigned}{array}"))
}

fn postgres(ty: &DeclaredType) -> Result<String, String> {
    if ty.is_unsigned {
        return Err("PostgreSQL has no unsigned types".to_owned());
    }
    Ok(match (&ty.defined, ty.name.as_str()) {
        (Some(SqlType { name, schema: Some(schema) }), _) if schema == "pg_catalog" => {
            if name.chars().all(|c| c.is_ascii_lowercase()) { name.to_uppercase() } else { quoted(name) }
        }
        (Some(SqlType { name, schema: Some(schema) }), _) => format!("{}.{}", quoted(schema), quoted(name)),
        (Some(SqlType { name, schema: None }), _) => quoted(name),
        // Diesel's names of these mean something else in PostgreSQL, or nothing.
        (None, "Binary") => "BYTEA".to_owned(),
        (None, "Float") => "FLOAT4".to_owned(),
        (None, "Double") => "FLOAT8".to_owned(),
        (None, "PgLsn") => "PG_LSN".to_owned(),
        (None, name @ ("TinyInt" | "Tinyint" | "Datetime" | "TimestamptzSqlite")) => {
            return Err(format!("PostgreSQL has no type {name}"));
        }
        (None, name) if name.ends_with("blob") || name.ends_with("Blob") => "BYTEA".to_owned(),
        (None, name) => name.to_uppercase(),
    })
}

fn mysql(ty: &DeclaredType, max_length: Option<u64>) -> Result<String, String> {
    if ty.is_array {
        return Err("MySQL has no arrays".to_owned());
    }
    if let Some(defined) = &ty.defined {
        return Err(format!("schema.rs does not contain the values of its type {}", defined.name));
    }
    Ok(match (kind(&ty.name), ty.name.as_str()) {
        ("text", name @ ("VarChar" | "Varchar" | "Char" | "Bpchar")) => match max_length {
            Some(_) if name == "Bpchar" => "CHAR".to_owned(),
            Some(_) => name.to_uppercase(),
            // A length is required.
            None => "TEXT".to_owned(),
        },
        ("text", _) if max_length.is_some() => "VARCHAR".to_owned(),
        ("binary", "Bytea" | "Binary" | "Varbinary") if max_length.is_none() => "BLOB".to_owned(),
        ("binary", "Bytea") => "VARBINARY".to_owned(),
        ("int2", "SmallSerial") => "SMALLINT".to_owned(),
        ("int4", _) => "INTEGER".to_owned(),
        ("int8", _) => "BIGINT".to_owned(),
        ("float4", _) => "FLOAT".to_owned(),
        ("float8", _) => "DOUBLE".to_owned(),
        ("timestamptz" | "timestamptzsqlite", name) => return Err(format!("MySQL has no type {name}")),
        ("", name @ ("Json" | "Bit")) => name.to_uppercase(),
        ("", name) => return Err(format!("MySQL has no type {name}")),
        (_, name) => name.to_uppercase(),
    })
}

fn sqlite(ty: &DeclaredType) -> Result<String, String> {
    if ty.is_array || ty.is_unsigned {
        return Err("SQLite has neither arrays nor unsigned types".to_owned());
    }
    Ok(match (kind(&ty.name), ty.name.as_str()) {
        ("int4", _) => "INTEGER".to_owned(),
        ("int2", _) => "SMALLINT".to_owned(),
        ("int8", _) => "BIGINT".to_owned(),
        ("float4", _) => "FLOAT".to_owned(),
        ("float8", _) => "DOUBLE".to_owned(),
        ("binary", "Bytea") => "BLOB".to_owned(),
        ("tinyint", _) => "SMALLINT".to_owned(),
        ("timestamptz" | "timestamptzsqlite" | "", name) => {
            return Err(format!("Diesel knows no type {name} of SQLite's"));
        }
        ("datetime", _) => "TIMESTAMP".to_owned(),
        (_, name) => name.to_uppercase(),
    })
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
