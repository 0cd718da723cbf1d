//! Rust's types for the values of Diesel's types.

use super::model::ColumnType;
use crate::settings::Backend;

/// A type of Rust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RustType {
    pub(super) name: String,
    /// The feature of Diesel that converts it.
    pub(super) feature: Option<&'static str>,
}

/// Returns the type for a column's values, without regard to NULL; `None` if Diesel converts the type to none,
/// as with an enum.
pub(super) fn rust_type(ty: &ColumnType, backend: Backend) -> Option<RustType> {
    let (name, feature) = of_name(&ty.rust_name, backend)?;
    let name = match (ty.is_unsigned, name) {
        (true, "i8" | "i16" | "i32" | "i64") => name.replacen('i', "u", 1),
        (true, _) => return None,
        (false, _) => name.to_owned(),
    };
    // The elements of an array may be NULL.
    let name = if ty.is_array { format!("Vec<Option<{name}>>") } else { name };
    Some(RustType { name, feature })
}

fn of_name(name: &str, backend: Backend) -> Option<(&'static str, Option<&'static str>)> {
    const CHRONO: Option<&str> = Some("chrono");
    const NETWORK: Option<&str> = Some("ipnet-address");
    const NUMERIC: Option<&str> = Some("numeric");
    let (name, feature) = match name {
        "Bool" => ("bool", None),
        "Tinyint" => ("i8", None),
        "SmallInt" | "Smallint" | "Int2" => ("i16", None),
        "Integer" | "Int4" => ("i32", None),
        "BigInt" | "Bigint" | "Int8" => ("i64", None),
        "Float" | "Float4" => ("f32", None),
        "Double" | "Float8" => ("f64", None),
        "Numeric" | "Decimal" => ("bigdecimal::BigDecimal", NUMERIC),
        "Text" | "Varchar" | "Char" | "Bpchar" | "Citext" | "Tinytext" | "Mediumtext" | "Longtext" => {
            ("String", None)
        }
        "Binary" | "Bytea" | "Blob" | "Tinyblob" | "Mediumblob" | "Longblob" | "Varbinary" | "Bit"
            if backend != Backend::Postgres || name == "Bytea" =>
        {
            ("Vec<u8>", None)
        }
        "Date" => ("chrono::NaiveDate", CHRONO),
        "Time" => ("chrono::NaiveTime", CHRONO),
        "Timestamp" | "Datetime" => ("chrono::NaiveDateTime", CHRONO),
        "Timestamptz" => ("chrono::DateTime<chrono::Utc>", CHRONO),
        "Json" | "Jsonb" => ("serde_json::Value", Some("serde_json")),
        _ if backend != Backend::Postgres => return None,
        "Uuid" => ("uuid::Uuid", Some("uuid")),
        "Inet" | "Cidr" => ("ipnet::IpNet", NETWORK),
        "Macaddr" => ("[u8; 6]", None),
        "Macaddr8" => ("[u8; 8]", None),
        "Money" => ("diesel::data_types::Cents", None),
        "Interval" => ("diesel::data_types::PgInterval", None),
        "Oid" => ("u32", None),
        "PgLsn" => ("diesel::data_types::PgLsn", None),
        "Int4range" => ("(std::ops::Bound<i32>, std::ops::Bound<i32>)", None),
        "Int8range" => ("(std::ops::Bound<i64>, std::ops::Bound<i64>)", None),
        "Numrange" => {
            ("(std::ops::Bound<bigdecimal::BigDecimal>, std::ops::Bound<bigdecimal::BigDecimal>)", NUMERIC)
        }
        "Daterange" => ("(std::ops::Bound<chrono::NaiveDate>, std::ops::Bound<chrono::NaiveDate>)", CHRONO),
        "Tsrange" => {
            ("(std::ops::Bound<chrono::NaiveDateTime>, std::ops::Bound<chrono::NaiveDateTime>)", CHRONO)
        }
        "Tstzrange" => (
            "(std::ops::Bound<chrono::DateTime<chrono::Utc>>, std::ops::Bound<chrono::DateTime<chrono::Utc>>)",
            CHRONO,
        ),
        _ => return None,
    };
    Some((name, feature))
}
