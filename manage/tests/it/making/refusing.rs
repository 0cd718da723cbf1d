//! What `makemigrations` refuses, without writing a file.

use std::fs;

use diesel::connection::SimpleConnection as _;
use manage::{Exit, Program};
use manage_test_support::{Backend, case};

use super::{emptied, package, project, with_schema};
use crate::backends::connect;
use crate::project::Project;

#[case]
fn what_cannot_be_made_is_refused() {
    let database = emptied(Backend::Sqlite);
    let mut connection = connect(&database);
    connection
        .batch_execute("CREATE TABLE users (id INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL)")
        .expect("a table");
    let project = project(&["refused"], &database);
    for (schema, line, code, expected) in [
        (
            "table! { users (name) { id -> Integer, name -> Text, } }",
            "makemigrations",
            1,
            "Error: The primary key of users is (name) in schema.rs and (id) in the database, and SQLite cannot change it.\nHint: Write it by hand in a migration of `manage makemigrations --empty`: CREATE TABLE `users__new`( `id` INTEGER NOT NULL, `name` TEXT NOT NULL PRIMARY KEY ); INSERT INTO `users__new` (`id`, `name`) SELECT `id`, `name` FROM `users`; DROP TABLE `users`; ALTER TABLE `users__new` RENAME TO `users`; Add the defaults",
        ),
        (
            "table! { users { id -> Integer, name } }",
            "makemigrations",
            1,
            "src/schema.rs, line 1: expected `->`.\n",
        ),
        ("", "makemigrations --default users", 2, "Error: 'users' is not a default.\n"),
        (
            "",
            "makemigrations --default users.nmae=0",
            1,
            "Error: There is no new or changed column 'users.nmae'.\n",
        ),
        ("", "makemigrations --default PGPASSWORD=hunter2", 2, "Error: 'PGPASSWORD=…' is not a default.\n"),
        ("", "makemigrations --name ../up", 2, "Error: '../up' cannot be the name of a migration.\nHint: "),
        ("", "makemigrations --empty --check", 2, "cannot be used with"),
        ("", "makemigrations --empty", 2, "Error: An empty migration needs a name.\n"),
    ] {
        with_schema("refused", schema);
        let ran = project.run(line);
        assert!(ran.exit == Exit(code) && ran.err.contains(expected), "{line}: {}", ran.all());
        assert!(fs::read_dir(package("refused").join("migrations")).expect("a directory").next().is_none());
    }
    // What cannot be written is a difference, too.
    with_schema("refused", "table! { users (name) { id -> Integer, name -> Text, } }");
    let ran = project.run("makemigrations --check");
    assert_eq!(
        (ran.exit, ran.out.as_str()),
        (Exit::FAILURE, "Migrations for 'refused':\n    ~ Change primary key of users: (id) to (name)\n")
    );
    // An app without schema.rs declares nothing, so its tables are not dropped.
    fs::remove_file(package("refused").join("src/schema.rs")).expect("removed");
    let ran = project.run("makemigrations");
    assert!(ran.exit == Exit::FAILURE && ran.err.contains("No app has a schema.rs: "), "{}", ran.all());
    let _ = fs::remove_dir_all(package("absent"));
    let ran =
        Project::with(Program::new(&["absent"])).env("DATABASE_URL", database.url()).run("makemigrations");
    assert!(
        ran.err.starts_with(
            "Error: The source of the app 'absent' does not exist on this machine: it was built in "
        ),
        "{}",
        ran.all()
    );
    let ran = Project::with(Program::new(&["none"])).run("makemigrations");
    assert!(ran.err.starts_with("Error: No app has migrations.\n"), "{}", ran.all());
}
