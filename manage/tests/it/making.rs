//! `makemigrations`: the difference between `schema.rs` and real databases.
//!
//! The SQL in `making/` was written by diesel_cli 2.3.14. To write it again: run the case's SQL in an empty
//! database, and beside an empty `[print_schema]` in `diesel.toml`
//! `diesel migration generate x --diff-schema=create.rs.txt --database-url …`.

mod asking;
mod decimals;
mod primary_keys;
mod refusing;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use manage::__private::{MigrationsRegistration, Part};
use manage::database::Connection;
use manage::settings::Backend as Kind;
use manage::{Exit, Program};
use manage_test_support::{Backend, CaseName, Suite, TestDatabase, case};

use crate::backends::{connect, on_each_backend, on_postgres};
use crate::project::{Project, Ran};

static ONE_DIRECTORY: [Part; 1] = [Part::Folder(None, "migrations", &[])];
static EACH_DIRECTORY: [Part; 3] = [
    Part::Folder(Some(Kind::Sqlite), "migrations/sqlite", &[]),
    Part::Folder(Some(Kind::Postgres), "../migrations/postgres", &[]),
    Part::Folder(Some(Kind::Mysql), "migrations/mysql", &[]),
];

static TWO_DIRECTORIES: [Part; 2] = [
    Part::Folder(Some(Kind::Sqlite), "migrations/sqlite", &[]),
    Part::Folder(Some(Kind::Mysql), "migrations/mysql", &[]),
];

/// Declares apps whose packages are directories of the tests.
macro_rules! apps {
    ($($app:literal: $parts:ident),+ $(,)?) => {
        $(manage::__private::inventory::submit! {
            MigrationsRegistration::new(&$parts, ($app, file!(), line!()), concat!(env!("CARGO_TARGET_TMPDIR"), "/making/", $app))
        })+
    };
}

apps!(
    "made_sqlite": ONE_DIRECTORY,
    "made_postgres": ONE_DIRECTORY,
    "made_mysql": ONE_DIRECTORY,
    "changed_sqlite": ONE_DIRECTORY,
    "changed_postgres": ONE_DIRECTORY,
    "changed_mysql": ONE_DIRECTORY,
    "keys_sqlite": ONE_DIRECTORY,
    "keys_postgres": ONE_DIRECTORY,
    "keys_mysql": ONE_DIRECTORY,
    "primary_sqlite": ONE_DIRECTORY,
    "primary_postgres": ONE_DIRECTORY,
    "primary_mysql": ONE_DIRECTORY,
    "asked": ONE_DIRECTORY,
    "asked_enum": ONE_DIRECTORY,
    "enums": ONE_DIRECTORY,
    "row_ids": ONE_DIRECTORY,
    "portable": EACH_DIRECTORY,
    "blog": ONE_DIRECTORY,
    "billing": ONE_DIRECTORY,
    "refused": ONE_DIRECTORY,
    "decimals": TWO_DIRECTORIES,
    "empty": TWO_DIRECTORIES,
    "absent": ONE_DIRECTORY,
    "second": ONE_DIRECTORY,
);

fn package(app: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("making").join(app)
}

/// Creates an empty package with this `schema.rs`.
fn with_schema(app: &str, schema: &str) {
    let _ = fs::remove_dir_all(package(app));
    fs::create_dir_all(package(app).join("src")).expect("a directory");
    fs::create_dir_all(package(app).join("migrations")).expect("a directory");
    fs::write(package(app).join("src/schema.rs"), schema).expect("a file");
    // The search for diesel.toml ends at it.
    fs::write(package(app).join("diesel.toml"), "").expect("a file");
}

fn project(apps: &[&'static str], database: &TestDatabase) -> Project {
    Project::with(Program::new(apps)).env("DATABASE_URL", database.url())
}

#[track_caller]
fn done(project: &Project, line: &str) -> Ran {
    let ran = project.run(line);
    assert_eq!(ran.exit, Exit::SUCCESS, "{line}: {}", ran.all());
    ran
}

/// Returns the newest migration of a directory.
fn newest(directory: &Path) -> PathBuf {
    let entries = fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path());
    entries.max().expect("a migration")
}

fn text(path: &Path, name: &str) -> String {
    fs::read_to_string(path.join(name)).expect(name)
}

/// Returns the statements of a file, without comments, in any order.
fn statements(sql: &str) -> BTreeSet<String> {
    let lines = sql.lines().filter(|line| !line.starts_with("--"));
    let sql = lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
    sql.split(';')
        .map(|statement| statement.trim().to_owned())
        .filter(|statement| !statement.is_empty())
        .collect()
}

/// Runs a file of a migration as `migrate` does, and records it.
fn apply(connection: &mut Connection, migration: &Path, file: &str) {
    let name = migration.file_name().and_then(|name| name.to_str()).expect("a name");
    let version = name.split('_').next().expect("a version").replace('-', "");
    let record = match file {
        "up.sql" => format!("INSERT INTO __diesel_schema_migrations (version) VALUES ('{version}')"),
        _ => format!("DELETE FROM __diesel_schema_migrations WHERE version = '{version}'"),
    };
    let sql = text(migration, file);
    connection.batch_execute(&sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
    connection.batch_execute(&record).expect("recorded");
}

const RECORDS: &str = "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)";

fn name_of(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => "sqlite",
        Backend::Postgres => "postgres",
        Backend::MariaDb => "mysql",
    }
}

/// Returns the app of a test on a backend.
fn app_of(kind: &str, backend: Backend) -> &'static str {
    Box::leak(format!("{kind}_{}", name_of(backend)).into_boxed_str())
}

/// Empties a database.
fn emptied(backend: Backend) -> TestDatabase {
    let database = match backend {
        Backend::Sqlite => TestDatabase::sqlite(),
        Backend::Postgres => TestDatabase::postgres(),
        Backend::MariaDb => TestDatabase::mariadb(),
    };
    connect(&database).batch_execute(RECORDS).expect("Diesel's table");
    database
}

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/making").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[case(on_each_backend)]
fn the_statements_are_those_of_diff_schema(database: TestDatabase) {
    let backend = database.backend();
    let app = app_of("made", backend);
    for name in ["create", "columns", "drop", "postgres_types"] {
        if name == "postgres_types" && backend != Backend::Postgres {
            continue;
        }
        let database = emptied(backend);
        let mut connection = connect(&database);
        connection.batch_execute(&file(&format!("{name}.sql"))).expect("the tables");
        with_schema(app, &file(&format!("{name}.rs.txt")));
        let project = project(&[app], &database);
        let before = done(&project, "inspectdb").out;
        done(&project, "makemigrations --name it");
        let migration = newest(&package(app).join("migrations"));
        for direction in ["up.sql", "down.sql"] {
            let expected = file(&format!("{name}.{}.{direction}", name_of(backend)));
            assert_eq!(
                statements(&text(&migration, direction)),
                statements(&expected),
                "{name}, {direction}"
            );
        }
        // There and back.
        apply(&mut connection, &migration, "up.sql");
        assert_eq!(done(&project, "makemigrations --check").out, "No changes detected\n", "{name}");
        apply(&mut connection, &migration, "down.sql");
        // Columns that were dropped return to the end of the table.
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
        assert_eq!(lines(&done(&project, "inspectdb").out), lines(&before), "{name}");
    }
}

diesel::table! {
    items (id) {
        id -> Integer,
        note -> Nullable<Text>,
        size -> Nullable<Text>,
    }
}

/// A table that becomes another, with a row in it.
const ITEMS: &str = "\
    CREATE TABLE items (id INTEGER NOT NULL PRIMARY KEY, note VARCHAR(20) DEFAULT 'new', size INTEGER, code VARCHAR(8) NOT NULL DEFAULT 'a''b', old SMALLINT NOT NULL DEFAULT 3);
    INSERT INTO items (id, size, code) VALUES (1, 42, 'x');
    INSERT INTO items (id, note, size, code) VALUES (2, NULL, NULL, 'y')";

const CHANGED_ITEMS: &str = "\
    diesel::table! {
        items (id) {
            id -> Integer,
            note -> Text,
            size -> Nullable<Text>,
            #[max_length = 8]
            code -> Nullable<Varchar>,
            views -> BigInt,
        }
    }";

#[case(on_each_backend)]
fn columns_change_with_their_rows(database: TestDatabase) {
    let backend = database.backend();
    let app = app_of("changed", backend);
    let mut connection = connect(&database);
    connection.batch_execute(RECORDS).expect("Diesel's table");
    connection.batch_execute(ITEMS).expect("the table");
    if backend != Backend::Sqlite {
        connection.batch_execute("CREATE INDEX items_by_old ON items (old)").expect("an index");
    }
    with_schema(app, CHANGED_ITEMS);
    let project = project(&[app], &database);
    let refused = project.run("makemigrations");
    assert_eq!(refused.exit, Exit::FAILURE);
    assert_eq!(
        refused.err,
        "Error: The column items.views is NOT NULL in schema.rs: existing rows need a value for it.\n\
         Hint: Pass an SQL expression, as in `--default items.views=0`, or declare the column as Nullable<BigInt>.\n"
    );
    assert!(fs::read_dir(package(app).join("migrations")).expect("a directory").next().is_none());
    // It needs no values for that.
    let checked = project.run("makemigrations --check");
    assert_eq!(checked.exit, Exit::FAILURE);
    let line = ["makemigrations", "--default", "items.views=7", "--default", "items.note='none'"];
    let ran = project.run_words(&line);
    assert_eq!(ran.exit, Exit::SUCCESS, "{}", ran.all());
    let operations = "    ~ Alter column note of items: Nullable<Varchar(20)> to Text\n    \
                      ~ Alter column size of items: Nullable<Integer> to Nullable<Text>\n    \
                      ~ Alter column code of items: Varchar(8) to Nullable<Varchar(8)>\n    \
                      + Add column views to items\n    \
                      - Remove column old from items\n";
    let operations = match backend {
        Backend::Sqlite => operations.replace("Varchar(20)", "Text").replace("Varchar(8)", "Text"),
        Backend::Postgres => operations.replace("Nullable<Integer>", "Nullable<Int4>"),
        Backend::MariaDb => operations.to_owned(),
    };
    assert!(
        checked.out.ends_with(&operations) && ran.out.contains(&operations),
        "{}\n{}",
        checked.all(),
        ran.all()
    );
    let migration = newest(&package(app).join("migrations"));
    assert!(migration.to_string_lossy().ends_with("_change_schema"), "{}", migration.display());
    apply(&mut connection, &migration, "up.sql");
    assert_eq!(done(&project, "makemigrations --check").out, "No changes detected\n");
    let rows: Vec<(i32, Option<String>, Option<String>)> =
        items::table.order(items::id).load(&mut connection).expect("rows");
    let none = Some("none".to_owned());
    assert_eq!(rows, [(1, Some("new".to_owned()), Some("42".to_owned())), (2, none, None)]);
    let views: Vec<i64> = diesel::dsl::sql::<diesel::sql_types::BigInt>("SELECT views FROM items")
        .load(&mut connection)
        .expect("views");
    assert_eq!(views, [7, 7]);
    // The default was for the existing rows; SQLite cannot remove it.
    let insert = connection.batch_execute("INSERT INTO items (id, note) VALUES (3, 'a')");
    assert_eq!(insert.is_ok(), backend == Backend::Sqlite, "{insert:?}");
    let down = text(&migration, "down.sql");
    if backend != Backend::Sqlite {
        assert!(
            down.contains("-- schema.rs does not contain this, so it is not restored:\n--   ")
                && down.contains("items_by_old"),
            "{down}"
        );
    }
    connection.batch_execute("UPDATE items SET code = 'z' WHERE code IS NULL").expect("updated");
    apply(&mut connection, &migration, "down.sql");
    assert!(done(&project, "inspectdb").out.contains("old -> "));
    // The defaults of the database return with their columns.
    connection.batch_execute("INSERT INTO items (id) VALUES (4)").expect("a row");
    let count = |condition: &str, connection: &mut Connection| -> i64 {
        let query = format!("SELECT COUNT(*) FROM items WHERE {condition}");
        diesel::dsl::sql::<diesel::sql_types::BigInt>(&query).get_result(connection).expect("a number")
    };
    assert_eq!(count("id = 4 AND note = 'new' AND old = 3 AND code = 'a''b'", &mut connection), 1);
    assert_eq!(count("id = 1 AND size = 42 AND old = 3 AND code = 'x'", &mut connection), 1);
}

#[case(on_each_backend)]
fn foreign_keys_come_and_go_with_their_columns(database: TestDatabase) {
    let app = app_of("keys", database.backend());
    let mut connection = connect(&database);
    connection.batch_execute(RECORDS).expect("Diesel's table");
    connection.batch_execute("CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY)").expect("a table");
    connection
        .batch_execute(
            "CREATE TABLE posts (id INTEGER NOT NULL PRIMARY KEY, editor_id INTEGER REFERENCES users (id))",
        )
        .expect("a table");
    with_schema(
        app,
        "table! { users { id -> Integer, } }
         table! { posts { id -> Integer, author_id -> Nullable<Integer>, } }
         joinable!(posts -> users (author_id));",
    );
    let project = project(&[app], &database);
    done(&project, "makemigrations");
    let migration = newest(&package(app).join("migrations"));
    let key = |project: &Project| {
        let text = done(project, "inspectdb").out;
        text.lines().find(|line| line.contains("joinable!")).map(str::to_owned)
    };
    apply(&mut connection, &migration, "up.sql");
    assert_eq!(key(&project).as_deref(), Some("diesel::joinable!(posts -> users (author_id));"));
    assert_eq!(done(&project, "makemigrations --check").out, "No changes detected\n");
    apply(&mut connection, &migration, "down.sql");
    assert_eq!(key(&project).as_deref(), Some("diesel::joinable!(posts -> users (editor_id));"));
}

fn on_a_postgres(suite: &mut Suite, name: &CaseName, test: fn(TestDatabase)) {
    on_postgres(suite, name, move || test(TestDatabase::postgres()));
}

#[case(on_a_postgres)]
fn types_and_schemas_of_postgres(database: TestDatabase) {
    let mut connection = connect(&database);
    connection.batch_execute(RECORDS).expect("Diesel's table");
    connection
        .batch_execute(
            "CREATE SCHEMA \"Shop\"; CREATE TYPE \"Shop\".\"Order_State\" AS ENUM ('open', 'paid');
             CREATE TYPE mood AS ENUM ('sad', 'glad');
             CREATE TABLE \"Shop\".orders (id serial PRIMARY KEY, state \"Shop\".\"Order_State\" NOT NULL, tags text[])",
        )
        .expect("tables");
    with_schema("enums", "");
    let options = "[print_schema]\nfile = \"src/schema.rs\"\nschema = \"Shop\"\n";
    fs::write(package("enums").join("diesel.toml"), options).expect("a file");
    let project = project(&["enums"], &database);
    let schema = done(&project, "inspectdb --schema Shop").out;
    fs::write(package("enums").join("src/schema.rs"), &schema).expect("a file");
    assert_eq!(done(&project, "makemigrations --check").out, "No changes detected\n");
    let schema = schema.replace(
        "pub struct OrderState;",
        "pub struct OrderState;\n#[diesel(postgres_type(name = \"mood\"))]\npub struct Mood;",
    );
    let schema = schema.replace(
        "state -> OrderState,",
        "state -> OrderState,\nold_state -> Nullable<OrderState>,\nfeelings -> Nullable<Array<Nullable<Mood>>>,",
    );
    fs::write(package("enums").join("src/schema.rs"), &schema).expect("a file");
    let ran = done(&project, "makemigrations");
    let note =
        "    Note: No column of the database has the type mood: if it does not exist, create it first.\n";
    assert!(ran.out.ends_with(note) && !ran.out.contains("the type Order_State"), "{}", ran.out);
    let migration = newest(&package("enums").join("migrations"));
    let up = statements(&text(&migration, "up.sql"));
    for expected in [
        "ALTER TABLE \"Shop\".\"orders\" ADD COLUMN \"old_state\" \"Shop\".\"Order_State\"",
        "ALTER TABLE \"Shop\".\"orders\" ADD COLUMN \"feelings\" \"mood\"[]",
    ] {
        assert!(up.contains(expected), "{up:?}");
    }
    apply(&mut connection, &migration, "up.sql");
    assert_eq!(done(&project, "makemigrations --check").out, "No changes detected\n");
    apply(&mut connection, &migration, "down.sql");
}

#[case]
fn each_backend_of_an_app_gets_its_sql() {
    let database = emptied(Backend::Sqlite);
    // `../migrations/postgres` is beside the package.
    let beside = package("migrations");
    let _ = fs::remove_dir_all(&beside);
    with_schema(
        "portable",
        "diesel::table! { authors { id -> Int4, #[max_length = 40] name -> Varchar, photo -> Nullable<Bytea>, score -> Double, seen_at -> Nullable<Timestamp>, } }
         diesel::table! { books { id -> Int4, author_id -> Int4, } }
         diesel::joinable!(books -> authors (author_id));",
    );
    let project = project(&["portable"], &database);
    let ran = done(&project, "makemigrations");
    let making = package("migrations").parent().expect("a directory").to_owned();
    let sqlite = newest(&making.join("portable/migrations/sqlite"));
    let (postgres, mysql) =
        (newest(&beside.join("postgres")), newest(&making.join("portable/migrations/mysql")));
    assert_eq!(sqlite.file_name(), postgres.file_name());
    assert_eq!(sqlite.file_name(), mysql.file_name());
    assert!(ran.out.contains(&format!("  {}\n", postgres.display())), "{}", ran.out);
    let authors = |migration: &Path| {
        let sql = text(migration, "up.sql");
        sql.split("\n\n")
            .find(|part| part.contains("authors"))
            .expect(&sql)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert!(authors(&sqlite).ends_with("CREATE TABLE `authors`( `id` INTEGER NOT NULL PRIMARY KEY, `name` VARCHAR(40) NOT NULL, `photo` BLOB, `score` DOUBLE NOT NULL, `seen_at` TIMESTAMP );"), "{}", authors(&sqlite));
    assert!(authors(&postgres).ends_with("CREATE TABLE \"authors\"( \"id\" INT4 NOT NULL PRIMARY KEY, \"name\" VARCHAR(40) NOT NULL, \"photo\" BYTEA, \"score\" FLOAT8 NOT NULL, \"seen_at\" TIMESTAMP );"), "{}", authors(&postgres));
    assert!(authors(&mysql).ends_with("CREATE TABLE `authors`( `id` INTEGER NOT NULL PRIMARY KEY, `name` VARCHAR(40) NOT NULL, `photo` BLOB, `score` DOUBLE NOT NULL, `seen_at` TIMESTAMP NULL );"), "{}", authors(&mysql));
    apply(&mut connect(&database), &sqlite, "up.sql");
    assert_eq!(done(&project, "makemigrations --check").out, "No changes detected\n");
    // Only the type of the compared database is known.
    let schema = text(&package("portable").join("src"), "schema.rs");
    let schema = schema.replace("name -> Varchar", "name -> Nullable<Varchar>");
    fs::write(package("portable").join("src/schema.rs"), schema).expect("a file");
    let ran = done(&project, "makemigrations");
    let note = "    Note: MySQL has to repeat the type of authors.name: replace TODO_TYPE in its files.\n";
    assert!(ran.out.ends_with(note), "{}", ran.out);
    let sqlite = newest(&making.join("portable/migrations/sqlite"));
    let up = |directory: &Path| statements(&text(&newest(directory), "up.sql"));
    let postgres = up(&beside.join("postgres"));
    assert_eq!(Vec::from_iter(postgres), ["ALTER TABLE \"authors\" ALTER COLUMN \"name\" DROP NOT NULL"]);
    let mysql = up(&making.join("portable/migrations/mysql"));
    assert_eq!(Vec::from_iter(mysql), ["ALTER TABLE `authors` MODIFY COLUMN `name` TODO_TYPE NULL"]);
    apply(&mut connect(&database), &sqlite, "up.sql");
    assert_eq!(done(&project, "makemigrations --check").out, "No changes detected\n");
    // A type that one of them lacks.
    let schema = text(&package("portable").join("src"), "schema.rs");
    fs::write(
        package("portable").join("src/schema.rs"),
        schema.replace("score -> Double", "score -> Double, tags -> Nullable<Array<Text>>"),
    )
    .expect("a file");
    let ran = project.run("makemigrations");
    assert!(ran.exit == Exit::FAILURE && ran.err.starts_with("Error: The column tags cannot be written as SQL for SQLite: SQLite has neither arrays nor unsigned types.\n"), "{}", ran.all());
}

#[case]
fn row_ids_of_sqlite() {
    let database = emptied(Backend::Sqlite);
    let mut connection = connect(&database);
    connection.batch_execute("CREATE TABLE notes (text TEXT)").expect("a table");
    with_schema(
        "row_ids",
        "table! { notes (rowid) { rowid -> BigInt, text -> Nullable<Text>, } }
         table! { users { id -> BigInt, name -> Text, } }",
    );
    let options = "[print_schema]\nsqlite_integer_primary_key_is_bigint = true\n";
    fs::write(package("row_ids").join("diesel.toml"), options).expect("a file");
    let project = project(&["row_ids"], &database);
    done(&project, "makemigrations");
    let migration = newest(&package("row_ids").join("migrations"));
    let create = "CREATE TABLE `users`( `id` INTEGER NOT NULL PRIMARY KEY, `name` TEXT NOT NULL )";
    assert_eq!(Vec::from_iter(statements(&text(&migration, "up.sql"))), [create]);
    apply(&mut connection, &migration, "up.sql");
    assert_eq!(done(&project, "makemigrations --check").out, "No changes detected\n");
    // The implicit key of a table is no column that could be dropped or created.
    fs::write(package("row_ids").join("src/schema.rs"), "table! { users { id -> BigInt, name -> Text, } }")
        .expect("a file");
    done(&project, "makemigrations");
    let migration = newest(&package("row_ids").join("migrations"));
    assert!(migration.to_string_lossy().ends_with("_delete_notes"), "{}", migration.display());
    assert_eq!(
        Vec::from_iter(statements(&text(&migration, "down.sql"))),
        ["CREATE TABLE `notes`( `text` TEXT )"]
    );
}

#[case]
fn apps_are_told_apart_by_what_they_declare() {
    let database = emptied(Backend::Sqlite);
    let mut connection = connect(&database);
    connection
        .batch_execute("CREATE TABLE old (id INTEGER PRIMARY KEY NOT NULL); CREATE VIEW all_posts AS SELECT 1 AS id; CREATE TABLE __internal (id INTEGER PRIMARY KEY)")
        .expect("tables");
    with_schema("blog", "table! { posts { id -> Integer, } } table! { all_posts { id -> Integer, } }");
    with_schema("billing", "table! { invoices { id -> Integer, post_id -> Integer, } }");
    let project = project(&["blog", "billing"], &database);
    let ran = project.run("makemigrations --check");
    assert_eq!(ran.exit, Exit::FAILURE);
    assert_eq!(
        ran.out,
        "Migrations for 'blog':\n    + Create table posts\nMigrations for 'billing':\n    + Create table invoices\n"
    );
    assert!(
        ran.err.starts_with("Warning: No app's schema.rs declares old. To drop a table, name the app"),
        "{}",
        ran.err
    );
    let ran = done(&project, "makemigrations blog --dry-run");
    assert!(
        ran.out.contains("    + Create table posts\n    - Delete table old\n")
            && !ran.out.contains("invoices"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("\nDROP TABLE IF EXISTS `old`;\n") && ran.out.contains("down.sql"),
        "{}",
        ran.out
    );
    assert!(fs::read_dir(package("blog").join("migrations")).expect("a directory").next().is_none());
    // What a filter leaves out is nobody's.
    for app in ["blog", "billing"] {
        fs::write(
            package(app).join("diesel.toml"),
            "[print_schema]\nfilter = { except_tables = [\"^old$\"] }\n",
        )
        .expect("a file");
    }
    let ran = done(&project, "makemigrations");
    assert_eq!(ran.err, "");
    let (blog, billing) =
        (newest(&package("blog").join("migrations")), newest(&package("billing").join("migrations")));
    assert!(
        blog.to_string_lossy().ends_with("_create_posts")
            && billing.to_string_lossy().ends_with("_create_invoices")
    );
    // Diesel records only the version.
    assert_ne!(
        blog.file_name().map(|name| name.to_string_lossy()[..17].to_owned()),
        billing.file_name().map(|name| name.to_string_lossy()[..17].to_owned())
    );
    let again = project.run("makemigrations");
    assert_eq!(again.exit, Exit::FAILURE);
    assert!(
        again.err.starts_with(&format!(
            "Error: These migrations are not applied: {}, ",
            blog.file_name().expect("a name").to_string_lossy()
        )),
        "{}",
        again.err
    );
    apply(&mut connection, &blog, "up.sql");
    apply(&mut connection, &billing, "up.sql");
    assert_eq!(done(&project, "makemigrations --check").out, "No changes detected\n");
    assert_eq!(done(&project, "makemigrations -v 0").all(), "--- stderr\n--- exit 0");
    // What it made is in the database, and would not be in a new one.
    let gone = "INSERT INTO __diesel_schema_migrations (version) VALUES ('20200101000000')";
    connection.batch_execute(gone).expect("a record");
    let ran = done(&project, "makemigrations --check");
    assert!(
        ran.err.ends_with(": 1 newer migration(s) are applied, the last is 20200101000000.\n"),
        "{}",
        ran.all()
    );
    let ran = project.run("makemigrations blgo");
    assert_eq!(
        (ran.exit, ran.err.lines().next()),
        (Exit::FAILURE, Some("Error: No installed app with label 'blgo'."))
    );
}

#[case]
fn an_empty_migration_needs_no_database() {
    with_schema("empty", "");
    let project = Project::with(Program::new(&["empty"])).env("DATABASE_URL", "postgres://127.0.0.1:1/x");
    let ran = done(&project, "makemigrations --empty --name fill_slugs");
    let sqlite = newest(&package("empty").join("migrations/sqlite"));
    assert_eq!(text(&sqlite, "up.sql"), "-- Your SQL goes here\n");
    assert_eq!(text(&sqlite, "down.sql"), "-- This file should undo anything in `up.sql`\n");
    assert!(sqlite.to_string_lossy().ends_with("_fill_slugs"));
    assert!(package("empty").join("migrations/mysql").join(sqlite.file_name().expect("a name")).is_dir());
    assert!(
        ran.out.starts_with("Migrations for 'empty':\n  ") && ran.out.lines().count() == 3,
        "{}",
        ran.out
    );
    // Cargo compiles only what the build script names.
    let manifest = package("empty").join("Cargo.toml");
    fs::write(&manifest, "[package]\nname = \"empty\"\n").expect("a file");
    let build = |line: &str| {
        fs::write(package("empty").join("build.rs"), format!("fn main() {{ {line} }}")).expect("a file")
    };
    build("println!(\"cargo::rerun-if-changed=src\");");
    let warned = done(&project, "makemigrations --empty --name fill_slugs");
    assert_eq!(
        warned.err,
        "Cargo does not notice the new migration: build.rs does not name migrations/sqlite. Write \
         `println!(\"cargo::rerun-if-changed=migrations/sqlite\");` into the main function of its build.rs, or the next \
         build will not have the migration.\n"
    );
    build("println!(\"cargo::rerun-if-changed=migrations\");");
    assert_eq!(
        done(&project, "makemigrations empty --empty -n fill_slugs -v 0").all(),
        "--- stderr\n--- exit 0"
    );
    assert_eq!(fs::read_dir(package("empty").join("migrations/sqlite")).expect("a directory").count(), 3);
    fs::create_dir_all(package("second")).expect("a directory");
    let several = Project::with(Program::new(&["empty", "second"])).run("makemigrations --empty -n x");
    assert!(
        several.exit == Exit::USAGE && several.err.starts_with("Error: --empty is for one app.\n"),
        "{}",
        several.all()
    );
}
