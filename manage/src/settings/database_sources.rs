//! The databases of a project, from all sources.

use std::collections::BTreeMap;
use std::path::Path;

use super::database_table::from_table;
use super::database_variables::{default, further};
use super::file::Parsed;
use super::libpq::complete;
use super::near_misses::{NearMiss, near_misses};
use super::variables::Variables;
use super::{Backend, DatabaseSettings, Origin, Part, SettingsError};

/// The databases of a project, and what should be known of their settings.
pub(crate) struct Databases {
    pub(crate) by_alias: BTreeMap<String, DatabaseSettings>,
    /// What cannot be used and is passed over, such as a password file that others can read.
    pub(crate) warnings: Vec<String>,
    pub(crate) near_misses: Vec<NearMiss>,
}

/// All databases by alias. A variable's database replaces the file's of the same alias.
pub(crate) fn databases(
    variables: &Variables<'_>,
    parsed: &Parsed,
    file: Option<&Path>,
) -> Result<Databases, SettingsError> {
    let mut drafts = BTreeMap::new();
    for (alias, table) in &parsed.file.databases.0 {
        let line = parsed.line(table.span());
        let origin = Origin::File(file.unwrap_or(Path::new("manage.toml")).to_owned(), line);
        drafts.insert(alias.clone(), from_table(alias, &table.get_ref().0, origin, parsed)?);
    }
    for draft in further(variables)?.into_iter().chain(default(variables)?) {
        drafts.insert(draft.settings.alias.clone(), draft);
    }
    let default = drafts.entry(DatabaseSettings::DEFAULT_ALIAS.to_owned()).or_insert_with(|| {
        DatabaseSettings::sqlite(DatabaseSettings::DEFAULT_ALIAS, "db.sqlite3", Origin::Default).into()
    });
    let default = &mut default.settings;
    // For a URL that carries none, wherever it stands: a password is often a secret of its own.
    if default.password.is_none()
        && default.backend != Backend::Sqlite
        && let Some(value) = variables.get("DATABASE_PASSWORD")?
    {
        default.part_origins.set(Part::Password, value.origin);
        default.password = Some(value.text);
    }
    let mut by_alias = BTreeMap::new();
    let mut warnings = Vec::new();
    for (alias, draft) in drafts {
        let (settings, unused) = complete(draft, variables)?;
        by_alias.insert(alias, settings);
        warnings.extend(unused.into_iter().filter(|warning| !warnings.contains(warning)).collect::<Vec<_>>());
    }
    let near_misses = near_misses(variables, parsed, &by_alias[DatabaseSettings::DEFAULT_ALIAS]);
    Ok(Databases { by_alias, warnings, near_misses })
}
