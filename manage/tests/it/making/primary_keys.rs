//! `makemigrations`: another primary key. diesel_cli 2.3.14 refuses it: "Cannot change primary keys with --diff-schema
//! yet".

use diesel::connection::SimpleConnection as _;
use manage::Exit;
use manage_test_support::{Backend, TestDatabase, case};

use super::{RECORDS, app_of, apply, done, newest, package, project, statements, text, with_schema};
use crate::backends::{connect, on_each_backend};
use crate::migration_files::number;

/// A key that its constraint names in its own way, and that MySQL numbers.
fn tables(backend: Backend) -> &'static str {
    match backend {
        Backend::Postgres => {
            "CREATE TABLE seats (id SERIAL CONSTRAINT seats_key PRIMARY KEY, hall INTEGER NOT NULL, place INTEGER, note TEXT);
             INSERT INTO seats (hall, place) VALUES (1, 1), (1, 2)"
        }
        Backend::MariaDb => {
            "CREATE TABLE seats (id INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY, hall INTEGER NOT NULL, place INTEGER, note TEXT);
             INSERT INTO seats (hall, place) VALUES (1, 1), (1, 2)"
        }
        Backend::Sqlite => {
            "CREATE TABLE seats (id INTEGER NOT NULL PRIMARY KEY, hall INTEGER NOT NULL, place INTEGER NOT NULL, note TEXT);
             INSERT INTO seats (hall, place) VALUES (1, 1), (1, 2)"
        }
    }
}

const KEPT: &str = "table! { seats (hall, place) { id -> Nullable<Integer>, hall -> Integer, place -> Integer, note -> Nullable<Text>, } }";
const GONE: &str =
    "table! { seats (hall, place) { hall -> Integer, place -> Integer, note -> Nullable<Text>, } }";

#[case(on_each_backend)]
fn a_key_changes_there_and_back(database: TestDatabase) {
    let backend = database.backend();
    let app = app_of("primary", backend);
    let mut connection = connect(&database);
    connection.batch_execute(RECORDS).expect("Diesel's table");
    connection.batch_execute(tables(backend)).expect("the table");
    if backend == Backend::Sqlite {
        return a_rebuild_is_left_to_the_author(&database);
    }
    let project = project(&[app], &database);
    let before = done(&project, "inspectdb").out;
    with_schema(app, KEPT);
    let ran = project.run("makemigrations --check");
    let change = "    ~ Change primary key of seats: (id) to (hall, place)\n";
    assert!(ran.exit == Exit::FAILURE && ran.out.contains(change), "{}", ran.all());
    let ran = done(&project, "makemigrations");
    let migration = newest(&package(app).join("migrations"));
    let changed = match backend {
        Backend::Postgres => {
            "ALTER TABLE \"seats\" DROP CONSTRAINT \"seats_key\", ADD CONSTRAINT \"seats_key\" PRIMARY KEY (\"hall\", \"place\")"
        }
        _ => {
            "ALTER TABLE `seats` MODIFY COLUMN `id` INTEGER NOT NULL, DROP PRIMARY KEY, ADD PRIMARY KEY (`hall`, `place`)"
        }
    };
    let up = statements(&text(&migration, "up.sql"));
    assert!(up.contains(changed), "{up:?}");
    let note = "    Note: MySQL no longer numbers seats.id: only a key may be numbered.\n";
    assert_eq!(ran.out.contains(note), backend == Backend::MariaDb, "{}", ran.out);
    apply(&mut connection, &migration, "up.sql");
    assert_eq!(done(&project, "makemigrations --check").out, "No changes detected\n");
    apply(&mut connection, &migration, "down.sql");
    assert_eq!(done(&project, "inspectdb").out, before);
    // The rows are numbered again.
    connection.batch_execute("INSERT INTO seats (hall) VALUES (2)").expect("a row");
    assert_eq!(number(&mut connection, "SELECT COUNT(DISTINCT id) AS n FROM seats"), 3);

    // A column of the old key goes with it.
    connection.batch_execute("UPDATE seats SET place = 9 WHERE place IS NULL").expect("updated");
    std::fs::remove_dir_all(&migration).expect("removed");
    with_schema(app, GONE);
    let ran = done(&project, "makemigrations");
    let note = "    Note: down.sql cannot restore the values of seats.id: give each row one before it is the key again.\n";
    assert!(ran.out.contains(note), "{}", ran.out);
    let migration = newest(&package(app).join("migrations"));
    assert!(migration.to_string_lossy().ends_with("_change_schema"), "{}", migration.display());
    apply(&mut connection, &migration, "up.sql");
    assert_eq!(done(&project, "makemigrations --check").out, "No changes detected\n");
    assert_eq!(number(&mut connection, "SELECT COUNT(*) AS n FROM seats"), 3);
    // Without rows there is nothing to restore.
    connection.batch_execute("DELETE FROM seats").expect("deleted");
    apply(&mut connection, &migration, "down.sql");
    assert!(done(&project, "inspectdb").out.contains("seats (id)"));

    // What refers to the key is not dropped silently, and neither are its actions.
    connection
        .batch_execute("CREATE TABLE tickets (id INTEGER NOT NULL PRIMARY KEY, seat INTEGER, CONSTRAINT sits FOREIGN KEY (seat) REFERENCES seats (id) ON DELETE CASCADE)")
        .expect("a table");
    std::fs::remove_dir_all(&migration).expect("removed");
    with_schema(app, &format!("{KEPT} table! {{ tickets {{ id -> Integer, seat -> Nullable<Integer>, }} }}"));
    let ran = project.run("makemigrations");
    let error = "Error: The primary key of seats is (hall, place) in schema.rs and (id) in the database, and tickets (seat) refers to it.\nHint: ";
    assert!(ran.exit == Exit::FAILURE && ran.err.starts_with(error), "{}", ran.all());
    // What the hint says is what brings it about.
    let (_, sql) = ran.err.split_once("--empty`: ").expect("statements");
    let (sql, _) = sql.split_once(" The foreign keys").expect("a sentence after them");
    connection.batch_execute(sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
    assert!(done(&project, "inspectdb").out.contains("seats (hall, place)"));
}

/// SQLite's tables can only be made again, which loses what schema.rs does not contain.
fn a_rebuild_is_left_to_the_author(database: &TestDatabase) {
    let mut connection = connect(database);
    with_schema("primary_sqlite", GONE);
    let project = project(&["primary_sqlite"], database);
    let ran = project.run("makemigrations");
    let error = "Error: The primary key of seats is (hall, place) in schema.rs and (id) in the database, and SQLite cannot change it.\nHint: ";
    assert!(ran.exit == Exit::FAILURE && ran.err.starts_with(error), "{}", ran.all());
    let (_, sql) = ran.err.split_once("--empty`: ").expect("statements");
    let (sql, _) = sql.split_once(" Add the defaults").expect("a sentence after them");
    connection.batch_execute(sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
    assert_eq!(done(&project, "makemigrations --check").out, "No changes detected\n");
    assert_eq!(number(&mut connection, "SELECT COUNT(*) AS n FROM seats WHERE hall = 1"), 2);
}
