//! `diesel.toml`, which Diesel's own tools read, too.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::PrintSchema;
use crate::console::printable;

/// The file's name.
const NAME: &str = "diesel.toml";

/// What a `diesel.toml` configures.
#[derive(Clone, Debug)]
pub(crate) struct DieselToml {
    /// By key: `[print_schema]` is `default`, `[print_schema.archive]` is `archive`.
    pub(crate) schemas: BTreeMap<String, PrintSchema>,
}

impl DieselToml {
    /// The key of `[print_schema]` itself.
    pub(crate) const DEFAULT: &str = "default";

    /// Reads the file that `DIESEL_CONFIG_FILE` names, or else the nearest one in a directory and those above.
    pub(crate) fn find(directory: &Path, named: Option<PathBuf>) -> Result<Self, DieselTomlError> {
        let path = match named {
            Some(path) => directory.join(path),
            None => match directory.ancestors().map(|above| above.join(NAME)).find(|path| path.is_file()) {
                Some(path) => path,
                None => return Ok(Self::without_file()),
            },
        };
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&path, &text),
            // As with Diesel's own tools.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::without_file()),
            Err(error) => Err(DieselTomlError { path, message: error.to_string() }),
        }
    }

    fn without_file() -> Self {
        Self { schemas: BTreeMap::from([(Self::DEFAULT.to_owned(), PrintSchema::default())]) }
    }

    fn parse(path: &Path, text: &str) -> Result<Self, DieselTomlError> {
        let failed = |message: String| DieselTomlError { path: path.to_owned(), message };
        let file: File = toml::from_str(text).map_err(|error| failed(one_line(text, &error)))?;
        let (own, others): (toml::Table, toml::Table) = file
            .print_schema
            .into_iter()
            .partition(|(key, value)| PrintSchema::KEYS.contains(&key.as_str()) || !value.is_table());
        let mut schemas = BTreeMap::new();
        let named = others.into_iter().map(|(key, value)| (format!("print_schema.{key}"), key, value));
        let default = ("print_schema".to_owned(), Self::DEFAULT.to_owned(), toml::Value::Table(own));
        // A table of the name `default` replaces the outer one.
        for (table, key, value) in [default].into_iter().chain(named) {
            let mut schema: PrintSchema = value
                .try_into()
                .map_err(|error: toml::de::Error| failed(format!("[{table}] {}", error.message())))?;
            for file in [&mut schema.file, &mut schema.patch_file].into_iter().flatten() {
                *file = path.parent().unwrap_or(Path::new("")).join(&file);
            }
            schemas.insert(key, schema);
        }
        Ok(Self { schemas })
    }
}

/// The tables of the file.
#[derive(Deserialize)]
struct File {
    #[serde(default)]
    print_schema: toml::Table,
    // Migrations are compiled in.
    #[serde(default, rename = "migrations_directory")]
    _migrations_directory: toml::Table,
}

/// Returns where TOML is wrong, and why, in one line.
fn one_line(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    let message = error.message().replace('\n', " ");
    line.map_or_else(|| message.clone(), |line| format!("line {line}: {message}"))
}

/// Why a `diesel.toml` cannot be used.
#[derive(Debug)]
pub(crate) struct DieselTomlError {
    path: PathBuf,
    message: String,
}

impl fmt::Display for DieselTomlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be used: {}.", printable(&self.path), printable(&self.message))
    }
}

impl std::error::Error for DieselTomlError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<DieselToml, String> {
        DieselToml::parse(Path::new("/srv/shop/diesel.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn tables_of_their_own_are_further_schemas() {
        let file = parse(
            "[print_schema]\nfile = \"src/schema.rs\"\nfilter = { except_tables = [\"^audit_\"] }\n\
             [print_schema.archive]\nschema = \"archive\"\npatch_file = \"/etc/a.patch\"\n\
             [migrations_directory]\ndir = \"migrations\"\n",
        )
        .expect("valid");
        let keys: Vec<_> = file.schemas.keys().map(String::as_str).collect();
        assert_eq!(keys, ["archive", "default"]);
        let default = &file.schemas["default"];
        assert_eq!(default.file.as_deref(), Some(Path::new("/srv/shop/src/schema.rs")));
        assert!(default.filter.selects("users") && !default.filter.selects("audit_log"));
        let archive = &file.schemas["archive"];
        assert_eq!(archive.schema.as_deref(), Some("archive"));
        assert_eq!(archive.patch_file.as_deref(), Some(Path::new("/etc/a.patch")));
    }

    #[test]
    fn a_mistake_is_named() {
        for (text, expected) in [
            ("[print_schema]\nfile = 1", "[print_schema] invalid type: integer `1`, expected path string"),
            ("[print_schema]\nwith_docs = \"yes\"", "[print_schema] expected true, false, or one of"),
            (
                "[print_schema]\nfilter = { only_tables = [\"(\"] }",
                "[print_schema] not a regular expression: unclosed group",
            ),
            (
                "[print_schema]\nfilter = { only_tables = [], except_tables = [] }",
                "[print_schema] only_tables and except_tables exclude each other",
            ),
            ("[print_schema]\nfiles = \"a\"", "[print_schema] unknown field `files`, expected one of"),
            ("[print_schema.old]\nx = 1", "[print_schema.old] unknown field `x`, expected one of"),
            ("a = ", "line 1: "),
        ] {
            let error = parse(text).expect_err(text);
            let start = format!("/srv/shop/diesel.toml cannot be used: {expected}");
            assert!(error.starts_with(&start), "{error}");
        }
    }
}
