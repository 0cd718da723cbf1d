//! The changes that bring a database to what the apps' `schema.rs` declare.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use diesel::result::Error as QueryError;

use super::declared::{Declared, ParseError, SqlType};
use super::diesel_toml::{DieselToml, DieselTomlError};
use super::diff::{
    Comparison, DiffError, Difference, Known, Operation, Required, Script, compare, required, write_sql,
};
use super::lost::Lost;
use super::options::PrintSchema;
use super::read::{ReadError, read};
use super::schema_rs::{self, WriteError};
use crate::console::printable;
use crate::database::Connection;
use crate::settings::Backend;

/// An app, whose package may have a `schema.rs`.
pub(crate) struct AppSource {
    pub(crate) app: &'static str,
    pub(crate) package: PathBuf,
    /// The backends of its migrations, if each has a directory of its own.
    pub(crate) backends: Vec<Backend>,
}

/// What is compared.
pub(crate) struct Request<'a> {
    /// Every app of the program with migrations.
    pub(crate) apps: &'a [AppSource],
    /// The apps to make migrations for.
    pub(crate) selected: &'a dyn Fn(&str) -> bool,
    /// The app that drops tables which no app declares.
    pub(crate) drops: Option<&'static str>,
    /// The values for existing rows, by `table.column`.
    pub(crate) defaults: &'a HashMap<String, String>,
    /// What `DIESEL_CONFIG_FILE` names, as an absolute path.
    pub(crate) config_file: Option<PathBuf>,
}

/// The differences between a database and the apps.
#[derive(Default)]
pub(crate) struct Changes {
    /// Of each selected app with a `schema.rs`, if any differ.
    pub(crate) apps: Vec<AppChanges>,
    /// The tables that no app declares, and that no app drops.
    pub(crate) undeclared: Vec<String>,
    /// The files that were compared.
    pub(crate) files: Vec<PathBuf>,
}

/// The operations of an app.
pub(crate) struct AppChanges {
    pub(crate) app: &'static str,
    pub(crate) operations: Vec<Operation>,
    /// What the app has to migrate by hand.
    pub(crate) conflicts: Vec<DiffError>,
    lost: Lost,
    /// The types of the database that its tables use.
    types: Vec<SqlType>,
    row_id_is_bigint: bool,
    /// The backend that was compared.
    backend: Backend,
}

impl AppChanges {
    /// Returns the operations as SQL for a backend.
    pub(crate) fn script(&self, backend: Backend) -> Result<Script, DiffError> {
        // Another backend's defaults are written in another way.
        let lost = Some(&self.lost).filter(|_| backend == self.backend);
        let known = Known { lost, types: &self.types, row_id_is_bigint: self.row_id_is_bigint };
        write_sql(&self.operations, backend, &known)
    }

    /// Sets the defaults that a backend requires and that are missing, to what `ask` returns for each.
    pub(crate) fn fill_defaults<E>(
        &mut self,
        backend: Backend,
        mut ask: impl FnMut(&Required<'_>) -> Result<String, E>,
    ) -> Result<(), E> {
        let unknown = Lost::default();
        let lost = if backend == self.backend { &self.lost } else { &unknown };
        for operation in &mut self.operations {
            if let Some(needed) = required(operation, backend, lost) {
                let default = ask(&needed)?;
                operation.set_default(default);
            }
        }
        Ok(())
    }

    /// Returns a name for the migration: what its only operation does.
    pub(crate) fn name(&self) -> String {
        let name = match self.operations.as_slice() {
            [Operation::CreateTable { table, .. }] => format!("create_{}", table.rust_name),
            [Operation::DropTable { table, .. }] => format!("delete_{}", table.rust_name),
            [Operation::AddColumn { table, column, .. }] => {
                format!("add_{}_to_{}", column.rust_name, table.sql_name)
            }
            [Operation::DropColumn { table, column, .. }] => {
                format!("remove_{}_from_{}", column.rust_name, table.sql_name)
            }
            [Operation::AlterColumn { table, to, .. }] => {
                format!("alter_{}_of_{}", to.rust_name, table.sql_name)
            }
            [Operation::ChangeKey(change)] => format!("change_key_of_{}", change.to.rust_name),
            _ => "change_schema".to_owned(),
        };
        let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        name.chars().map(|letter| if fits(letter) { letter } else { '_' }).take(80).collect()
    }
}

/// What an app declares, and how.
struct Source<'a> {
    app: &'static str,
    package: &'a Path,
    options: PrintSchema,
    declared: Declared,
    is_portable: bool,
}

/// Compares the database with the apps.
pub(crate) fn changes(connection: &mut Connection, request: &Request<'_>) -> Result<Changes, ChangesError> {
    let mut changes = Changes::default();
    let mut sources = Vec::new();
    for app in request.apps {
        for (path, options) in files(app, request.config_file.clone())? {
            let text = match fs::read_to_string(&path) {
                Ok(text) => text,
                // Not every app declares tables.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(ChangesError::Read(path, error)),
            };
            let declared =
                Declared::parse(&text).map_err(|error| ChangesError::Parse(path.clone(), error))?;
            changes.files.push(path);
            let is_portable = app.backends.len() > 1;
            sources.push(Source { app: app.app, package: &app.package, options, declared, is_portable });
        }
    }
    if sources.is_empty() {
        let packages = request.apps.iter().map(|app| app.package.join("src/schema.rs")).collect();
        return Err(ChangesError::NoSchema(packages));
    }
    let backend = connection.backend();
    for source in &sources {
        let tables = read(connection, &source.options)?;
        // The same text that inspectdb prints, so that a patch counts as well.
        let text = schema_rs::write(&tables, backend, &source.options, source.package)?.text;
        let live = Declared::parse(&text).map_err(ChangesError::Live)?;
        let is_elsewhere = |table: &str| {
            sources
                .iter()
                .any(|other| other.declared.tables.iter().any(|declared| declared.sql_name == table))
        };
        let is_dropped = |table: &str| request.drops == Some(source.app) && !is_elsewhere(table);
        for table in &live.tables {
            let name = table.full_name();
            let is_left = !is_elsewhere(&table.sql_name) && request.drops.is_none();
            if is_left && !changes.undeclared.contains(&name) {
                changes.undeclared.push(name);
            }
        }
        if !(request.selected)(source.app) {
            continue;
        }
        let comparison = Comparison {
            backend,
            is_portable: source.is_portable,
            declared: &source.declared,
            live: &live,
            tables: &tables,
            droppable: &is_dropped,
            defaults: request.defaults,
        };
        let Difference { operations, conflicts } = compare(&comparison);
        if !operations.is_empty() || !conflicts.is_empty() {
            let lost = Lost::read(connection, source.options.schema.as_deref())?;
            changes.apps.push(AppChanges {
                app: source.app,
                operations,
                conflicts,
                lost,
                types: live.types(),
                row_id_is_bigint: source.options.sqlite_integer_primary_key_is_bigint.unwrap_or_default(),
                backend,
            });
        }
    }
    Ok(changes)
}

/// Returns the `schema.rs` files of an app, with their options: those that `diesel.toml` names in the app's
/// package, or else `src/schema.rs`.
fn files(app: &AppSource, named: Option<PathBuf>) -> Result<Vec<(PathBuf, PrintSchema)>, ChangesError> {
    let file = DieselToml::find(&app.package, named)?;
    let mut files: Vec<(PathBuf, PrintSchema)> = Vec::new();
    for options in file.schemas.values() {
        let path = options.file.clone().filter(|path| path.starts_with(&app.package));
        files.extend(path.map(|path| (path, options.clone())));
    }
    if files.is_empty() {
        let options = file.schemas.get(DieselToml::DEFAULT).cloned().unwrap_or_default();
        let is_of_other_package = options.file.is_some();
        // The patch is for the file that is named.
        let options = if is_of_other_package { PrintSchema { patch_file: None, ..options } } else { options };
        files.push((app.package.join("src/schema.rs"), options));
    }
    Ok(files)
}

/// Why a database and the apps cannot be compared.
#[derive(Debug)]
pub(crate) enum ChangesError {
    Config(DieselTomlError),
    /// None of these files exists.
    NoSchema(Vec<PathBuf>),
    Read(PathBuf, io::Error),
    Parse(PathBuf, ParseError),
    Tables(ReadError),
    Patch(WriteError),
    /// The text for the database is not Rust.
    Live(ParseError),
    Query(QueryError),
}

impl fmt::Display for ChangesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::NoSchema(paths) => {
                let paths: Vec<_> = paths.iter().map(printable).collect();
                write!(f, "No app has a schema.rs: there is no {}.", paths.join(" or "))
            }
            Self::Read(path, error) => write!(f, "{} cannot be read: {error}.", printable(path)),
            Self::Parse(path, error) => write!(f, "{}, {error}.", printable(path)),
            Self::Tables(error) => error.fmt(f),
            Self::Patch(error) => error.fmt(f),
            Self::Live(error) => write!(f, "The tables of the database cannot be declared, {error}."),
            Self::Query(_) => f.write_str("The tables of the database cannot be read."),
        }
    }
}

impl std::error::Error for ChangesError {}

macro_rules! from {
    ($($source:ty => $variant:ident),+ $(,)?) => {
        $(impl From<$source> for ChangesError {
            fn from(error: $source) -> Self {
                Self::$variant(error)
            }
        })+
    };
}

from!(
    DieselTomlError => Config,
    ReadError => Tables,
    WriteError => Patch,
    QueryError => Query,
);
