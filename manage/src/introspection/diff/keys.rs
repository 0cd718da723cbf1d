//! The SQL that gives a table another primary key.

use super::sql::Writer;
use super::{DiffError, KeyChange, Reference, TableRef};
use crate::introspection::declared::{DeclaredColumn, DeclaredTable};
use crate::settings::Backend;

impl Writer<'_> {
    pub(super) fn change_key(&self, change: &KeyChange) -> Result<String, DiffError> {
        let refused = |why: String, hint: String| {
            let (declared, found) = (change.to.key_columns().join(", "), change.found());
            let table = change.to.full_name();
            DiffError {
                message: format!(
                    "The primary key of {table} is ({declared}) in schema.rs and {found} in the database, and {why}."
                ),
                hint: format!("Write it by hand in a migration of `makemigrations --empty`: {hint}"),
            }
        };
        if self.backend == Backend::Sqlite {
            let rebuild = self.rebuild(change)?;
            let hint = format!(
                "{rebuild} Add the defaults and checks that the table has, and create its indexes, triggers and views again."
            );
            return Err(refused("SQLite cannot change it".to_owned(), hint));
        }
        if change.referring.is_empty() {
            return Ok(self.replaced_key(change));
        }
        let tables: Vec<String> = change
            .referring
            .iter()
            .map(|(child, key)| format!("{child} ({})", key.columns.join(", ")))
            .collect();
        let verb = if tables.len() == 1 { "refers" } else { "refer" };
        Err(refused(format!("{} {verb} to it", tables.join(" and ")), self.with_referring(change)))
    }

    /// The statements of `down.sql`.
    pub(super) fn restore_key(&self, change: &KeyChange) -> String {
        let table = self.table(&TableRef::of(&change.from));
        let counter = self.counter(change).map(|column| self.modified(change, column, true));
        format!(
            "ALTER TABLE {table} {}{};\n",
            self.key_actions(&change.from),
            counter.map(|sql| format!(", {sql}")).unwrap_or_default()
        )
    }

    fn replaced_key(&self, change: &KeyChange) -> String {
        let table = self.table(&TableRef::of(&change.from));
        let counter =
            self.counter(change).map(|column| format!("{}, ", self.modified(change, column, false)));
        format!("ALTER TABLE {table} {}{};\n", counter.unwrap_or_default(), self.key_actions(&change.to))
    }

    /// Drops the key that there is, and adds that of `table`.
    fn key_actions(&self, table: &DeclaredTable) -> String {
        let columns = self.names(&table.key_columns());
        match self.backend {
            Backend::Postgres => {
                let default = format!("{}_pkey", table.sql_name);
                let name = self.name(self.lost.key_of(&table.sql_name).unwrap_or(&default));
                format!("DROP CONSTRAINT {name}, ADD CONSTRAINT {name} PRIMARY KEY ({columns})")
            }
            Backend::Mysql | Backend::Sqlite => format!("DROP PRIMARY KEY, ADD PRIMARY KEY ({columns})"),
        }
    }

    /// Returns the column that MySQL numbers, if it is not the first of the new key. Only that of an index may be
    /// numbered.
    pub(super) fn counter<'a>(&self, change: &'a KeyChange) -> Option<&'a DeclaredColumn> {
        let first = change.to.key_columns().first().copied().unwrap_or_default();
        let is_counter = |column: &&DeclaredColumn| {
            column.sql_name != first && self.lost.is_numbered(&change.from.sql_name, &column.sql_name)
        };
        (self.backend == Backend::Mysql).then(|| change.from.columns.iter().find(is_counter)).flatten()
    }

    fn modified(&self, change: &KeyChange, column: &DeclaredColumn, is_numbered: bool) -> String {
        // A number's type can always be written.
        let definition = self.column(column, None).unwrap_or_default();
        let (table, column) = (&change.from.sql_name, &column.sql_name);
        let attributes = match is_numbered {
            true => self.lost.attributes_of(table, column),
            false => self.lost.attributes_without_number(table, column),
        };
        format!("MODIFY COLUMN {definition}{attributes}")
    }

    pub(super) fn notes_on_key_change(&self, change: &KeyChange) -> Vec<String> {
        let table = change.to.full_name();
        let mut notes = Vec::new();
        let is_new = |name: &&str| change.from.column(name).is_none();
        for column in change.to.key_columns().into_iter().filter(is_new) {
            notes.push(format!(
                "Each row needs a value of its own in {table}.{column}, or the new key fails: give it one before the key changes."
            ));
        }
        let is_gone = |name: &&str| change.to.column(name).is_none();
        for column in change.from.key_columns().into_iter().filter(is_gone) {
            notes.push(format!(
                "down.sql cannot restore the values of {table}.{column}: give each row one before it is the key again."
            ));
        }
        if let Some(column) = self.counter(change) {
            notes.push(format!(
                "MySQL no longer numbers {table}.{}: only a key may be numbered.",
                column.sql_name
            ));
        } else if self.backend == Backend::Mysql && !self.is_compared {
            notes.push(format!(
                "If MySQL numbers the key of {table}, take AUTO_INCREMENT away before the key changes."
            ));
        } else if self.backend == Backend::Postgres && !self.is_compared {
            notes.push(format!(
                "PostgreSQL's name of the key of {table} is not known: the usual one is used, {}_pkey.",
                change.to.sql_name
            ));
        }
        notes
    }

    /// Returns what replaces a table of SQLite's, in one line.
    fn rebuild(&self, change: &KeyChange) -> Result<String, DiffError> {
        let (old, sql_name) = (TableRef::of(&change.from), format!("{}__new", change.from.sql_name));
        let new = DeclaredTable { sql_name, ..change.to.clone() };
        let is_kept = |reference: &&Reference| {
            reference.columns.iter().all(|column| change.to.column(column).is_some())
        };
        let references: Vec<Reference> = change.references.iter().filter(is_kept).cloned().collect();
        let create = self.create_table(&new, &references)?.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_copied = |name: &&str| change.from.column(name).is_some();
        let copied: Vec<&str> =
            change.to.columns.iter().map(|column| column.sql_name.as_str()).filter(is_copied).collect();
        let (columns, old, new) = (self.names(&copied), self.table(&old), self.table(&TableRef::of(&new)));
        Ok(format!(
            "{create} INSERT INTO {new} ({columns}) SELECT {columns} FROM {old}; DROP TABLE {old}; \
             ALTER TABLE {new} RENAME TO {old};"
        ))
    }

    /// Returns the statements that also keep the foreign keys to the old key, in one line.
    fn with_referring(&self, change: &KeyChange) -> String {
        let word = if self.backend == Backend::Postgres { "CONSTRAINT" } else { "FOREIGN KEY" };
        let named = |(child, key): &(TableRef, Reference)| {
            (self.table(child), self.name(key.name.as_deref().unwrap_or_default()), self.foreign_key(key))
        };
        let (mut dropped, mut added) = (String::new(), String::new());
        for (child, name, key) in change.referring.iter().map(named) {
            dropped.push_str(&format!("ALTER TABLE {child} DROP {word} {name}; "));
            added.push_str(&format!("ALTER TABLE {child} ADD CONSTRAINT {name} {key}; "));
        }
        let table = self.table(&TableRef::of(&change.from));
        let unique = format!("ALTER TABLE {table} ADD UNIQUE ({});", self.names(&change.from.key_columns()));
        format!(
            "{dropped}{} {unique} {added}The foreign keys lose their ON DELETE and ON UPDATE, unless you add those.",
            self.replaced_key(change).trim_end()
        )
    }
}
