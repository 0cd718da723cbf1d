//! The values of the placeholders.

use std::collections::BTreeMap;

use crate::backend::Backend;
use crate::cli::DatabaseChoice;
use crate::dependency::{DIESEL, RUST_VERSION, Source, shortest};
use crate::error::Result;
use crate::name::crate_name;

pub(crate) type Values = BTreeMap<&'static str, String>;

/// Logging in to PostgreSQL hashes a password some thousand times, which a debug build does slowly.
const PROFILE: &str = "
# Logging in to PostgreSQL hashes a password some thousand times.
[profile.dev.package]
\"sha2@0.11\".opt-level = 3
postgres-protocol.opt-level = 3";

/// Returns the values of the placeholders that README.md lists.
pub(crate) fn values(name: &str, database: DatabaseChoice, minimal: bool, source: &Source) -> Result<Values> {
    let backends = database.backends();
    let dependency = |table| shortest(table).to_string().trim().to_owned();
    Ok(Values::from([
        ("name", name.to_owned()),
        ("crate", crate_name(name)),
        ("rust_version", RUST_VERSION.to_owned()),
        ("diesel", DIESEL.to_owned()),
        ("manage", dependency(source.dependency(&backends, minimal)?)),
        ("manage_testing", dependency(source.testing(&backends, minimal)?)),
        ("database", database.name().to_owned()),
        ("database_url", database.url()),
        ("connection", database.connection().to_owned()),
        ("migrations", migrations(database)),
        ("migrations_directory", migrations_directory(database)),
    ]))
}

/// Adds the values that only the built-in templates use.
pub(crate) fn built_in(mut values: Values, database: DatabaseChoice, is_member: bool) -> Values {
    let has_server = database != DatabaseChoice::Sqlite;
    let text = |condition: bool, text: &str| if condition { text.to_owned() } else { String::new() };
    // Cargo ignores the profiles of a member.
    let has_profile = database.backends().contains(&Backend::Postgres) && !is_member;
    values.extend([
        ("integer", if database == DatabaseChoice::Postgres { "Int4" } else { "Integer" }.to_owned()),
        ("profile", text(has_profile, PROFILE)),
        ("test_database", test_database(database)),
        ("test_server", text(has_server, " of the server in `DATABASE_URL`")),
        (
            "data_mount",
            text(!has_server, "# Not that of production, whose user is another one.\n- data:/data"),
        ),
        ("data_volume", text(!has_server, "data:")),
        (
            "first_steps",
            text(has_server, "cp .env.example .env              # and write the database's URL there\n"),
        ),
        (
            "compose_note",
            text(has_server, ", after the database's password is written to `secrets/database_password`"),
        ),
    ]);
    values
}

/// Returns what the user of the tests needs on a server, for `.env.example`.
fn test_database(database: DatabaseChoice) -> String {
    let (server, statement, note) = match database {
        DatabaseChoice::Sqlite => return String::new(),
        DatabaseChoice::Postgres | DatabaseChoice::Several => {
            ("postgres://postgres:secret@localhost:5432/postgres", "ALTER ROLE app CREATEDB", "")
        }
        DatabaseChoice::Mysql => (
            "mysql://root:secret@localhost:3306/mysql",
            r"GRANT ALL PRIVILEGES ON `manage\_test\_%`.* TO 'app'@'%'",
            "\n# with the host of the account, as SHOW GRANTS shows it.",
        ),
    };
    format!(
        "
# Each test creates a database of its own on that server. An administrator permits it by
#     {statement};{note}
# Or name another server or user for the tests.
#TEST_DATABASE_URL={server}"
    )
}

/// Returns the line of a library that declares its migrations.
fn migrations(database: DatabaseChoice) -> String {
    if database != DatabaseChoice::Several {
        return "manage::migrations!(\"migrations\");".to_owned();
    }
    let mut lines = vec!["manage::migrations! {".to_owned()];
    for backend in database.backends() {
        lines.push(format!("    {0}: \"migrations/{0}\",", backend.name()));
    }
    lines.push("}".to_owned());
    lines.join("\n")
}

/// Returns the directory of migrations that Diesel's own command line uses.
fn migrations_directory(database: DatabaseChoice) -> String {
    let directory = if database == DatabaseChoice::Several { "migrations/postgres" } else { "migrations" };
    directory.to_owned()
}
