//! `embedded_migrations!`: the migrations of a directory, in the form of Diesel's tools.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{LitStr, Result};

/// `manage "migrations"`: the name of the framework's crate, and the directory from the package's own.
pub(crate) struct Folder {
    framework: TokenTree,
    path: LitStr,
}

impl Parse for Folder {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        Ok(Self { framework: input.parse()?, path: input.parse()? })
    }
}

pub(crate) fn expand(Folder { framework, path }: Folder) -> Result<TokenStream> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let shown = path.value();
    let failed = |what: String| syn::Error::new(path.span(), what);
    let folder = Path::new(&package).join(&shown);
    let migrations = read(&folder, shown.trim_end_matches('/')).map_err(failed)?;
    let migrations = migrations.into_iter().map(|Migration { name, up, down, metadata, settings }| {
        let Settings { in_transaction, replaces, dependencies } = settings;
        let down = match down {
            Some(down) => quote!(::core::option::Option::Some(::core::include_str!(#down))),
            None => quote!(::core::option::Option::None),
        };
        let dependencies = dependencies.into_iter().map(|(text, line)| quote!((#text, #line)));
        // With the file in the program, cargo notices a change.
        let metadata = metadata.map(|file| {
            quote!(
                const _: &str = ::core::include_str!(#file);
            )
        });
        quote!({
            #metadata
            #framework::__private::EmbeddedMigration {
                name: #name,
                up: ::core::include_str!(#up),
                down: #down,
                in_transaction: #in_transaction,
                replaces: &[#(#replaces),*],
                dependencies: &[#(#dependencies),*],
            }
        })
    });
    Ok(quote!(&[#(#migrations),*]))
}

/// A migration's directory.
#[derive(Debug, PartialEq, Eq)]
struct Migration {
    name: String,
    up: String,
    down: Option<String>,
    metadata: Option<String>,
    settings: Settings,
}

/// What `metadata.toml` says.
#[derive(Debug, PartialEq, Eq)]
struct Settings {
    in_transaction: bool,
    /// The names of the migrations in whose place it is.
    replaces: Vec<String>,
    /// Each with its line in `metadata.toml`.
    dependencies: Vec<(String, usize)>,
}

/// Returns the migrations of a directory, which is `shown` in messages. Like Diesel, it ignores files and
/// hidden directories.
fn read(folder: &Path, shown: &str) -> std::result::Result<Vec<Migration>, String> {
    let entries = fs::read_dir(folder).map_err(|error| {
        format!(
            "cannot read the directory of migrations `{shown}`, which is relative to the package: {error}"
        )
    })?;
    let mut folders = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| format!("cannot read `{shown}`: {error}"))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') {
            folders.push((name, path));
        }
    }
    folders.sort();
    folders.into_iter().map(|(name, folder)| migration(name, &folder, shown)).collect()
}

fn migration(name: String, folder: &Path, parent: &str) -> std::result::Result<Migration, String> {
    let shown = format!("{parent}/{name}");
    let file = |name: &str| -> std::result::Result<Option<String>, String> {
        let path = folder.join(name);
        if !path.is_file() {
            return Ok(None);
        }
        match absolute(path).into_os_string().into_string() {
            Ok(path) => Ok(Some(path)),
            Err(_) => Err(format!("the path of `{shown}/{name}` is not UTF-8")),
        }
    };
    let Some(up) = file("up.sql")? else {
        let has_migrations = fs::read_dir(folder)
            .is_ok_and(|entries| entries.flatten().any(|entry| entry.path().join("up.sql").is_file()));
        return Err(if has_migrations {
            format!(
                "`{shown}` contains directories of migrations: name the directory of each backend, as in `{name}: \"{shown}\"`"
            )
        } else {
            format!("`{shown}` has no up.sql: write it, or remove the directory")
        });
    };
    let metadata = file("metadata.toml")?;
    let settings = match &metadata {
        Some(path) => settings(path, &name, &format!("{shown}/metadata.toml"))?,
        None => Settings { in_transaction: true, replaces: Vec::new(), dependencies: Vec::new() },
    };
    Ok(Migration { name, up, down: file("down.sql")?, metadata, settings })
}

/// `include_str!` resolves a relative path from the source file.
fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

fn settings(path: &str, migration: &str, shown: &str) -> std::result::Result<Settings, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("cannot read `{shown}`: {error}"))?;
    let table: toml::Table =
        text.parse().map_err(|error| format!("cannot read `{shown}`: {}", format!("{error}").trim_end()))?;
    Ok(Settings {
        in_transaction: runs_in_transaction(&table, shown)?,
        replaces: replaces(&table, migration, shown)?,
        dependencies: dependencies(&table, &text, migration, shown)?,
    })
}

/// Returns the dependencies, which Diesel's tools ignore. Whether they exist is known only with all apps.
fn dependencies(
    table: &toml::Table,
    text: &str,
    name: &str,
    shown: &str,
) -> std::result::Result<Vec<(String, usize)>, String> {
    const FORM: &str = "a list of migrations, as in `dependencies = [\"accounts.create_users\"]`";
    let Some(value) = table.get("dependencies") else { return Ok(Vec::new()) };
    let key = text.lines().position(|line| line.trim_start().starts_with("dependencies")).unwrap_or(0);
    let form = || format!("`dependencies` must be {FORM} in `{shown}`, line {}", key + 1);
    let mut dependencies = Vec::new();
    for value in value.as_array().ok_or_else(form)? {
        let dependency = value.as_str().ok_or_else(form)?;
        let is_named = |line: &str| {
            let quoted = [format!("\"{dependency}\""), format!("'{dependency}'")];
            quoted.iter().any(|quoted| line.contains(quoted.as_str()))
        };
        let line = key + 1 + text.lines().skip(key).position(is_named).unwrap_or(0);
        let (_, migration) = dependency.split_once('.').unwrap_or(("", dependency));
        if migration.is_empty() {
            return Err(form());
        }
        // A version belongs to one migration.
        if migration == name || migration.replace('-', "") == version(name) {
            return Err(format!("the migration depends on itself in `{shown}`, line {line}"));
        }
        dependencies.push((dependency.to_owned(), line));
    }
    Ok(dependencies)
}

fn runs_in_transaction(table: &toml::Table, shown: &str) -> std::result::Result<bool, String> {
    match table.get("run_in_transaction") {
        Some(toml::Value::Boolean(value)) => Ok(*value),
        Some(_) => Err(format!("`run_in_transaction` must be `true` or `false` in `{shown}`")),
        // Diesel takes it for `false`, though without the file it is `true`.
        None => Err(format!(
            "`{shown}` does not say whether the migration runs in a transaction: write `run_in_transaction = true` or `false`"
        )),
    }
}

fn replaces(table: &toml::Table, migration: &str, shown: &str) -> std::result::Result<Vec<String>, String> {
    let Some(value) = table.get("replaces") else { return Ok(Vec::new()) };
    let names: Option<Vec<String>> = value
        .as_array()
        .and_then(|values| values.iter().map(|value| value.as_str().map(str::to_owned)).collect());
    let names = names.ok_or_else(|| {
        format!("`replaces` must be the names of migrations in `{shown}`, such as `[\"2026-01-01-000000_articles\"]`")
    })?;
    // It has the version of the last one, so that a database that has this one runs nothing.
    let own = version(migration);
    let wrong = |name: &&String| {
        let version = version(name);
        version.is_empty() || version > own || name.as_str() == migration
    };
    match names.iter().find(wrong) {
        Some(name) => {
            Err(format!("`replaces` names `{name}` in `{shown}`, which cannot be older than `{migration}`"))
        }
        None => Ok(names),
    }
}

/// Returns Diesel's version of a migration's name.
fn version(name: &str) -> String {
    name.split('_').next().unwrap_or_default().replace('-', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a directory with these files.
    fn read_files(files: &[(&str, &str)]) -> std::result::Result<Vec<Migration>, String> {
        let folder = tempfile::tempdir().expect("a directory");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            fs::write(path, text).expect("a file");
        }
        read(folder.path(), "migrations")
    }

    #[test]
    fn directories_are_read_as_diesel_reads_them() {
        let found = read_files(&[
            ("2026-01-02-000000_b/up.sql", ""),
            ("2026-01-02-000000_b/metadata.toml", "run_in_transaction = false\n"),
            ("2026-01-01-000000_a/up.sql", ""),
            ("2026-01-01-000000_a/down.sql", ""),
            ("2026-01-01-000000_a/notes.md", ""),
            (".hidden/notes.md", ""),
            ("README.md", ""),
        ])
        .expect("two migrations");
        let shown: Vec<_> = found
            .iter()
            .map(|one| {
                let Migration { name, down, metadata, settings, .. } = one;
                (name.as_str(), down.is_some(), metadata.is_some(), settings.in_transaction)
            })
            .collect();
        assert_eq!(
            shown,
            [("2026-01-01-000000_a", true, false, true), ("2026-01-02-000000_b", false, true, false)]
        );
        assert_eq!(read_files(&[(".keep", "")]), Ok(Vec::new()), "a project begins without migrations");
    }

    #[test]
    fn dependencies_have_their_lines() {
        let of = |text: &str| {
            let text = format!("run_in_transaction = true\n{text}");
            read_files(&[("1_a/up.sql", ""), ("1_a/metadata.toml", &text)])
        };
        let found = of("\ndependencies = [\n  \"accounts.create_users\",\n  '2025-01-01-000000',\n]\n");
        let expected = [("accounts.create_users".to_owned(), 4), ("2025-01-01-000000".to_owned(), 5)];
        assert_eq!(found.expect("a migration")[0].settings.dependencies, expected);
        for wrong in ["dependencies = \"a\"", "dependencies = [1]", "dependencies = [\"a.\"]"] {
            let error = of(wrong).expect_err("an error");
            let start = "`dependencies` must be a list of migrations, ";
            assert!(
                error.starts_with(start) && error.ends_with("`migrations/1_a/metadata.toml`, line 2"),
                "{error}"
            );
        }
        for itself in ["shop.1", "1_a", "shop.1_a"] {
            assert_eq!(
                of(&format!("dependencies = [\"{itself}\"]")),
                Err("the migration depends on itself in `migrations/1_a/metadata.toml`, line 2".to_owned())
            );
        }
    }

    #[test]
    fn an_error_names_the_file_and_the_fix() {
        let error = |files: &[(&str, &str)]| read_files(files).expect_err("an error");
        let error_of = |text: &str| error(&[("1_a/up.sql", ""), ("1_a/metadata.toml", text)]);
        let error_of_more = |text: &str| error_of(&format!("run_in_transaction = true\n{text}"));
        for text in ["", "# nothing\n", "run_in_transacton = false"] {
            assert_eq!(
                error_of(text),
                "`migrations/1_a/metadata.toml` does not say whether the migration runs in a transaction: \
                 write `run_in_transaction = true` or `false`"
            );
        }
        assert_eq!(
            error_of("run_in_transaction = 'no'"),
            "`run_in_transaction` must be `true` or `false` in `migrations/1_a/metadata.toml`"
        );
        for text in ["'1_b'", "[1]"] {
            assert_eq!(
                error_of_more(&format!("replaces = {text}")),
                "`replaces` must be the names of migrations in `migrations/1_a/metadata.toml`, such as \
                 `[\"2026-01-01-000000_articles\"]`"
            );
        }
        for name in ["1_a", "2_b", "", "_c"] {
            assert_eq!(
                error_of_more(&format!("replaces = ['0_z', '{name}']")),
                format!(
                    "`replaces` names `{name}` in `migrations/1_a/metadata.toml`, which cannot be older than `1_a`"
                )
            );
        }
        assert!(error_of("run_in_transaction").starts_with("cannot read `migrations/1_a/metadata.toml`: "));
        assert_eq!(
            error(&[("1_a/down.sql", "")]),
            "`migrations/1_a` has no up.sql: write it, or remove the directory"
        );
        assert_eq!(
            error(&[("sqlite/1_a/up.sql", "")]),
            "`migrations/sqlite` contains directories of migrations: name the directory of each backend, \
             as in `sqlite: \"migrations/sqlite\"`"
        );
        let missing = read(Path::new("/nowhere/at/all"), "migrations").expect_err("no directory");
        assert!(missing.starts_with("cannot read the directory of migrations `migrations`, "), "{missing}");
    }
}
