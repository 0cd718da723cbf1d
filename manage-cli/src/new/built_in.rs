//! The files of the project that is written without `--template`.

use super::NewFile;
use super::fill::fill;
use super::values::Values;
use crate::backend::Backend;
use crate::cli::DatabaseChoice;
use crate::error::{Error, Result};

/// The directory of the first migration. Later ones have later times.
const MIGRATION: &str = "2026-01-01-000000_create_notes";

/// The paths in the project, and the templates.
const FULL: [(&str, &str); 19] = [
    (".dockerignore", include_str!("../../templates/full/dockerignore.tmpl")),
    (".env.example", include_str!("../../templates/full/env.example.tmpl")),
    (".gitignore", include_str!("../../templates/full/gitignore.tmpl")),
    ("Cargo.toml", include_str!("../../templates/full/Cargo.toml.tmpl")),
    ("Dockerfile", include_str!("../../templates/full/Dockerfile.tmpl")),
    ("Dockerfile.dev", include_str!("../../templates/full/Dockerfile.dev.tmpl")),
    ("README.md", include_str!("../../templates/full/README.md.tmpl")),
    ("build.rs", include_str!("../../templates/full/build.rs.tmpl")),
    ("diesel.toml", include_str!("../../templates/full/diesel.toml.tmpl")),
    ("docker-compose.override.yml", include_str!("../../templates/full/compose.override.yml.tmpl")),
    ("manage.toml", include_str!("../../templates/full/manage.toml.tmpl")),
    ("src/bin/manage.rs", include_str!("../../templates/full/manage.rs.tmpl")),
    ("src/lib.rs", include_str!("../../templates/full/lib.rs.tmpl")),
    ("src/management/commands/add_note.rs", include_str!("../../templates/full/add_note.rs.tmpl")),
    ("src/management/mod.rs", include_str!("../../templates/full/management.rs.tmpl")),
    ("src/models.rs", include_str!("../../templates/full/models.rs.tmpl")),
    ("src/schema.rs", include_str!("../../templates/full/schema.rs.tmpl")),
    ("src/urls.rs", include_str!("../../templates/full/urls.rs.tmpl")),
    ("tests/commands.rs", include_str!("../../templates/full/commands.rs.tmpl")),
];

const MINIMAL: [(&str, &str); 8] = [
    (".gitignore", include_str!("../../templates/minimal/gitignore.tmpl")),
    ("Cargo.toml", include_str!("../../templates/minimal/Cargo.toml.tmpl")),
    ("build.rs", include_str!("../../templates/minimal/build.rs.tmpl")),
    ("src/bin/manage.rs", include_str!("../../templates/full/manage.rs.tmpl")),
    ("src/lib.rs", include_str!("../../templates/minimal/lib.rs.tmpl")),
    ("src/management/commands/hello.rs", include_str!("../../templates/minimal/hello.rs.tmpl")),
    ("src/management/mod.rs", include_str!("../../templates/minimal/management.rs.tmpl")),
    ("tests/commands.rs", include_str!("../../templates/minimal/commands.rs.tmpl")),
];

/// Returns the template of the first migration.
fn up(backend: Backend) -> &'static str {
    match backend {
        Backend::Mysql => include_str!("../../templates/database/mysql.up.sql.tmpl"),
        Backend::Postgres => include_str!("../../templates/database/postgres.up.sql.tmpl"),
        Backend::Sqlite => include_str!("../../templates/database/sqlite.up.sql.tmpl"),
    }
}

/// Returns the template of the containers. With several databases it is PostgreSQL that runs in one.
fn compose(database: DatabaseChoice) -> &'static str {
    match database {
        DatabaseChoice::Sqlite => include_str!("../../templates/database/sqlite.compose.yml.tmpl"),
        DatabaseChoice::Mysql => include_str!("../../templates/database/mysql.compose.yml.tmpl"),
        DatabaseChoice::Postgres | DatabaseChoice::Several => {
            include_str!("../../templates/database/postgres.compose.yml.tmpl")
        }
    }
}

/// Returns the files of a project.
pub(crate) fn files(database: DatabaseChoice, minimal: bool, values: &Values) -> Result<Vec<NewFile>> {
    let file = |path: String, template: &str| match fill(template, values) {
        Ok(text) => Ok(NewFile { path, content: text.into_bytes() }),
        Err(name) => Err(Error::new(format!("internal error: the template of {path} needs {name}."))),
    };
    if minimal {
        return MINIMAL.iter().map(|(path, template)| file((*path).to_owned(), template)).collect();
    }
    let mut files = FULL
        .iter()
        .map(|(path, template)| file((*path).to_owned(), template))
        .collect::<Result<Vec<NewFile>>>()?;
    files.push(file("docker-compose.yml".to_owned(), compose(database))?);
    for backend in database.backends() {
        let directory = match database {
            DatabaseChoice::Several => format!("migrations/{}/{MIGRATION}", backend.name()),
            _ => format!("migrations/{MIGRATION}"),
        };
        files.push(file(format!("{directory}/up.sql"), up(backend))?);
        files
            .push(file(format!("{directory}/down.sql"), include_str!("../../templates/full/down.sql.tmpl"))?);
    }
    Ok(files)
}
