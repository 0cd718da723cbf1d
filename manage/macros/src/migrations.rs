//! `embedded_migrations!`: the migrations of a directory, in the form of Diesel's tools.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{LitStr, Result};

use crate::migration_metadata::Metadata;

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
    let migrations = migrations.into_iter().map(|Migration { name, up, down, file, metadata }| {
        let Metadata { in_transaction, replaces, dependencies, table_lock_timeout, statement_timeout } =
            metadata;
        let seconds = |seconds: Option<u32>| match seconds {
            Some(seconds) => quote!(::core::option::Option::Some(#seconds)),
            None => quote!(::core::option::Option::None),
        };
        let (table_lock, statement) = (seconds(table_lock_timeout), seconds(statement_timeout));
        let dependencies = dependencies.into_iter().map(|(text, line)| quote!((#text, #line)));
        let down = match down {
            Some(down) => quote!(::core::option::Option::Some(::core::include_str!(#down))),
            None => quote!(::core::option::Option::None),
        };
        // With the file in the program, cargo notices a change.
        let included = file.map(|file| {
            quote!(
                const _: &str = ::core::include_str!(#file);
            )
        });
        quote!({
            #included
            #framework::__private::EmbeddedMigration {
                name: #name,
                up: ::core::include_str!(#up),
                down: #down,
                in_transaction: #in_transaction,
                replaces: &[#(#replaces),*],
                dependencies: &[#(#dependencies),*],
                limits: #framework::__private::MigrationLimits {
                    table_lock_timeout_seconds: #table_lock,
                    statement_timeout_seconds: #statement,
                },
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
    /// The path of `metadata.toml`, if the file exists.
    file: Option<String>,
    metadata: Metadata,
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
    let metadata_file = file("metadata.toml")?;
    let metadata = match &metadata_file {
        Some(path) => Metadata::read(path, &name, &format!("{shown}/metadata.toml"))?,
        None => Metadata::DEFAULT,
    };
    Ok(Migration { name, up, down: file("down.sql")?, file: metadata_file, metadata })
}

/// `include_str!` resolves a relative path from the source file.
fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
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
                (one.name.as_str(), one.down.is_some(), one.file.is_some(), one.metadata.in_transaction)
            })
            .collect();
        assert_eq!(
            shown,
            [("2026-01-01-000000_a", true, false, true), ("2026-01-02-000000_b", false, true, false)]
        );
        assert_eq!(read_files(&[(".keep", "")]), Ok(Vec::new()), "a project begins without migrations");
    }

    #[test]
    fn an_error_names_the_file_and_the_fix() {
        let error = |files: &[(&str, &str)]| read_files(files).expect_err("an error");
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
