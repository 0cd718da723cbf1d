//! The databases of a project, from all sources.

use std::collections::BTreeMap;
use std::path::Path;

use super::database_table::from_table;
use super::database_variables::{default, further};
use super::file::Parsed;
use super::variables::Variables;
use super::{Backend, DatabaseSettings, Origin, Part, SettingsError};

/// All databases by alias. A variable's database replaces the file's of the same alias.
pub(crate) fn databases(
    variables: &Variables<'_>,
    parsed: &Parsed,
    file: Option<&Path>,
) -> Result<BTreeMap<String, DatabaseSettings>, SettingsError> {
    let mut databases = BTreeMap::new();
    for (alias, table) in &parsed.file.databases.0 {
        let line = parsed.line(table.span());
        let origin = Origin::File(file.unwrap_or(Path::new("manage.toml")).to_owned(), line);
        databases.insert(alias.clone(), from_table(alias, &table.get_ref().0, origin, parsed)?);
    }
    databases.extend(further(variables)?.into_iter().map(|database| (database.alias.clone(), database)));
    if let Some(default) = default(variables)? {
        databases.insert(default.alias.clone(), default);
    }
    let default = databases.entry(DatabaseSettings::DEFAULT_ALIAS.to_owned()).or_insert_with(|| {
        DatabaseSettings::sqlite(DatabaseSettings::DEFAULT_ALIAS, "db.sqlite3", Origin::Default)
    });
    // For a URL that carries none, wherever it stands: a password is often a secret of its own.
    if default.password.is_none()
        && default.backend != Backend::Sqlite
        && let Some(value) = variables.get("DATABASE_PASSWORD")?
    {
        default.part_origins.set(Part::Password, value.origin);
        default.password = Some(value.text);
    }
    Ok(databases)
}
