//! Structs for the rows of tables.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use heck::ToUpperCamelCase as _;

use super::model::{Column, ForeignKey, Table, TableName, Tables};
use super::names::rust_name;
use super::rust_types::rust_type;
use super::schema_rs::{Lines, formatted};
use crate::console::printable;
use crate::settings::Backend;

/// The crate that the structs are part of.
const PROJECT: &str = "crate";

/// Writes a struct for each table, formatted with the configuration of a directory.
pub(crate) fn write(tables: &Tables, backend: Backend, directory: &Path) -> super::SchemaText {
    let names = struct_names(tables);
    let joinable = tables.joinable();
    let mut body = Lines::default();
    let mut features = BTreeSet::new();
    for table in &tables.tables {
        body.separate();
        let keys = joinable.iter().filter(|key| key.child == table.name).copied();
        Struct { table, backend, names: &names, features: &mut features }.write(&mut body, keys.collect());
    }
    for skipped in &tables.skipped {
        body.separate();
        body.left_out(skipped);
    }
    let widest = tables.tables.iter().map(|table| table.columns.len()).max().unwrap_or_default();
    features.extend(match widest {
        0..=32 => None,
        33..=64 => Some("64-column-tables"),
        _ => Some("128-column-tables"),
    });
    let mut out = Lines::default();
    if !features.is_empty() {
        let features: Vec<_> = features.into_iter().map(|feature| format!("\"{feature}\"")).collect();
        out.line(format!("// It needs these features of diesel: {}.", features.join(", ")));
        out.separate();
    }
    if !tables.tables.is_empty() {
        out.line("use diesel::prelude::*;");
        out.separate();
        let used: Vec<_> = tables.tables.iter().map(|table| table.name.rust_name.as_str()).collect();
        out.line(format!("use {PROJECT}::schema::{{{}}};", used.join(", ")));
        out.separate();
    }
    out.text.push_str(&body.text);
    formatted(out, directory)
}

/// Returns the name of each table's struct: in the singular, unless two tables would then have the same.
fn struct_names(tables: &Tables) -> HashMap<&TableName, String> {
    let names = || tables.tables.iter().map(|table| &table.name);
    let singular = |name: &TableName| type_name(&singular(&name.rust_name));
    let is_unique = |wanted: &str| names().filter(|other| singular(other) == wanted).count() == 1;
    names()
        .map(|name| (name, Some(singular(name)).filter(|wanted| is_unique(wanted))))
        .map(|(name, unique)| (name, unique.unwrap_or_else(|| type_name(&name.rust_name))))
        .collect()
}

fn type_name(name: &str) -> String {
    let name = name.to_upper_camel_case();
    // What a type cannot be called, or what the structs use themselves.
    let is_taken = ["", "Self", "Option", "String", "Vec"].contains(&name.as_str());
    if is_taken || name.starts_with(|first: char| first.is_ascii_digit()) {
        format!("Table{name}")
    } else {
        name
    }
}

/// Returns the singular of an English plural, if it is a regular one.
fn singular(name: &str) -> String {
    let name = name.trim_end_matches('_');
    let is_kept = ["ss", "us", "is", "news", "series"].iter().any(|end| name.ends_with(end));
    if is_kept {
        return name.to_owned();
    }
    if let Some(stem) = name.strip_suffix("ies") {
        return format!("{stem}y");
    }
    let hisses = ["sses", "xes", "zzes", "ches", "shes"].iter().any(|end| name.ends_with(end));
    name.strip_suffix(if hisses { "es" } else { "s" }).unwrap_or(name).to_owned()
}

struct Struct<'a> {
    table: &'a Table,
    backend: Backend,
    names: &'a HashMap<&'a TableName, String>,
    features: &'a mut BTreeSet<&'static str>,
}

impl Struct<'_> {
    fn write(mut self, out: &mut Lines, keys: Vec<&ForeignKey>) {
        let mut fields = Lines::default();
        for column in &self.table.columns {
            self.field(&mut fields, column);
        }
        let key = self.table.primary_key.iter();
        let has_key = key.clone().all(|key| {
            let column = self.table.columns.iter().find(|column| column.sql_name == *key);
            column.is_some_and(|column| rust_type(&column.ty, self.backend).is_some())
        });
        let key: Vec<_> = key.map(|column| self.rust_name(column)).collect();
        // A parent of an association needs a key.
        let mut derives = vec!["Clone", "Debug", "Queryable", "Selectable"];
        if has_key {
            derives.push("Identifiable");
        }
        let belongs_to: Vec<String> = if has_key { self.belongs_to(&keys) } else { Vec::new() };
        if !belongs_to.is_empty() {
            derives.push("Associations");
        }
        let comment = self.table.comment.clone();
        let comment =
            comment.unwrap_or_else(|| format!("A row of the table `{}`.", self.table.name.full_sql_name()));
        out.docs(&comment);
        out.line(format!("#[derive({})]", derives.join(", ")));
        out.line(format!("#[diesel(table_name = {})]", self.table.name.rust_name));
        if has_key && key != ["id"] {
            out.line(format!("#[diesel(primary_key({}))]", key.join(", ")));
        }
        for parent in belongs_to {
            out.line(format!("#[diesel({parent})]"));
        }
        out.line(format!("#[diesel(check_for_backend({}))]", backend_type(self.backend)));
        out.line(format!("pub struct {} {{", self.names[&self.table.name]));
        out.indented(&fields.text);
        out.line("}");
    }

    fn rust_name(&self, column: &str) -> String {
        rust_name(column, Some(&self.table.name.rust_name))
    }

    /// Returns the associations: only one with each other table.
    fn belongs_to(&self, keys: &[&ForeignKey]) -> Vec<String> {
        let of = |key: &&ForeignKey| {
            let parent = self.names.get(&key.parent)?;
            let column = self.table.columns.iter().find(|column| column.sql_name == key.columns[0])?;
            rust_type(&column.ty, self.backend)?;
            Some(format!("belongs_to({parent}, foreign_key = {})", column.rust_name))
        };
        keys.iter().filter_map(of).collect()
    }

    /// Writes a field; a column whose type has no Rust type yet becomes a comment.
    fn field(&mut self, out: &mut Lines, column: &Column) {
        if let Some(comment) = &column.comment {
            out.docs(comment);
        }
        let Some(ty) = rust_type(&column.ty, self.backend) else {
            out.line(format!(
                "// {}: choose a type that implements `FromSql` for {}.",
                column.rust_name,
                printable(&column.ty.sql_name)
            ));
            return;
        };
        self.features.extend(ty.feature);
        let name = if column.ty.is_nullable { format!("Option<{}>", ty.name) } else { ty.name };
        out.line(format!("pub {}: {name},", column.rust_name));
    }
}

fn backend_type(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => "diesel::sqlite::Sqlite",
        Backend::Postgres => "diesel::pg::Pg",
        Backend::Mysql => "diesel::mysql::Mysql",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_struct_is_named_in_the_singular() {
        for (table, expected) in [
            ("users", "User"),
            ("blog_posts", "BlogPost"),
            ("categories", "Category"),
            ("boxes", "Box"),
            ("addresses", "Address"),
            ("branches", "Branch"),
            ("houses", "House"),
            ("status", "Status"),
            ("analysis", "Analysis"),
            ("news", "News"),
            ("type_", "Type"),
            ("_2fa", "Table2fa"),
            ("strings", "TableString"),
        ] {
            assert_eq!(type_name(&singular(table)), expected, "{table}");
        }
    }
}
