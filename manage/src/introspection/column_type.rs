//! Diesel's name for a column's type.

use std::fmt;

#[cfg(any(test, feature = "postgres", feature = "mysql"))]
use heck::ToUpperCamelCase as _;

use super::model::ColumnType;
use crate::settings::Backend;

/// The types that `diesel::sql_types` has for every backend.
const COMMON: &[&str] = &[
    "BigInt",
    "Bigint",
    "Binary",
    "Bit",
    "Blob",
    "Bool",
    "Char",
    "Date",
    "Decimal",
    "Double",
    "Float",
    "Float4",
    "Float8",
    "Int2",
    "Int4",
    "Int8",
    "Integer",
    "Longblob",
    "Longtext",
    "Mediumblob",
    "Mediumtext",
    "Numeric",
    "SmallInt",
    "Smallint",
    "Text",
    "Time",
    "Timestamp",
    "Tinyblob",
    "Tinytext",
    "VarChar",
    "Varbinary",
    "Varchar",
];

const POSTGRES: &[&str] = &[
    "BigSerial",
    "Bpchar",
    "Bytea",
    "Cidr",
    "Citext",
    "Datemultirange",
    "Daterange",
    "Inet",
    "Int4multirange",
    "Int4range",
    "Int8multirange",
    "Int8range",
    "Interval",
    "Json",
    "Jsonb",
    "MacAddr",
    "MacAddr8",
    "Macaddr",
    "Macaddr8",
    "Money",
    "Nummultirange",
    "Numrange",
    "Oid",
    "PgLsn",
    "Range",
    "Record",
    "Serial",
    "SmallSerial",
    "Timestamptz",
    "Tsmultirange",
    "Tsrange",
    "Tstzmultirange",
    "Tstzrange",
    "Uuid",
];

const MYSQL: &[&str] = &["Datetime", "Json", "TinyInt", "Tinyint"];

impl ColumnType {
    /// Returns whether Diesel has the type; any other one needs a definition in `mod sql_types`.
    pub(super) fn is_provided(&self, backend: Backend) -> bool {
        let own = match backend {
            Backend::Sqlite => &[],
            Backend::Postgres => POSTGRES,
            Backend::Mysql => MYSQL,
        };
        let name = self.rust_name.as_str();
        COMMON.contains(&name) || own.contains(&name)
    }

    /// Returns PostgreSQL's type by its name in `pg_type`, where that of an array begins with an underscore.
    #[cfg(any(test, feature = "postgres"))]
    pub(super) fn of_postgres(name: &str, schema: &str) -> Self {
        let (is_array, name) = name.strip_prefix('_').map_or((false, name), |element| (true, element));
        Self {
            schema: (schema != "public").then(|| schema.to_owned()),
            is_array,
            ..Self::named(name, name.to_upper_camel_case())
        }
    }

    /// Returns MySQL's type by its declaration, such as `bigint(20) unsigned`; `Err` if Diesel has no name
    /// for it.
    #[cfg(any(test, feature = "mysql"))]
    pub(super) fn of_mysql(declaration: &str) -> Result<Self, String> {
        let (name, arguments) = match (declaration.find('('), declaration.rfind(')')) {
            (Some(begin), Some(end)) if begin < end => (&declaration[..begin], &declaration[end + 1..]),
            _ => (declaration, ""),
        };
        let is_unsigned = [name, arguments].iter().any(|part| part.to_lowercase().contains("unsigned"));
        let name = if declaration == "tinyint(1)" {
            "bool".to_owned()
        } else if declaration.starts_with("int") {
            "integer".to_owned()
        } else if name.to_lowercase().contains("unsigned") {
            name.to_lowercase().replace("unsigned", "").trim().to_owned()
        } else if name.contains(' ') {
            return Err(name.to_owned());
        } else {
            name.to_owned()
        };
        Ok(Self { is_unsigned, ..Self::named(&name, name.to_upper_camel_case()) })
    }

    /// Returns the type for SQLite's declaration, which may be any text; `Err` if Diesel does not know it.
    #[cfg(any(test, feature = "sqlite"))]
    pub(super) fn of_sqlite(declaration: &str, is_row_id: bool) -> Result<Self, String> {
        let declaration = declaration.to_lowercase();
        let name = match declaration.as_str() {
            // A column without a type that is generated.
            "" | "generated always" => "Binary",
            "bool" | "boolean" => "Bool",
            "int2" => "SmallInt",
            "int8" => "BigInt",
            "datetime" | "timestamp" => "Timestamp",
            "date" => "Date",
            "time" => "Time",
            other => by_words(other, is_row_id).ok_or(other)?,
        };
        Ok(Self::named(name, name.to_owned()))
    }

    fn named(sql_name: &str, rust_name: String) -> Self {
        Self {
            schema: None,
            sql_name: sql_name.to_owned(),
            rust_name,
            is_array: false,
            is_nullable: false,
            is_unsigned: false,
            max_length: None,
        }
    }
}

/// Returns the type that a declaration's words mean; the order is significant.
#[cfg(any(test, feature = "sqlite"))]
fn by_words(declaration: &str, is_row_id: bool) -> Option<&'static str> {
    let has = |word| declaration.contains(word);
    Some(match () {
        () if has("tiny") && has("int") => "Bool",
        () if has("small") && has("int") => "SmallInt",
        () if has("big") && has("int") => "BigInt",
        () if has("int") && is_row_id => "BigInt",
        () if has("int") => "Integer",
        () if has("char") || has("clob") || has("text") => "Text",
        () if has("blob") || has("binary") => "Binary",
        () if has("float") || has("real") => "Float",
        () if has("double") || has("num") || has("dec") => "Double",
        () => return None,
    })
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut name = self.rust_name.clone();
        if self.is_unsigned {
            name = format!("Unsigned<{name}>");
        }
        if self.is_array {
            name = format!("Array<Nullable<{name}>>");
        }
        if self.is_nullable {
            name = format!("Nullable<{name}>");
        }
        f.write_str(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mysql(declaration: &str) -> String {
        ColumnType::of_mysql(declaration).map_or_else(|error| format!("({error})"), |ty| ty.to_string())
    }

    #[test]
    fn mysql_types() {
        for (declaration, expected) in [
            ("tinyint(1)", "Bool"),
            ("tinyint(4)", "Tinyint"),
            ("int(11)", "Integer"),
            ("int(10) unsigned", "Unsigned<Integer>"),
            ("bigint(20) unsigned", "Unsigned<Bigint>"),
            ("bigint unsigned", "Unsigned<Bigint>"),
            ("double unsigned", "Unsigned<Double>"),
            ("decimal(10,2)", "Decimal"),
            ("varchar(20)", "Varchar"),
            ("enum('a','b')", "Enum"),
            // A value of an enum says nothing about its type.
            ("enum('unsigned','(')", "Enum"),
            ("set('a)','b')", "Set"),
            ("text /*M!100301 COMPRESSED*/", "(text /*M!100301 COMPRESSED*/)"),
        ] {
            assert_eq!(mysql(declaration), expected, "{declaration}");
        }
    }

    #[test]
    fn sqlite_types() {
        for (declaration, expected) in [
            ("INTEGER", "Integer"),
            ("unsigned big int", "BigInt"),
            ("TINYINT(1)", "Bool"),
            ("VARCHAR(20)", "Text"),
            ("POINT", "Integer"),
            ("DOUBLE PRECISION", "Double"),
            ("DECIMAL(10,5)", "Double"),
            ("FLOAT", "Float"),
            ("DATETIME", "Timestamp"),
            ("", "Binary"),
        ] {
            let ty = ColumnType::of_sqlite(declaration, false).expect(declaration);
            assert_eq!(ty.to_string(), expected, "{declaration}");
        }
        assert_eq!(ColumnType::of_sqlite("INTEGER", true).expect("a type").to_string(), "BigInt");
        assert_eq!(ColumnType::of_sqlite("Uuid", false), Err("uuid".to_owned()));
    }

    #[test]
    fn postgres_types() {
        let array = ColumnType { is_nullable: true, ..ColumnType::of_postgres("_int4", "pg_catalog") };
        assert_eq!(array.to_string(), "Nullable<Array<Nullable<Int4>>>");
        assert!(array.is_provided(Backend::Postgres) && !array.is_unsigned);
        let own = ColumnType::of_postgres("order_state", "shop");
        assert_eq!((own.to_string().as_str(), own.schema.as_deref()), ("OrderState", Some("shop")));
        assert!(!own.is_provided(Backend::Postgres));
    }
}
