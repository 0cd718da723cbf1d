//! What a `schema.rs` declares.

use std::collections::BTreeMap;
use std::fmt;

use diesel_table_macro_syntax::{ColumnDef, TableDecl};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};

/// The tables of a `schema.rs`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Declared {
    pub(crate) tables: Vec<DeclaredTable>,
    pub(crate) joinable: Vec<Joinable>,
    /// The types of `mod sql_types`, by their names in Rust.
    types: BTreeMap<String, SqlType>,
}

/// A `table!`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeclaredTable {
    pub(crate) schema: Option<String>,
    pub(crate) rust_name: String,
    pub(crate) sql_name: String,
    /// The names in Rust.
    pub(crate) primary_key: Vec<String>,
    pub(crate) columns: Vec<DeclaredColumn>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeclaredColumn {
    pub(crate) rust_name: String,
    pub(crate) sql_name: String,
    pub(crate) ty: DeclaredType,
    pub(crate) max_length: Option<u64>,
}

/// A column's type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeclaredType {
    /// Diesel's name, such as `Int4`.
    pub(crate) name: String,
    /// What the database calls it, if `schema.rs` defines the type.
    pub(crate) defined: Option<SqlType>,
    pub(crate) is_nullable: bool,
    pub(crate) is_array: bool,
    pub(crate) is_unsigned: bool,
    /// The fields of a `Record`.
    pub(crate) record: Option<Vec<DeclaredType>>,
}

/// A type of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SqlType {
    pub(crate) name: String,
    pub(crate) schema: Option<String>,
}

/// A `joinable!`, by names in Rust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Joinable {
    pub(crate) child: String,
    pub(crate) parent: String,
    pub(crate) column: String,
}

impl Declared {
    /// Parses the text of a `schema.rs`.
    pub(crate) fn parse(text: &str) -> Result<Self, ParseError> {
        let file = syn::parse_file(text)?;
        let mut declared = Self::default();
        // A table may be before the definition of its types.
        declared.collect_types(&file.items)?;
        declared.collect(&file.items)?;
        Ok(declared)
    }

    fn collect_types(&mut self, items: &[syn::Item]) -> Result<(), ParseError> {
        for item in items {
            match item {
                syn::Item::Mod(syn::ItemMod { content: Some((_, items)), .. }) => {
                    self.collect_types(items)?
                }
                syn::Item::Struct(definition) => {
                    if let Some(ty) = sql_type(&definition.attrs)? {
                        self.types.insert(definition.ident.to_string(), ty);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn collect(&mut self, items: &[syn::Item]) -> Result<(), ParseError> {
        for item in items {
            match item {
                syn::Item::Mod(syn::ItemMod { content: Some((_, items)), .. }) => self.collect(items)?,
                syn::Item::Macro(called) => {
                    let name = called.mac.path.segments.last().map(|last| last.ident.to_string());
                    match name.as_deref() {
                        Some("table") => {
                            let table: TableDecl = called.mac.parse_body()?;
                            let table = self.table(&table)?;
                            self.tables.push(table);
                        }
                        Some("joinable") => self.joinable.push(called.mac.parse_body()?),
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn table(&self, table: &TableDecl) -> Result<DeclaredTable, ParseError> {
        let key = table.primary_keys.as_ref().map(|key| key.keys.iter().map(|name| name.unraw().to_string()));
        let schema = table.schema.as_ref().map(|schema| schema.unraw().to_string());
        // `sql_name` of a table in a schema includes the schema.
        let in_schema = schema.as_ref().and_then(|schema| table.sql_name.strip_prefix(&format!("{schema}.")));
        Ok(DeclaredTable {
            rust_name: table.table_name.unraw().to_string(),
            sql_name: in_schema.unwrap_or(&table.sql_name).to_owned(),
            primary_key: key.map_or_else(|| vec!["id".to_owned()], Iterator::collect),
            columns: table.column_defs.iter().map(|column| self.column(column)).collect::<Result<_, _>>()?,
            schema,
        })
    }

    fn column(&self, column: &ColumnDef) -> Result<DeclaredColumn, ParseError> {
        Ok(DeclaredColumn {
            rust_name: column.column_name.unraw().to_string(),
            sql_name: column.sql_name.clone(),
            ty: self.ty(&column.tpe)?,
            max_length: column.max_length.as_ref().map(syn::LitInt::base10_parse).transpose()?,
        })
    }

    fn ty(&self, path: &syn::TypePath) -> Result<DeclaredType, ParseError> {
        let unknown = || syn::Error::new_spanned(path, "this is not the type of a column");
        let last = path.path.segments.last().ok_or_else(unknown)?;
        let name = last.ident.to_string();
        let inner = match &last.arguments {
            syn::PathArguments::None => {
                let defined = self.types.get(&name).cloned();
                return Ok(DeclaredType { defined, ..DeclaredType::named(&name) });
            }
            syn::PathArguments::AngleBracketed(arguments) => match arguments.args.first() {
                Some(syn::GenericArgument::Type(inner)) if arguments.args.len() == 1 => inner,
                _ => return Err(unknown().into()),
            },
            syn::PathArguments::Parenthesized(_) => return Err(unknown().into()),
        };
        if let (syn::Type::Tuple(fields), "Record") = (inner, name.as_str()) {
            let field = |field: &syn::Type| match field {
                syn::Type::Path(path) => self.ty(path),
                _ => Err(unknown().into()),
            };
            let record = Some(fields.elems.iter().map(field).collect::<Result<_, _>>()?);
            return Ok(DeclaredType { record, ..DeclaredType::named(&name) });
        }
        let syn::Type::Path(inner) = inner else { return Err(unknown().into()) };
        let inner = self.ty(inner)?;
        match name.as_str() {
            "Nullable" => Ok(DeclaredType { is_nullable: true, ..inner }),
            // A database cannot forbid NULL in an array.
            "Array" => Ok(DeclaredType { is_array: true, is_nullable: false, ..inner }),
            "Unsigned" => Ok(DeclaredType { is_unsigned: true, ..inner }),
            "Range" | "Multirange" => {
                let name = range(&inner.name, &name.to_lowercase()).ok_or_else(unknown)?;
                Ok(DeclaredType::named(&name))
            }
            _ => Err(unknown().into()),
        }
    }

    /// Returns the types that `mod sql_types` defines.
    pub(crate) fn types(&self) -> Vec<SqlType> {
        self.types.values().cloned().collect()
    }

    /// Returns the table of a name in Rust.
    pub(crate) fn table_named(&self, rust_name: &str) -> Option<&DeclaredTable> {
        self.tables.iter().find(|table| table.rust_name == rust_name)
    }
}

impl DeclaredType {
    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            defined: None,
            is_nullable: false,
            is_array: false,
            is_unsigned: false,
            record: None,
        }
    }
}

impl DeclaredTable {
    /// Returns the name with its schema, if it has one.
    pub(crate) fn full_name(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.sql_name),
            None => self.sql_name.clone(),
        }
    }

    /// Returns the column of a name in the database.
    pub(crate) fn column(&self, sql_name: &str) -> Option<&DeclaredColumn> {
        self.columns.iter().find(|column| column.sql_name == sql_name)
    }

    /// Returns the names of the primary key in the database.
    pub(crate) fn key_columns(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for rust_name in &self.primary_key {
            let column = self.columns.iter().find(|column| column.rust_name == *rust_name);
            names.push(column.map_or(rust_name.as_str(), |column| column.sql_name.as_str()));
        }
        names
    }
}

/// The type as `schema.rs` writes it.
impl fmt::Display for DeclaredColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut name = self.ty.name.clone();
        if let Some(length) = self.max_length {
            name = format!("{name}({length})");
        }
        for (is_so, wrapper) in [
            (self.ty.is_unsigned, "Unsigned"),
            (self.ty.is_array, "Array"),
            (self.ty.is_nullable, "Nullable"),
        ] {
            if is_so {
                name = format!("{wrapper}<{name}>");
            }
        }
        f.write_str(&name)
    }
}

/// Returns the name of a range's type: `int4range`.
fn range(element: &str, kind: &str) -> Option<String> {
    let element = match element {
        "Int4" | "Integer" | "Serial" => "int4",
        "Int8" | "BigInt" | "Bigint" | "BigSerial" => "int8",
        "Numeric" | "Decimal" => "num",
        "Timestamp" => "ts",
        "Timestamptz" => "tstz",
        "Date" => "date",
        _ => return None,
    };
    let mut name = format!("{element}{kind}");
    name[..1].make_ascii_uppercase();
    Some(name)
}

/// Returns the database's type from `#[diesel(postgres_type(name = "…"))]`.
fn sql_type(attributes: &[syn::Attribute]) -> Result<Option<SqlType>, ParseError> {
    let mut found = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("diesel")) {
        attribute.parse_nested_meta(|meta| {
            let is_type = meta.path.is_ident("postgres_type") || meta.path.is_ident("mysql_type");
            if !is_type {
                // Another attribute of Diesel's, such as `sqlite_type(name = "Integer")`.
                let _: proc_macro2::TokenStream = meta.input.parse()?;
                return Ok(());
            }
            let mut ty = SqlType { name: String::new(), schema: None };
            let is_mysql = meta.path.is_ident("mysql_type");
            meta.parse_nested_meta(|part| {
                if part.path.is_ident("name") {
                    ty.name = part.value()?.parse::<syn::LitStr>()?.value();
                } else if part.path.is_ident("schema") {
                    ty.schema = Some(part.value()?.parse::<syn::LitStr>()?.value());
                } else if part.input.peek(syn::Token![=]) {
                    let _: syn::Lit = part.value()?.parse()?;
                }
                Ok(())
            })?;
            if is_mysql {
                ty.name.make_ascii_lowercase();
            }
            if !ty.name.is_empty() {
                found = Some(ty);
            }
            Ok(())
        })?;
    }
    Ok(found)
}

impl Parse for Joinable {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let child: syn::Ident = input.parse()?;
        let _: syn::Token![->] = input.parse()?;
        let parent: syn::Ident = input.parse()?;
        let inside;
        syn::parenthesized!(inside in input);
        let column: syn::Ident = inside.parse()?;
        let name = |ident: syn::Ident| ident.unraw().to_string();
        Ok(Self { child: name(child), parent: name(parent), column: name(column) })
    }
}

/// Why a `schema.rs` cannot be read.
#[derive(Debug)]
pub(crate) struct ParseError {
    line: usize,
    message: String,
}

impl From<syn::Error> for ParseError {
    fn from(error: syn::Error) -> Self {
        Self { line: error.span().start().line, message: error.to_string() }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for ParseError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_parsed() {
        let declared = Declared::parse(
            r#"
            pub mod sql_types {
                #[derive(diesel::sql_types::SqlType)]
                #[diesel(postgres_type(name = "order_state", schema = "shop"))]
                pub struct OrderState;
            }
            diesel::table! {
                use diesel::sql_types::*;
                use super::sql_types::OrderState;

                /// Orders.
                #[sql_name = "Order"]
                orders (number) {
                    number -> Int4,
                    #[sql_name = "type"]
                    #[max_length = 20]
                    type_ -> Nullable<Varchar>,
                    tags -> Nullable<Array<Nullable<Text>>>,
                    during -> Range<Timestamptz>,
                    state -> OrderState,
                    count -> diesel::sql_types::Unsigned<diesel::sql_types::Integer>,
                    pair -> Record<(Integer, Nullable<Text>)>,
                }
            }
            table! { lines { id -> Integer, order -> Integer, } }
            joinable!(lines -> orders (order));
            "#,
        )
        .expect("valid");
        let [orders, lines] = declared.tables.as_slice() else { panic!("{declared:?}") };
        assert_eq!((orders.sql_name.as_str(), orders.key_columns()), ("Order", vec!["number"]));
        assert_eq!(lines.primary_key, ["id"]);
        let types: Vec<_> = orders
            .columns
            .iter()
            .map(|column| (column.sql_name.as_str(), column.ty.name.as_str(), column.ty.is_nullable))
            .collect();
        assert_eq!(
            types,
            [
                ("number", "Int4", false),
                ("type", "Varchar", true),
                ("tags", "Text", true),
                ("during", "Tstzrange", false),
                ("state", "OrderState", false),
                ("count", "Integer", false),
                ("pair", "Record", false),
            ]
        );
        assert_eq!(orders.columns[1].max_length, Some(20));
        assert!(orders.columns[2].ty.is_array && orders.columns[5].ty.is_unsigned);
        let state = SqlType { name: "order_state".to_owned(), schema: Some("shop".to_owned()) };
        assert_eq!(orders.columns[4].ty.defined, Some(state));
        assert_eq!(orders.columns[6].ty.record.as_ref().map(Vec::len), Some(2));
        let joinable = Joinable { child: "lines".into(), parent: "orders".into(), column: "order".into() };
        assert_eq!(declared.joinable, [joinable]);
    }

    #[test]
    fn a_mistake_has_its_line() {
        for (text, expected) in [
            ("\ntable! { users { id -> Range<Text>, } }", "line 2: this is not the type of a column"),
            ("table! { users { id -> Result<Text, Text>, } }", "line 1: this is not the type of a column"),
            ("table! {\n users { id } }", "line 2: expected `->`"),
            ("\nfn 1", "line 2: expected"),
        ] {
            let error = Declared::parse(text).expect_err(text).to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
