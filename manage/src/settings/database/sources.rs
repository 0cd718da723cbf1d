//! The databases of a project, from all sources.

use std::collections::BTreeMap;
use std::path::Path;

use super::libpq::complete;
use super::misplaced::{refuse, refuse_alias};
use super::near_misses::{NearMiss, near_misses};
use super::table::from_table;
use super::variables::{default, further};
use crate::settings::file::Parsed;
use crate::settings::variables::Variables;
use crate::settings::{Backend, DatabaseSettings, Origin, Part, SettingsError};

/// The databases of a project, and warnings about their settings.
pub(crate) struct Databases {
    pub(crate) by_alias: BTreeMap<String, DatabaseSettings>,
    /// Warnings about what cannot be used and is passed over, such as a password file that others can read.
    pub(crate) warnings: Vec<String>,
    pub(crate) near_misses: Vec<NearMiss>,
}

/// Returns all databases by alias. A database set by a variable replaces the file's database of the same
/// alias.
pub(crate) fn databases(
    variables: &Variables<'_>,
    parsed: &Parsed,
    file: Option<&Path>,
    home: &Path,
) -> Result<Databases, SettingsError> {
    let mut drafts = BTreeMap::new();
    for (alias, table) in &parsed.file.databases.0 {
        let line = parsed.line(table.span());
        let origin = Origin::File(file.unwrap_or(Path::new("manage.toml")).to_owned(), line);
        refuse_alias(alias, &origin)?;
        let draft = from_table(alias, &table.get_ref().0, origin, parsed, variables.environment)?;
        drafts.insert(alias.clone(), draft);
    }
    for draft in further(variables)?.into_iter().chain(default(variables)?) {
        drafts.insert(draft.settings.alias.clone(), draft);
    }
    let default = drafts.entry(DatabaseSettings::DEFAULT_ALIAS.to_owned()).or_insert_with(|| {
        let path = home.join("db.sqlite3").display().to_string();
        DatabaseSettings::sqlite(DatabaseSettings::DEFAULT_ALIAS, path, Origin::Default).into()
    });
    let default = &mut default.settings;
    // For a URL without a password, from any source: a password is often a separate secret.
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
        refuse(&settings)?;
        by_alias.insert(alias, settings);
        warnings.extend(unused.into_iter().filter(|warning| !warnings.contains(warning)).collect::<Vec<_>>());
    }
    let near_misses = near_misses(variables, parsed, &by_alias[DatabaseSettings::DEFAULT_ALIAS]);
    Ok(Databases { by_alias, warnings, near_misses })
}
