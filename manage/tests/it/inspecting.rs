//! `inspectdb`: the tables of real databases as `schema.rs`.
//!
//! The expected texts in `inspecting/` were written by diesel_cli 2.3.14. To write them again: run the backend's
//! SQL in an empty database, and in an empty directory
//! `diesel --config-file plain.toml --database-url … print-schema > plain.postgres.rs.txt`.

use std::fs;
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection as _;
use manage::Exit;
use manage_test_support::{Backend, CaseName, Suite, TestDatabase, case};

use crate::backends::{connect, on_each_backend, on_postgres};
use crate::project::{Project, Ran};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/inspecting")
}

fn file(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn name_of(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => "sqlite",
        Backend::Postgres => "postgres",
        Backend::MariaDb => "mysql",
    }
}

/// A project whose database has the backend's tables.
fn project(database: &TestDatabase) -> Project {
    connect(database)
        .batch_execute(&file(&format!("{}.sql", name_of(database.backend()))))
        .expect("the tables");
    Project::new().env("DATABASE_URL", database.url())
}

/// Runs a command line that succeeds.
#[track_caller]
fn text(project: &Project, line: &str) -> Ran {
    let ran = project.run(line);
    assert_eq!(ran.exit, Exit::SUCCESS, "{line}: {}", ran.all());
    ran
}

/// Compares a text with a file that `SNAPSHOTS=overwrite` writes.
#[track_caller]
fn is_snapshot(text: &str, name: &str) {
    if std::env::var_os("SNAPSHOTS").is_some_and(|mode| mode == "overwrite") {
        fs::write(folder().join(name), text).expect("written");
    }
    is_file(text, name);
}

/// Compares a text with a file that Diesel's tool wrote.
#[track_caller]
fn is_file(text: &str, name: &str) {
    let expected = file(name);
    if let Some((number, (ours, theirs))) =
        text.lines().zip(expected.lines()).enumerate().find(|(_, (ours, theirs))| ours != theirs)
    {
        panic!("{name}, line {}:\n{theirs}\nbut inspectdb prints\n{ours}", number + 1);
    }
    assert!(
        text == expected,
        "{name} has {} lines, inspectdb prints {}",
        expected.lines().count(),
        text.lines().count()
    );
}

#[case(on_each_backend)]
fn the_text_is_that_of_print_schema(database: TestDatabase) {
    let project = project(&database);
    let backend = name_of(database.backend());
    for options in ["plain", "documented", "limited"] {
        fs::write(project.folder().join("diesel.toml"), file(&format!("{options}.toml"))).expect("a file");
        let ran = text(&project, "inspectdb");
        is_file(&ran.out, &format!("{options}.{backend}.rs.txt"));
    }
}

fn on_a_postgres(suite: &mut Suite, name: &CaseName, test: fn(TestDatabase)) {
    on_postgres(suite, name, move || test(TestDatabase::postgres()));
}

#[case(on_a_postgres)]
fn schemas_of_postgres(database: TestDatabase) {
    let project = project(&database);
    let ran = text(&project, "inspectdb --schema shop");
    is_file(&ran.out, "shop.postgres.rs.txt");
    assert!(text(&project, "inspectdb --schema public").out.contains("\npub mod public {\n"));
    fs::write(project.folder().join("diesel.toml"), file("several.toml")).expect("a file");
    is_file(&text(&project, "inspectdb").out, "several.postgres.rs.txt");
    let one = text(&project, "inspectdb --schema-key shop").out;
    assert!(file("several.postgres.rs.txt").ends_with(&one) && one.contains("pub mod shop"), "{one}");
    for (line, expected) in [
        (
            "inspectdb users",
            "Error: diesel.toml configures several schemas.\nHint: Choose one of them by --schema-key.\n",
        ),
        (
            "inspectdb --schema-key archive",
            "Error: diesel.toml has no schema 'archive'.\nHint: Its schemas are: default, shop.\n",
        ),
    ] {
        let ran = project.run(line);
        assert_eq!((ran.exit, ran.err.as_str()), (Exit::USAGE, expected), "{line}: {}", ran.all());
    }
}

#[case(on_a_postgres)]
fn a_role_that_may_only_read_sees_the_same(database: TestDatabase) {
    let project = project(&database);
    let everything = text(&project, "inspectdb").out;
    let mut connection = connect(&database);
    let role = format!("reader_{}", std::process::id());
    connection
        .batch_execute(&format!(
            "CREATE ROLE {role} LOGIN PASSWORD 'x'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"
        ))
        .expect("a role");
    connection.batch_execute(&format!("SET ROLE {role}")).expect("the role");
    drop(connection);
    let url = with_user(database.url(), &role);
    let ran = text(&Project::new().env("DATABASE_URL", &url), "inspectdb");
    let mut connection = connect(&database);
    connection.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).expect("dropped");
    assert_eq!(ran.out, everything);
}

/// Returns a server's URL with another user, whose password is `x`.
fn with_user(url: &str, user: &str) -> String {
    let (scheme, rest) = url.split_once("://").expect("a URL");
    let host = rest.split_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}://{user}:x@{host}")
}

#[case(on_each_backend)]
fn tables_are_chosen_by_name(database: TestDatabase) {
    let project = project(&database);
    let tables = |line: &str| -> Vec<String> {
        let text = text(&project, line).out;
        let names = text.lines().filter_map(|line| line.strip_prefix("    ")?.strip_suffix(") {"));
        names.map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(tables("inspectdb users posts"), ["posts", "users"]);
    assert_eq!(tables("inspectdb table"), ["table_"]);
    let others = tables("inspectdb -e users --except posts");
    assert!(others.len() > 5 && !others.iter().any(|name| name == "users" || name == "posts"), "{others:?}");
    for line in ["inspectdb user", "inspectdb -e user", "inspectdb all_users"] {
        let ran = project.run(line);
        assert!(
            ran.exit == Exit::FAILURE && ran.err.starts_with("Error: There is no table '"),
            "{}",
            ran.all()
        );
        assert_eq!(ran.out, "");
    }
    let ran = project.run("inspectdb users -e posts");
    assert_eq!(ran.exit, Exit::USAGE, "{}", ran.all());
}

#[case(on_each_backend)]
fn what_diesel_cannot_use_is_left_out(database: TestDatabase) {
    let sql = match database.backend() {
        Backend::Sqlite => {
            "CREATE TABLE odd (id INTEGER PRIMARY KEY, code UUID); CREATE TABLE users (id INTEGER PRIMARY KEY);"
        }
        _ => "CREATE TABLE odd (code integer); CREATE TABLE users (id integer PRIMARY KEY);",
    };
    connect(&database).batch_execute(sql).expect("the tables");
    let project = Project::new().env("DATABASE_URL", database.url());
    let reason = match database.backend() {
        Backend::Sqlite => "its column code has the type uuid, which Diesel does not support",
        _ => "it has no primary key, which Diesel needs",
    };
    let ran = text(&project, "inspectdb");
    assert_eq!(ran.err, format!("Warning: The table odd is left out: {reason}.\n"));
    assert!(
        ran.out.contains("    users (id) {\n")
            && ran.out.ends_with(&format!("\n// Left out odd: {reason}.\n")),
        "{}",
        ran.out
    );
}

#[case]
fn sqlite_has_no_schemas() {
    let database = TestDatabase::sqlite();
    let ran = Project::new().env("DATABASE_URL", database.url()).run("inspectdb --schema main");
    assert_eq!(ran.exit, Exit::USAGE);
    assert_eq!(
        ran.err,
        "Error: SQLite has no schemas.\nHint: Leave out --schema, and `schema` in diesel.toml.\n"
    );
}

#[case]
fn an_empty_database_is_said_to_be_one() {
    let database = TestDatabase::sqlite();
    let ran = text(&Project::new().env("DATABASE_URL", database.url()), "inspectdb");
    assert_eq!(ran.out, "// @generated automatically by Diesel CLI.\n");
    assert_eq!(ran.err, "Warning: The database has no tables.\n");
}

#[case]
fn the_text_is_written_to_a_file_when_it_is_whole() {
    let database = TestDatabase::sqlite();
    let project = Project::new().env("DATABASE_URL", database.url()).file("schema.rs", "old");
    let written = || fs::read_to_string(project.folder().join("schema.rs")).expect("schema.rs");
    let ran = project.run("inspectdb --output schema.rs");
    assert_eq!(ran.exit.0, 1);
    assert!(ran.err.contains("Error: There is nothing to write to "), "{}", ran.all());
    assert_eq!(written(), "old");

    connect(&database)
        .batch_execute("CREATE TABLE users (id INTEGER PRIMARY KEY NOT NULL)")
        .expect("a table");
    let printed = text(&project, "inspectdb").out;
    let ran = text(&project, "inspectdb --output schema.rs");
    assert!(ran.out.starts_with("Wrote ") && ran.out.ends_with("schema.rs.\n"), "{}", ran.all());
    assert_eq!(written(), printed);
    assert_eq!(project.run("inspectdb missing -o schema.rs").exit.0, 1);
    assert_eq!(written(), printed);
    let ran = project.run("inspectdb --output nowhere/schema.rs");
    assert_eq!(ran.exit.0, 1);
    assert!(ran.err.contains("Cannot write ") && ran.err.contains("nowhere"), "{}", ran.all());
}

#[case]
fn a_patch_is_applied() {
    let database = TestDatabase::sqlite();
    connect(&database)
        .batch_execute("CREATE TABLE users (id INTEGER PRIMARY KEY NOT NULL)")
        .expect("a table");
    let patch = "--- a\n+++ b\n@@ -3,5 +3,5 @@\n diesel::table! {\n     users (id) {\n-        id -> Integer,\n+        id -> BigInt,\n     }\n }\n";
    let project = Project::new()
        .env("DATABASE_URL", database.url())
        .file("diesel.toml", "[print_schema]\npatch_file = \"src/schema.patch\"\n")
        .file("src/schema.patch", patch);
    let ran = text(&project, "inspectdb");
    assert!(ran.out.contains("        id -> BigInt,\n"), "{}", ran.all());
    for (patch, expected) in [
        (patch.replace("Integer", "Text"), "does not fit the database's schema: "),
        ("@@ nonsense".to_owned(), "is not a patch: "),
    ] {
        fs::write(project.folder().join("src/schema.patch"), patch).expect("a file");
        let ran = project.run("inspectdb");
        assert!(ran.exit == Exit::FAILURE && ran.err.contains(expected), "{}", ran.all());
        assert!(ran.err.contains("src/schema.patch") && ran.out.is_empty(), "{}", ran.all());
    }
    fs::remove_file(project.folder().join("src/schema.patch")).expect("removed");
    let ran = project.run("inspectdb");
    assert!(ran.err.contains("src/schema.patch cannot be read: No such file"), "{}", ran.all());
}

#[case]
fn a_wrong_diesel_toml_is_a_configuration_error() {
    let database = TestDatabase::sqlite();
    let project = Project::new().env("DATABASE_URL", database.url());
    let project = project.file("diesel.toml", "[print_schema]\nfilter = { only_tables = [\"(\"] }\n");
    let ran = project.file("app/Cargo.toml", "").run_in("app", "inspectdb");
    assert_eq!(ran.exit, Exit::CONFIGURATION, "{}", ran.all());
    assert!(
        ran.err
            .contains("diesel.toml cannot be used: [print_schema] not a regular expression: unclosed group."),
        "{}",
        ran.all()
    );
    let other = Project::new().env("DATABASE_URL", database.url()).env("DIESEL_CONFIG_FILE", "other.toml");
    let ran = other.file("other.toml", "[print_schema]\nschema = \"x\"\n").run("inspectdb");
    assert_eq!((ran.exit, ran.err.lines().next()), (Exit::USAGE, Some("Error: SQLite has no schemas.")));
}

#[case]
fn a_hostile_name_stays_in_its_line() {
    let database = TestDatabase::sqlite();
    let sql = "CREATE TABLE \"a\u{1b}[31m\nFORGED\" (id INTEGER PRIMARY KEY, \"b\u{1b}\n\u{202e}\" TEXT);
               CREATE TABLE \"c\u{1b}\nFORGED\" (id INTEGER PRIMARY KEY, x FORGED);";
    connect(&database).batch_execute(sql).expect("the tables");
    let ran = text(&Project::new().env("DATABASE_URL", database.url()), "inspectdb");
    assert!(!ran.all().contains(['\u{1b}', '\u{202e}']), "{}", ran.all());
    assert!(ran.err.lines().count() == 1 && !ran.err.starts_with("FORGED"), "{}", ran.err);
}

/// The tables whose types need only the features of Diesel that the tests have.
#[cfg(feature = "postgres")]
const LOADED: &str = "inspectdb users table posts tags labels books";

/// What `inspectdb` prints of these tables on PostgreSQL.
#[cfg(feature = "postgres")]
#[expect(unreachable_pub, reason = "as printed")]
pub(crate) mod schema {
    include!("inspecting/loaded.postgres.rs.txt");
}

#[cfg(feature = "postgres")]
mod models {
    include!("inspecting/models.postgres.rs.txt");
}

#[cfg(feature = "postgres")]
#[case(on_a_postgres)]
fn structs_load_rows(database: TestDatabase) {
    use diesel::prelude::*;
    use manage::database::PostgresConnection;

    let project = project(&database);
    is_snapshot(&text(&project, LOADED).out, "loaded.postgres.rs.txt");
    is_snapshot(&text(&project, &format!("{LOADED} --structs")).out, "models.postgres.rs.txt");
    let settings = crate::backends::settings(database.url());
    let mut connection = PostgresConnection::open(&settings).expect("a connection");
    connection
        .batch_execute(
            "INSERT INTO users VALUES (1, 'Ada', NULL), (2, 'Bob', 1);
             INSERT INTO \"table\" VALUES (7, 2);
             INSERT INTO books VALUES (DEFAULT, '{\"a\": 1}', '2026-01-02 03:04:05+00', '{x,NULL}', '\\x0102', '[1,5)', 1.5, 'glad')",
        )
        .expect("rows");
    let bob: models::User = schema::users::table
        .filter(schema::users::manager_id.eq(1))
        .select(models::User::as_select())
        .get_result(&mut connection)
        .expect("a user");
    assert_eq!(bob.name, "Bob");
    let of_bob: Vec<models::Table> = models::Table::belonging_to(&bob)
        .select(models::Table::as_select())
        .load(&mut connection)
        .expect("rows");
    assert_eq!(of_bob.iter().map(|row| row.id).collect::<Vec<_>>(), [7]);
    let book: models::Book =
        schema::books::table.select(models::Book::as_select()).get_result(&mut connection).expect("a book");
    assert_eq!(book.details["a"], 1);
    assert_eq!(book.added_at.to_rfc3339(), "2026-01-02T03:04:05+00:00");
    assert_eq!(book.tags, [Some("x".to_owned()), None]);
    assert_eq!(book.cover, Some(vec![1, 2]));
    assert_eq!(book.pages, (std::ops::Bound::Included(1), std::ops::Bound::Excluded(5)));
    assert_eq!(book.weight, Some(1.5));
    assert_eq!(book.id.get_version_num(), 4);
}

#[case(on_each_backend)]
fn structs(database: TestDatabase) {
    let project = project(&database);
    let ran = text(&project, "inspectdb --structs");
    is_snapshot(&ran.out, &format!("structs.{}.rs.txt", name_of(database.backend())));
}
