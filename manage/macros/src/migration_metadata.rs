//! What a migration's `metadata.toml` says: Diesel's key, and those of the table `[manage]`, which Diesel ignores.

use std::fs;

use toml::Value;

/// What `metadata.toml` says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Metadata {
    pub(crate) in_transaction: bool,
    /// The names of the migrations in whose place it is.
    pub(crate) replaces: Vec<String>,
    /// Each with its line.
    pub(crate) dependencies: Vec<(String, usize)>,
    /// In seconds.
    pub(crate) table_lock_timeout: Option<u32>,
    /// In seconds.
    pub(crate) statement_timeout: Option<u32>,
}

/// The keys of the table `[manage]`.
const KEYS: [&str; 4] =
    ["dependencies", "replaces", "table_lock_timeout_seconds", "statement_timeout_seconds"];

type Result<T> = std::result::Result<T, String>;

impl Metadata {
    /// What holds without the file.
    pub(crate) const DEFAULT: Self = Self {
        in_transaction: true,
        replaces: Vec::new(),
        dependencies: Vec::new(),
        table_lock_timeout: None,
        statement_timeout: None,
    };

    /// Reads the file of a migration, which is `shown` in messages.
    pub(crate) fn read(path: &str, migration: &str, shown: &str) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(|error| format!("cannot read `{shown}`: {error}"))?;
        let table: toml::Table = text
            .parse()
            .map_err(|error| format!("cannot read `{shown}`: {}", format!("{error}").trim_end()))?;
        let file = File { text: &text, shown, own: own(&table, shown)? };
        Ok(Self {
            in_transaction: runs_in_transaction(&table, shown)?,
            replaces: file.replaces(migration)?,
            dependencies: file.dependencies(migration)?,
            table_lock_timeout: file.seconds("table_lock_timeout_seconds")?,
            statement_timeout: file.seconds("statement_timeout_seconds")?,
        })
    }
}

fn runs_in_transaction(table: &toml::Table, shown: &str) -> Result<bool> {
    match table.get("run_in_transaction") {
        Some(Value::Boolean(value)) => Ok(*value),
        Some(_) => Err(format!("`run_in_transaction` must be `true` or `false` in `{shown}`")),
        // Diesel takes it for `false`, though without the file it is `true`.
        None => Err(format!(
            "`{shown}` does not say whether the migration runs in a transaction: write `run_in_transaction = true` or `false`"
        )),
    }
}

/// Returns the table `[manage]`.
fn own(table: &toml::Table, shown: &str) -> Result<toml::Table> {
    let own = match table.get("manage") {
        Some(Value::Table(own)) => own,
        Some(_) => return Err(format!("`manage` must be a table, `[manage]`, in `{shown}`")),
        None => match table.keys().find(|key| KEYS.contains(&key.as_str())) {
            Some(key) => return Err(format!("`{key}` belongs into the table `[manage]` of `{shown}`")),
            None => return Ok(toml::Table::new()),
        },
    };
    match own.keys().find(|key| !KEYS.contains(&key.as_str())) {
        Some(key) => {
            Err(format!("unknown key `{key}` in `[manage]` of `{shown}`: known are {}", KEYS.join(", ")))
        }
        None => Ok(own.clone()),
    }
}

/// The table `[manage]` and where it is from.
struct File<'a> {
    text: &'a str,
    shown: &'a str,
    own: toml::Table,
}

impl File<'_> {
    /// Returns a number of seconds.
    fn seconds(&self, key: &str) -> Result<Option<u32>> {
        let Some(value) = self.own.get(key) else { return Ok(None) };
        let seconds = value.as_integer().and_then(|value| u32::try_from(value).ok());
        let shown = self.shown;
        let wrong = || format!("`{key}` must be a whole number of seconds in `{shown}`, or 0 for no limit");
        seconds.map(Some).ok_or_else(wrong)
    }

    fn replaces(&self, migration: &str) -> Result<Vec<String>> {
        let shown = self.shown;
        let Some(names) = self.texts("replaces") else {
            return Err(format!(
                "`replaces` must be the names of migrations in `{shown}`, such as `[\"2026-01-01-000000_articles\"]`"
            ));
        };
        // It has the version of the last one, so that a database that has this one runs nothing.
        let own = version(migration);
        let wrong = |name: &&String| {
            let version = version(name);
            version.is_empty() || version > own || name.as_str() == migration
        };
        match names.iter().find(wrong) {
            Some(name) => Err(format!(
                "`replaces` names `{name}` in `{shown}`, which cannot be older than `{migration}`"
            )),
            None => Ok(names),
        }
    }

    /// Returns the dependencies. Whether they exist is known only with all apps.
    fn dependencies(&self, migration: &str) -> Result<Vec<(String, usize)>> {
        const FORM: &str = "a list of migrations, as in `dependencies = [\"accounts.create_users\"]`";
        let Self { text, shown, .. } = self;
        let key = text.lines().position(|line| line.trim_start().starts_with("dependencies")).unwrap_or(0);
        let form = || format!("`dependencies` must be {FORM} in `{shown}`, line {}", key + 1);
        let mut dependencies = Vec::new();
        for dependency in self.texts("dependencies").ok_or_else(form)? {
            let is_named = |line: &str| {
                let quoted = [format!("\"{dependency}\""), format!("'{dependency}'")];
                quoted.iter().any(|quoted| line.contains(quoted.as_str()))
            };
            let line = key + 1 + text.lines().skip(key).position(is_named).unwrap_or(0);
            let (_, name) = dependency.split_once('.').unwrap_or(("", &dependency));
            if name.is_empty() {
                return Err(form());
            }
            // A version belongs to one migration.
            if name == migration || name.replace('-', "") == version(migration) {
                return Err(format!("the migration depends on itself in `{shown}`, line {line}"));
            }
            dependencies.push((dependency, line));
        }
        Ok(dependencies)
    }

    /// Returns the texts of an array; `None` if it is something else.
    fn texts(&self, key: &str) -> Option<Vec<String>> {
        let Some(value) = self.own.get(key) else { return Some(Vec::new()) };
        value.as_array()?.iter().map(|value| value.as_str().map(str::to_owned)).collect()
    }
}

/// Returns Diesel's version of a migration's name.
fn version(name: &str) -> String {
    name.split('_').next().unwrap_or_default().replace('-', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a file of the migration `1_a`.
    fn read(text: &str) -> Result<Metadata> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), text).expect("a file");
        Metadata::read(file.path().to_str().expect("UTF-8"), "1_a", "migrations/1_a/metadata.toml")
    }

    /// Reads a file with these keys in `[manage]`.
    fn own(text: &str) -> Result<Metadata> {
        read(&format!("run_in_transaction = true\n\n[manage]\n{text}"))
    }

    #[test]
    fn each_key_is_read() {
        let text = "dependencies = [\n  \"accounts.create_users\",\n  '2025-01-01-000000',\n]\nreplaces = ['0_z']\n\
                    table_lock_timeout_seconds = 0\nstatement_timeout_seconds = 60\n";
        let dependencies = vec![("accounts.create_users".to_owned(), 5), ("2025-01-01-000000".to_owned(), 6)];
        assert_eq!(
            own(text),
            Ok(Metadata {
                in_transaction: true,
                replaces: vec!["0_z".to_owned()],
                dependencies,
                table_lock_timeout: Some(0),
                statement_timeout: Some(60),
            })
        );
        assert_eq!(own(""), Ok(Metadata::DEFAULT));
    }

    #[test]
    fn dieselss_key_must_be_there() {
        for text in ["", "# nothing\n", "run_in_transacton = false"] {
            assert_eq!(
                read(text).expect_err("an error"),
                "`migrations/1_a/metadata.toml` does not say whether the migration runs in a transaction: \
                 write `run_in_transaction = true` or `false`"
            );
        }
        assert_eq!(
            read("run_in_transaction = 'no'").expect_err("an error"),
            "`run_in_transaction` must be `true` or `false` in `migrations/1_a/metadata.toml`"
        );
        let error = read("run_in_transaction").expect_err("an error");
        assert!(error.starts_with("cannot read `migrations/1_a/metadata.toml`: "), "{error}");
    }

    #[test]
    fn an_error_names_the_key_and_the_form() {
        let error = |text: &str| own(text).expect_err("an error");
        for text in ["'1_b'", "[1]"] {
            assert_eq!(
                error(&format!("replaces = {text}")),
                "`replaces` must be the names of migrations in `migrations/1_a/metadata.toml`, such as \
                 `[\"2026-01-01-000000_articles\"]`"
            );
        }
        for name in ["1_a", "2_b", "", "_c"] {
            let expected = format!(
                "`replaces` names `{name}` in `migrations/1_a/metadata.toml`, which cannot be older than `1_a`"
            );
            assert_eq!(error(&format!("replaces = ['0_z', '{name}']")), expected);
        }
        for wrong in ["dependencies = \"a\"", "dependencies = [1]", "dependencies = [\"a.\"]"] {
            let error = error(wrong);
            let start = "`dependencies` must be a list of migrations, ";
            let end = "`migrations/1_a/metadata.toml`, line 4";
            assert!(error.starts_with(start) && error.ends_with(end), "{error}");
        }
        for itself in ["shop.1", "1_a", "shop.1_a"] {
            let expected = "the migration depends on itself in `migrations/1_a/metadata.toml`, line 4";
            assert_eq!(error(&format!("dependencies = [\"{itself}\"]")), expected);
        }
        assert_eq!(
            error("statement_timeout_seconds = -1"),
            "`statement_timeout_seconds` must be a whole number of seconds in `migrations/1_a/metadata.toml`, or 0 for no limit"
        );
        let unknown = error("lock_timeout = 1");
        assert!(unknown.starts_with("unknown key `lock_timeout` in `[manage]` of "), "{unknown}");
        for key in KEYS {
            assert_eq!(
                read(&format!("run_in_transaction = true\n{key} = 1")).expect_err("an error"),
                format!("`{key}` belongs into the table `[manage]` of `migrations/1_a/metadata.toml`")
            );
        }
    }
}
