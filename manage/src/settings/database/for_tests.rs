//! The database settings for a project's tests.

use super::libpq::complete;
use super::variables::from_url;
use crate::settings::load::env_file;
use crate::settings::trust::root::search_directories;
use crate::settings::variables::Variables;
use crate::settings::{DatabaseSettings, Settings, SettingsError, Source};

/// Returns `TEST_DATABASE_URL`, or `TEST_DATABASE_URL_<ALIAS>` for another alias. If it is not set, returns
/// the settings of the alias.
pub(crate) fn for_tests(source: &Source, alias: &str) -> Result<DatabaseSettings, SettingsError> {
    let environment = &source.environment;
    let env_file = env_file(source, &search_directories(environment))?;
    let variables = Variables::new(environment, env_file.as_ref());
    let name = match alias {
        DatabaseSettings::DEFAULT_ALIAS => "TEST_DATABASE_URL".to_owned(),
        alias => format!("TEST_DATABASE_URL_{}", alias.to_uppercase()),
    };
    match variables.get(&name)? {
        Some(url) => Ok(complete(from_url(alias, url)?, &variables)?.0),
        None => Settings::load(source)?.database(alias).cloned().map_err(|error| {
            let hint = format!("{} {name} names one for the tests.", error.hint_text().unwrap_or_default());
            error.hint(hint.trim_start())
        }),
    }
}

#[cfg(test)]
mod tests {
    use crate::settings::Environment;

    use super::*;

    #[test]
    fn a_variable_of_its_own_comes_before_the_settings() {
        let folder = tempfile::tempdir().expect("a directory");
        let name = |variables: &[(&str, &str)], alias: &str| {
            let environment = Environment::new(variables.iter().copied(), folder.path());
            for_tests(&Source::new(environment, None), alias).map(|database| (database.alias, database.name))
        };
        let found = |alias: &str, name: &str| Ok((alias.to_owned(), name.to_owned()));
        let set = [
            ("DATABASE_URL", "postgres://db/shop"),
            ("TEST_DATABASE_URL", "postgres://db/tests"),
            ("DATABASE_URL_ARCHIVE", "postgres://db/old"),
        ];
        assert_eq!(name(&set[..1], "default"), found("default", "shop"));
        assert_eq!(name(&set, "default"), found("default", "tests"));
        assert_eq!(name(&set, "archive"), found("archive", "old"));
        assert_eq!(
            name(&[("TEST_DATABASE_URL_ARCHIVE", "postgres://db/a")], "archive"),
            found("archive", "a")
        );
        assert!(name(&set, "none").is_err());
        std::fs::write(folder.path().join(".env"), "TEST_DATABASE_URL=postgres://db/file\n").expect("a file");
        assert_eq!(name(&set[..1], "default"), found("default", "file"));
        let wrong = name(&[("TEST_DATABASE_URL", "postgres://u:s3cret@db/a?sslmode=x")], "default");
        assert!(!format!("{wrong:?}").contains("s3cret"));
    }
}
