//! Writes `schema.rs` as `diesel print-schema` does.

mod custom_types;
mod related;
mod rustfmt;
mod table;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::model::{ColumnType, Skipped, Tables};
use super::names::rust_name;
use super::options::{PrintSchema, SameQuery};
use crate::console::printable;
use crate::settings::Backend;

const HEADER: &str = "// @generated automatically by Diesel CLI.";

/// The text of a `schema.rs`.
pub(crate) struct SchemaText {
    pub(crate) text: String,
    /// Why it is not formatted.
    pub(crate) unformatted: Option<String>,
}

/// Writes the tables as the options say, formatted with the configuration of a directory.
pub(crate) fn write(
    tables: &Tables,
    backend: Backend,
    options: &PrintSchema,
    directory: &Path,
) -> Result<SchemaText, WriteError> {
    let custom = custom_types::choose(tables, backend, options);
    let mut body = Lines::default();
    if options.generate_missing_sql_type_definitions != Some(false) {
        custom_types::write(&mut body, tables, &custom, backend, options);
    }
    for (table, custom) in tables.tables.iter().zip(&custom) {
        body.separate();
        table::write(&mut body, table, custom, options);
    }
    joinable(&mut body, tables);
    same_query(&mut body, tables, options.same_query);
    for skipped in &tables.skipped {
        body.separate();
        body.left_out(skipped);
    }
    let mut out = Lines::default();
    out.line(HEADER);
    out.separate();
    match &options.schema {
        Some(schema) => {
            out.line(format!("pub mod {} {{", rust_name(schema, None)));
            out.indented(&body.text);
            out.line("}");
        }
        None => out.text.push_str(&body.text),
    }
    let written = formatted(out, directory);
    Ok(SchemaText { text: patched(written.text, options)?, ..written })
}

/// Formats a text, if rustfmt can be run.
pub(super) fn formatted(lines: Lines, directory: &Path) -> SchemaText {
    match rustfmt::format(&lines.text, directory) {
        Ok(text) => SchemaText { text, unformatted: None },
        Err(reason) => SchemaText { text: lines.text, unformatted: Some(reason) },
    }
}

/// The columns' types that need a definition, by table and column.
type CustomTypes = Vec<Vec<Option<ColumnType>>>;

fn joinable(out: &mut Lines, tables: &Tables) {
    for (index, key) in tables.joinable().into_iter().enumerate() {
        if index == 0 {
            out.separate();
        }
        let (child, parent) = (&key.child.rust_name, &key.parent.rust_name);
        let column = rust_name(&key.columns[0], Some(child));
        out.line(format!("diesel::joinable!({child} -> {parent} ({column}));"));
    }
}

fn same_query(out: &mut Lines, tables: &Tables, grouping: SameQuery) {
    let groups = match grouping {
        SameQuery::AllTables => vec![tables.tables.iter().map(|table| &table.name).collect()],
        SameQuery::FkRelatedTables => related::groups(tables),
        SameQuery::None => Vec::new(),
    };
    for (index, group) in groups.iter().filter(|group| group.len() > 1).enumerate() {
        if index == 0 {
            out.separate();
        }
        out.line("diesel::allow_tables_to_appear_in_same_query!(");
        for name in group {
            out.line(format!("    {},", name.rust_name));
        }
        out.line(");");
    }
}

fn patched(text: String, options: &PrintSchema) -> Result<String, WriteError> {
    let Some(path) = &options.patch_file else { return Ok(text) };
    let failed = |reason: PatchError| WriteError { path: path.clone(), reason };
    let patch = fs::read_to_string(path).map_err(|error| failed(PatchError::Read(error)))?;
    let patch =
        diffy::Patch::from_str(&patch).map_err(|error| failed(PatchError::Parse(error.to_string())))?;
    diffy::apply(&text, &patch).map_err(|error| failed(PatchError::Apply(error.to_string())))
}

/// Lines of a text, in which two blocks are separated by an empty line.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) text: String,
}

impl Lines {
    pub(super) fn line(&mut self, line: impl AsRef<str>) {
        self.text.push_str(line.as_ref());
        self.text.push('\n');
    }

    /// Begins another block.
    pub(super) fn separate(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    pub(super) fn indented(&mut self, text: &str) {
        for line in text.lines() {
            if !line.is_empty() {
                self.text.push_str("    ");
            }
            self.line(line);
        }
    }

    /// Writes a doc comment.
    pub(super) fn docs(&mut self, text: &str) {
        for line in text.lines() {
            self.line(format!("/// {}", line.trim()).trim_end());
        }
    }

    pub(super) fn left_out(&mut self, table: &Skipped) {
        let (name, reason) = (table.name.full_sql_name(), &table.reason);
        self.line(format!("// Left out {}: {}.", printable(&name), printable(reason)));
    }
}

/// Why the patch of the options cannot be applied.
#[derive(Debug)]
pub(crate) struct WriteError {
    path: PathBuf,
    reason: PatchError,
}

#[derive(Debug)]
enum PatchError {
    Read(io::Error),
    Parse(String),
    Apply(String),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = printable(&self.path);
        match &self.reason {
            PatchError::Read(error) => write!(f, "The patch_file {path} cannot be read: {error}."),
            PatchError::Parse(error) => {
                write!(f, "The patch_file {path} is not a patch: {}.", printable(error))
            }
            PatchError::Apply(error) => {
                write!(f, "The patch_file {path} does not fit the database's schema: {}.", printable(error))
            }
        }
    }
}

impl std::error::Error for WriteError {}
