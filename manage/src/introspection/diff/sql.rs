//! Writes operations as SQL, in the layout of `diesel migration generate --diff-schema`.

use std::borrow::Cow;

use super::sql_types::{is_decimal, sql_type};
use super::{DiffError, Operation, Reference, TableRef, records};
use crate::introspection::declared::{DeclaredColumn, DeclaredTable, DeclaredType, SqlType};
use crate::introspection::lost::Lost;
use crate::settings::Backend;

/// What a migration fails on until its author has written a type.
const UNKNOWN_TYPE: &str = "TODO_TYPE";

/// The SQL of a migration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Script {
    pub(crate) up: String,
    pub(crate) down: String,
    /// What `schema.rs` cannot tell, for the author.
    pub(crate) notes: Vec<String>,
}

/// What is known of the database besides `schema.rs`.
pub(crate) struct Known<'a> {
    /// What the compared database knows of its columns and tables, and `schema.rs` does not; `None` for another
    /// backend.
    pub(crate) lost: Option<&'a Lost>,
    /// The types that its tables use.
    pub(crate) types: &'a [SqlType],
    /// Whether SQLite's row ids are declared as `BigInt`.
    pub(crate) row_id_is_bigint: bool,
}

/// Writes the operations for a backend.
pub(crate) fn write(
    operations: &[Operation],
    backend: Backend,
    known: &Known<'_>,
) -> Result<Script, DiffError> {
    let unknown = Lost::default();
    let mut writer = Writer {
        backend,
        lost: known.lost.unwrap_or(&unknown),
        is_compared: known.lost.is_some(),
        row_id_is_bigint: known.row_id_is_bigint,
        counters: Vec::new(),
    };
    writer.counters = operations.iter().filter_map(|operation| writer.counter_of(operation)).collect();
    let mut script = Script::default();
    for operation in operations {
        script.up.push_str(&writer.up(operation, &mut script.notes)?);
        script.up.push('\n');
        let scales = notes_on_scales(operation).filter(|_| backend == Backend::Mysql);
        for note in notes_on_types(operation, known.types).into_iter().chain(scales) {
            if !script.notes.contains(&note) {
                script.notes.push(note);
            }
        }
    }
    for operation in operations.iter().rev() {
        script.down.push_str(&writer.down(operation)?);
        script.down.push('\n');
    }
    for text in [&mut script.up, &mut script.down] {
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    Ok(script)
}

/// A column that needs a default.
pub(crate) struct Required<'a> {
    /// `table.column`.
    pub(crate) name: String,
    pub(crate) column: &'a DeclaredColumn,
    /// A clause.
    pub(crate) why: &'static str,
}

/// Returns the column of an operation that needs a default and has none.
pub(crate) fn required<'a>(operation: &'a Operation, backend: Backend, lost: &Lost) -> Option<Required<'a>> {
    match operation {
        Operation::AddColumn { table, column, default: None, .. } if !column.ty.is_nullable => {
            Some(Required {
                name: format!("{table}.{}", column.sql_name),
                column,
                why: "existing rows need a value for it",
            })
        }
        Operation::AlterColumn { table, from, to, default: None, .. }
            if backend == Backend::Sqlite
                && !to.ty.is_nullable
                && lost.default_of(&table.sql_name, &from.sql_name).is_none() =>
        {
            Some(Required {
                name: format!("{table}.{}", to.sql_name),
                column: to,
                why: "SQLite makes a new column of it, which needs a default",
            })
        }
        _ => None,
    }
}

/// Returns the columns whose types an operation writes.
fn written(operation: &Operation) -> &[DeclaredColumn] {
    match operation {
        Operation::CreateTable { table, .. } => table.columns.as_slice(),
        Operation::AddColumn { column, .. } => std::slice::from_ref(column),
        Operation::AlterColumn { to, .. } => std::slice::from_ref(to),
        Operation::DropTable { .. } | Operation::DropColumn { .. } | Operation::ChangeKey(_) => &[],
    }
}

/// Returns notes on MySQL's decimals: without a precision they have no decimal places.
fn notes_on_scales(operation: &Operation) -> impl Iterator<Item = String> {
    let decimals = written(operation).iter().filter(|column| is_decimal(&column.ty));
    decimals.map(|column| {
        format!("MySQL's DECIMAL is DECIMAL(10,0): write the precision and the scale of {}.", column.sql_name)
    })
}

/// Returns notes on types that the migration may have to create first.
fn notes_on_types(operation: &Operation, types: &[SqlType]) -> Vec<String> {
    let defined = written(operation).iter().filter_map(|column| column.ty.defined.as_ref());
    let note = |ty: &SqlType| {
        format!("No column of the database has the type {}: if it does not exist, create it first.", ty.name)
    };
    defined.filter(|ty| !types.contains(ty)).map(note).collect()
}

pub(super) struct Writer<'a> {
    pub(super) backend: Backend,
    pub(super) lost: &'a Lost,
    /// Whether the database that was compared is of this backend.
    pub(super) is_compared: bool,
    row_id_is_bigint: bool,
    /// The columns, by their tables, that the change of a key handles: MySQL numbers them only while they are the key.
    counters: Vec<(String, String)>,
}

impl Writer<'_> {
    fn counter_of(&self, operation: &Operation) -> Option<(String, String)> {
        let Operation::ChangeKey(change) = operation else { return None };
        let column = self.counter(change)?;
        Some((change.from.sql_name.clone(), column.sql_name.clone()))
    }

    fn up(&self, operation: &Operation, notes: &mut Vec<String>) -> Result<String, DiffError> {
        match operation {
            Operation::CreateTable { table, references } => {
                notes.extend(self.notes_on_key(table));
                self.create_table(table, references)
            }
            Operation::DropTable { table, .. } => Ok(self.drop_table(&TableRef::of(table))),
            Operation::AddColumn { table, column, reference, default } => {
                self.check_default(operation)?;
                self.add_column(table, column, reference.as_ref(), default.as_deref())
            }
            Operation::DropColumn { table, column, reference } => Ok(self
                .drop_reference(table, reference.as_ref())
                + &self.drop_column(table, &column.sql_name)),
            Operation::AlterColumn { table, from, to, default, is_retyped } => {
                self.check_default(operation)?;
                // SQLite makes a new column of it, which keeps the default.
                let kept = self.lost.default_of(&table.sql_name, &from.sql_name);
                let default = default.as_deref().or(kept.filter(|_| self.backend == Backend::Sqlite));
                if self.is_unknown(*is_retyped) {
                    notes.push(format!(
                        "MySQL has to repeat the type of {table}.{}: replace {UNKNOWN_TYPE} in its files.",
                        from.sql_name
                    ));
                }
                self.alter(table, (from, to), default, *is_retyped)
            }
            Operation::ChangeKey(change) => {
                notes.extend(self.notes_on_key_change(change));
                self.change_key(change)
            }
        }
    }

    fn down(&self, operation: &Operation) -> Result<String, DiffError> {
        match operation {
            Operation::CreateTable { table, .. } => {
                let mut sql = self.drop_table(&TableRef::of(table));
                for column in table.columns.iter().rev() {
                    sql.push_str(&self.drop_record(column)?);
                }
                Ok(sql)
            }
            Operation::DropTable { table, references } => {
                let lost = self.lost.of_table(&table.sql_name);
                Ok(format!("{lost}{}", self.create_table(table, references)?))
            }
            Operation::AddColumn { table, column, reference, .. } => {
                let dropped = self.drop_reference(table, reference.as_ref());
                Ok(dropped + &self.drop_column(table, &column.sql_name) + &self.drop_record(column)?)
            }
            Operation::DropColumn { table, column, reference } => {
                let default = self.lost.default_of(&table.sql_name, &column.sql_name);
                let lost = self.lost.of_column(&table.sql_name, &column.sql_name);
                let (name, added) = (self.table(table), self.column(column, default)?);
                let end = self.add_reference(table, reference.as_ref());
                Ok(format!("{lost}ALTER TABLE {name} ADD COLUMN {added}{end}"))
            }
            Operation::AlterColumn { table, from, to, is_retyped, .. } => {
                let default = self.lost.default_of(&table.sql_name, &from.sql_name);
                self.alter(
                    table,
                    (to, from),
                    default.filter(|_| self.backend == Backend::Sqlite),
                    *is_retyped,
                )
            }
            Operation::ChangeKey(change) => Ok(self.restore_key(change)),
        }
    }
}

impl Writer<'_> {
    pub(super) fn create_table(
        &self,
        table: &DeclaredTable,
        references: &[Reference],
    ) -> Result<String, DiffError> {
        let key = table.key_columns();
        let mut lines = Vec::new();
        for column in &table.columns {
            let is_key = key == [column.sql_name.as_str()];
            let suffix = if is_key { " PRIMARY KEY" } else { "" };
            // A row id is an `INTEGER PRIMARY KEY`, whatever it is in Rust.
            let is_row_id = is_key && self.row_id_is_bigint && column.ty.name == "BigInt";
            let column = match (self.backend, is_row_id) {
                (Backend::Sqlite, true) => Cow::Owned(with_type(column, "Integer")),
                _ => Cow::Borrowed(column),
            };
            lines.push(format!("\t{}{suffix}", self.column(&column, None)?));
        }
        if key.len() > 1 {
            lines.push(format!("\tPRIMARY KEY({})", self.names(&key)));
        }
        lines.extend(references.iter().map(|reference| format!("\t{}", self.foreign_key(reference))));
        let mut types = String::new();
        for column in &table.columns {
            types.push_str(&self.create_record(column)?);
        }
        Ok(format!("{types}CREATE TABLE {}(\n{}\n);\n", self.table(&TableRef::of(table)), lines.join(",\n")))
    }

    /// Returns the statements for the records of a column.
    fn create_record(&self, column: &DeclaredColumn) -> Result<String, DiffError> {
        let types = self.records(column)?;
        let create = |(name, fields): &(String, Vec<String>)| {
            format!("CREATE TYPE {} AS (\n{}\n);\n\n", self.name(name), fields.join(",\n"))
        };
        Ok(types.iter().map(create).collect())
    }

    fn drop_record(&self, column: &DeclaredColumn) -> Result<String, DiffError> {
        let types = self.records(column)?;
        Ok(types
            .iter()
            .rev()
            .map(|(name, _)| format!("DROP TYPE IF EXISTS {};\n", self.name(name)))
            .collect())
    }

    fn records(&self, column: &DeclaredColumn) -> Result<Vec<(String, Vec<String>)>, DiffError> {
        if self.backend != Backend::Postgres {
            return Ok(Vec::new());
        }
        records::of_column(column).map_err(|missing| self.unwritable(column, &missing))
    }

    fn check_default(&self, operation: &Operation) -> Result<(), DiffError> {
        let Some(Required { name, column, why }) = required(operation, self.backend, self.lost) else {
            return Ok(());
        };
        Err(DiffError {
            message: format!("The column {name} is NOT NULL in schema.rs: {why}."),
            hint: format!(
                "Pass an SQL expression, as in `--default {name}=0`, or declare the column as Nullable<{}>.",
                column.ty.name
            ),
        })
    }

    fn unwritable(&self, column: &DeclaredColumn, missing: &str) -> DiffError {
        DiffError {
            message: format!(
                "The column {} cannot be written as SQL for {}: {missing}.",
                column.sql_name, self.backend
            ),
            hint: self.by_hand(column),
        }
    }

    fn by_hand(&self, column: &DeclaredColumn) -> String {
        let null = if column.ty.is_nullable { "" } else { " NOT NULL" };
        let values = match (self.backend, &column.ty.defined) {
            (Backend::Mysql, Some(_)) => {
                format!(", with {} ENUM('first', 'second'){null} for an enum", self.name(&column.sql_name))
            }
            _ => String::new(),
        };
        format!("Write the migration by hand{values}: `makemigrations --empty`.")
    }

    pub(super) fn foreign_key(&self, reference: &Reference) -> String {
        format!(
            "FOREIGN KEY ({}) REFERENCES {}({})",
            self.names(&reference.columns),
            self.table(&reference.parent),
            self.names(&reference.parent_columns)
        )
    }

    fn drop_table(&self, table: &TableRef) -> String {
        format!("DROP TABLE IF EXISTS {};\n", self.table(table))
    }

    fn add_column(
        &self,
        table: &TableRef,
        column: &DeclaredColumn,
        reference: Option<&Reference>,
        default: Option<&str>,
    ) -> Result<String, DiffError> {
        let (name, added) = (self.table(table), self.column(column, default)?);
        let mut sql = format!("{}ALTER TABLE {name} ADD COLUMN {added}", self.create_record(column)?);
        sql.push_str(&self.add_reference(table, reference));
        // It was for the existing rows; SQLite cannot remove it.
        if default.is_some() && self.backend != Backend::Sqlite {
            let column = self.name(&column.sql_name);
            sql.push_str(&format!("ALTER TABLE {name} ALTER COLUMN {column} DROP DEFAULT;\n"));
        }
        Ok(sql)
    }

    /// Ends the statement that adds a column: SQLite takes the foreign key in it, the others in another one.
    fn add_reference(&self, table: &TableRef, reference: Option<&Reference>) -> String {
        let Some(reference) = reference else { return ";\n".to_owned() };
        let name = match (&reference.name, self.backend) {
            (Some(name), Backend::Mysql) => format!("CONSTRAINT {} ", self.name(name)),
            _ => String::new(),
        };
        match self.backend {
            Backend::Sqlite => {
                let (parent, key) = (self.table(&reference.parent), self.names(&reference.parent_columns));
                format!(" REFERENCES {parent}({key});\n")
            }
            _ => format!(";\nALTER TABLE {} ADD {name}{};\n", self.table(table), self.foreign_key(reference)),
        }
    }

    /// MySQL keeps a column that has a foreign key.
    fn drop_reference(&self, table: &TableRef, reference: Option<&Reference>) -> String {
        let name = reference.and_then(|reference| reference.name.as_ref());
        match (name, self.backend) {
            (Some(name), Backend::Mysql) => {
                format!("ALTER TABLE {} DROP FOREIGN KEY {};\n", self.table(table), self.name(name))
            }
            _ => String::new(),
        }
    }

    fn drop_column(&self, table: &TableRef, column: &str) -> String {
        format!("ALTER TABLE {} DROP COLUMN {};\n", self.table(table), self.name(column))
    }

    fn alter(
        &self,
        table: &TableRef,
        (from, to): (&DeclaredColumn, &DeclaredColumn),
        default: Option<&str>,
        is_retyped: bool,
    ) -> Result<String, DiffError> {
        let (sql_table, name) = (self.table(table), self.name(&from.sql_name));
        let becomes_required = from.ty.is_nullable && !to.ty.is_nullable;
        let filled = default.filter(|_| becomes_required);
        let fill = |name: &str| {
            filled.map(|default| format!("UPDATE {sql_table} SET {name} = {default} WHERE {name} IS NULL;\n"))
        };
        match self.backend {
            Backend::Postgres => {
                let mut sql = self.create_record(to)?;
                if is_retyped {
                    let ty = self.sql_type(to)?;
                    sql.push_str(&format!(
                        "ALTER TABLE {sql_table} ALTER COLUMN {name} TYPE {ty} USING {name}::{ty};\n"
                    ));
                }
                sql.push_str(&fill(&name).unwrap_or_default());
                if from.ty.is_nullable != to.ty.is_nullable {
                    let verb = if to.ty.is_nullable { "DROP" } else { "SET" };
                    sql.push_str(&format!("ALTER TABLE {sql_table} ALTER COLUMN {name} {verb} NOT NULL;\n"));
                }
                Ok(sql)
            }
            Backend::Mysql => {
                let (of, named) = (&table.sql_name, &from.sql_name);
                let is_counter = self.counters.iter().any(|counter| (&counter.0, &counter.1) == (of, named));
                let kept = match is_counter {
                    true => self.lost.attributes_without_number(of, named),
                    false => self.lost.attributes_of(of, named),
                };
                let column = DeclaredColumn { sql_name: from.sql_name.clone(), ..to.clone() };
                let mut changed = self.column(&column, None)?;
                if self.is_unknown(is_retyped) {
                    let null = if to.ty.is_nullable { "NULL" } else { "NOT NULL" };
                    changed = format!("{name} {UNKNOWN_TYPE} {null}");
                }
                let fill = fill(&name).unwrap_or_default();
                Ok(format!("{fill}ALTER TABLE {sql_table} MODIFY COLUMN {changed}{kept};\n"))
            }
            // SQLite cannot alter a column: a new one takes its place, at the end of the table.
            Backend::Sqlite => {
                let old = self.name(&format!("{}__old", from.sql_name));
                let column = DeclaredColumn { sql_name: from.sql_name.clone(), ..to.clone() };
                let added = self.column(&column, default)?;
                let value =
                    filled.map_or_else(|| old.clone(), |default| format!("coalesce({old}, {default})"));
                Ok(format!(
                    "ALTER TABLE {sql_table} RENAME COLUMN {name} TO {old};\n\
                     ALTER TABLE {sql_table} ADD COLUMN {added};\n\
                     UPDATE {sql_table} SET {name} = {value};\n\
                     ALTER TABLE {sql_table} DROP COLUMN {old};\n"
                ))
            }
        }
    }

    /// Returns whether MySQL needs a type to change only whether a column is nullable, and that type is not known.
    fn is_unknown(&self, is_retyped: bool) -> bool {
        self.backend == Backend::Mysql && !self.is_compared && !is_retyped
    }

    /// Returns a column's definition.
    pub(super) fn column(&self, column: &DeclaredColumn, default: Option<&str>) -> Result<String, DiffError> {
        let null = match (column.ty.is_nullable, self.backend) {
            (false, _) => " NOT NULL",
            // Some servers make a TIMESTAMP without either NOT NULL.
            (true, Backend::Mysql) if column.ty.name == "Timestamp" => " NULL",
            (true, _) => "",
        };
        let default = match (default, self.backend) {
            (None, _) => String::new(),
            // A text's default is an expression.
            (Some(default), Backend::Mysql) => format!(" DEFAULT ({default})"),
            (Some(default), _) => format!(" DEFAULT {default}"),
        };
        Ok(format!("{} {}{null}{default}", self.name(&column.sql_name), self.sql_type(column)?))
    }

    fn sql_type(&self, column: &DeclaredColumn) -> Result<String, DiffError> {
        if column.ty.record.is_some() && self.backend == Backend::Postgres {
            let array = if column.ty.is_array { "[]" } else { "" };
            return Ok(format!("{}{array}", self.name(&records::name(&column.sql_name))));
        }
        sql_type(column, self.backend).map_err(|missing| self.unwritable(column, &missing))
    }

    /// Returns what the author should know of a new table's key.
    fn notes_on_key(&self, table: &DeclaredTable) -> Option<String> {
        let [key] = table.key_columns()[..] else { return None };
        let column = table.column(key)?;
        let is_number = ["Integer", "BigInt", "SmallInt", "Int2", "Int4", "Int8", "Bigint", "Smallint"];
        if !is_number.contains(&column.ty.name.as_str()) || column.ty.is_array {
            return None;
        }
        let remedy = match self.backend {
            Backend::Sqlite => return None,
            Backend::Postgres => "GENERATED BY DEFAULT AS IDENTITY",
            Backend::Mysql => "AUTO_INCREMENT",
        };
        Some(format!(
            "The key {}.{key} has no default; if the database numbers the rows, add {remedy}.",
            table.full_name()
        ))
    }

    pub(super) fn table(&self, table: &TableRef) -> String {
        let schema = table.schema.as_ref().map(|schema| self.name(schema) + ".").unwrap_or_default();
        schema + &self.name(&table.sql_name)
    }

    pub(super) fn name(&self, name: &str) -> String {
        match self.backend {
            Backend::Mysql | Backend::Sqlite => format!("`{}`", name.replace('`', "``")),
            Backend::Postgres => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }

    pub(super) fn names(&self, names: &[impl AsRef<str>]) -> String {
        names.iter().map(|name| self.name(name.as_ref())).collect::<Vec<_>>().join(", ")
    }
}

fn with_type(column: &DeclaredColumn, name: &str) -> DeclaredColumn {
    let ty = DeclaredType { name: name.to_owned(), ..column.ty.clone() };
    DeclaredColumn { ty, ..column.clone() }
}
