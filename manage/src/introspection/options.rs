//! What `[print_schema]` of `diesel.toml` configures.

use std::path::PathBuf;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// How `schema.rs` is written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PrintSchema {
    /// The file that Diesel's tools write.
    pub(crate) file: Option<PathBuf>,
    pub(super) with_docs: Docs,
    #[serde(rename = "allow_tables_to_appear_in_same_query_config")]
    pub(super) same_query: SameQuery,
    pub(crate) filter: TableFilter,
    pub(super) column_sorting: ColumnSorting,
    /// The schema to read; `None` for the default one.
    pub(crate) schema: Option<String>,
    /// A patch that is applied to the text.
    pub(crate) patch_file: Option<PathBuf>,
    pub(super) import_types: Option<Vec<String>>,
    pub(super) generate_missing_sql_type_definitions: Option<bool>,
    pub(super) except_custom_type_definitions: Vec<Pattern>,
    pub(super) custom_type_derives: Option<Vec<String>>,
    pub(super) sqlite_integer_primary_key_is_bigint: Option<bool>,
    pub(super) pg_domains_as_custom_types: Vec<Pattern>,
}

impl PrintSchema {
    /// The keys of the table; any other key names a table of its own.
    pub(super) const KEYS: [&str; 13] = [
        "file",
        "with_docs",
        "allow_tables_to_appear_in_same_query_config",
        "filter",
        "column_sorting",
        "schema",
        "patch_file",
        "import_types",
        "generate_missing_sql_type_definitions",
        "except_custom_type_definitions",
        "custom_type_derives",
        "sqlite_integer_primary_key_is_bigint",
        "pg_domains_as_custom_types",
    ];

    /// Returns the derives of a custom type, which include the one that makes it a type.
    pub(super) fn derives(&self) -> Vec<String> {
        const SQL_TYPE: &str = "diesel::sql_types::SqlType";
        let mut derives = self.custom_type_derives.clone().unwrap_or_default();
        if !derives.iter().any(|derive| derive == SQL_TYPE) {
            derives.push(SQL_TYPE.to_owned());
        }
        derives
    }
}

/// Which doc comments are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Docs {
    #[default]
    None,
    /// The comments of the database.
    Comments,
    /// The comments of the database, or else Diesel's own sentences.
    All,
}

impl<'de> Deserialize<'de> for Docs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Flag(bool),
            Name(String),
        }
        let expected = "true, false, or one of database-comments-fallback-to-auto-generated-doc-comment, \
                        only-database-comments and no-doc-comments";
        match Written::deserialize(deserializer)
            .map_err(|_| D::Error::custom(format!("expected {expected}")))?
        {
            Written::Flag(true) => Ok(Self::All),
            Written::Flag(false) => Ok(Self::None),
            Written::Name(name) => match name.as_str() {
                "database-comments-fallback-to-auto-generated-doc-comment" => Ok(Self::All),
                "only-database-comments" => Ok(Self::Comments),
                "no-doc-comments" => Ok(Self::None),
                _ => Err(D::Error::custom(format!("expected {expected}"))),
            },
        }
    }
}

/// Which tables appear together in `allow_tables_to_appear_in_same_query!`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SameQuery {
    #[default]
    AllTables,
    /// Those that foreign keys connect.
    FkRelatedTables,
    None,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ColumnSorting {
    #[default]
    OrdinalPosition,
    Name,
}

/// The tables to write, by regular expressions for their names in the database.
#[derive(Clone, Debug, Default)]
pub(crate) enum TableFilter {
    #[default]
    All,
    Only(Vec<Pattern>),
    Except(Vec<Pattern>),
}

impl TableFilter {
    /// Selects the tables of these names.
    pub(crate) fn only(names: &[String]) -> Self {
        Self::Only(names.iter().map(|name| Pattern::exactly(name)).collect())
    }

    /// Selects all tables but those of these names.
    pub(crate) fn except(names: &[String]) -> Self {
        Self::Except(names.iter().map(|name| Pattern::exactly(name)).collect())
    }

    /// Returns whether a table is selected.
    pub(crate) fn selects(&self, table: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(patterns) => patterns.iter().any(|pattern| pattern.is_match(table)),
            Self::Except(patterns) => !patterns.iter().any(|pattern| pattern.is_match(table)),
        }
    }
}

impl<'de> Deserialize<'de> for TableFilter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Written {
            only_tables: Option<Vec<Pattern>>,
            except_tables: Option<Vec<Pattern>>,
        }
        match Written::deserialize(deserializer)? {
            Written { only_tables: Some(_), except_tables: Some(_) } => {
                Err(D::Error::custom("only_tables and except_tables exclude each other"))
            }
            Written { only_tables: Some(patterns), .. } => Ok(Self::Only(patterns)),
            Written { except_tables: Some(patterns), .. } => Ok(Self::Except(patterns)),
            _ => Ok(Self::All),
        }
    }
}

/// A regular expression.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(regex::Regex);

impl Pattern {
    /// Parses a regular expression; the error is one line.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        regex::Regex::new(text).map(Self).map_err(|error| {
            // The last of its lines is the reason; those before show the text.
            let error = error.to_string();
            let reason = error.lines().last().unwrap_or_default();
            reason.strip_prefix("error: ").unwrap_or(reason).to_owned()
        })
    }

    fn exactly(text: &str) -> Self {
        Self(regex::Regex::new(&format!("^(?:{})$", regex::escape(text))).expect("an escaped text is valid"))
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).map_err(|reason| D::Error::custom(format!("not a regular expression: {reason}")))
    }
}
