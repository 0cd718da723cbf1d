//! `makemigrations` asks on a terminal for what existing rows get.

use diesel::connection::SimpleConnection as _;
use manage::Exit;
use manage_test_support::{Backend, TestDatabase, case};

use super::{RECORDS, apply, emptied, newest, package, project, statements, text, with_schema};
use crate::backends::{connect, on_mariadb};

const SCHEMA: &str =
    "table! { items { id -> Integer, views -> BigInt, note -> Nullable<Text>, state -> Text, } }";

#[cfg(feature = "terminal")]
#[case]
fn on_a_terminal_it_asks_for_defaults() {
    use manage::console::Input;

    let database = emptied(Backend::Sqlite);
    let mut connection = connect(&database);
    connection
        .batch_execute("CREATE TABLE items (id INTEGER PRIMARY KEY NOT NULL); INSERT INTO items VALUES (1)")
        .expect("a table");
    with_schema("asked", SCHEMA);
    let asked = |typed: &str, line: &[&str]| {
        let project = manage::testing::Project::new(manage::Program::new(&["asked"]));
        let typed = Input::from(typed.to_owned()).as_terminal();
        project.env("DATABASE_URL", database.url()).stdin(typed).run(line)
    };
    // Nothing is asked where nothing is written, or where nobody answers.
    for line in [&["makemigrations", "--check"][..], &["makemigrations", "--noinput"]] {
        let ran = asked("0\n'new'\n", line);
        assert!(ran.exit == Exit::FAILURE && !ran.stderr.contains("Its value"), "{ran}");
    }
    // An answer that does not come ends it, before a file is written.
    let ran = asked("0\n", &["makemigrations"]);
    assert_eq!(ran.exit, Exit::FAILURE, "{ran}");
    assert!(std::fs::read_dir(package("asked").join("migrations")).expect("a directory").next().is_none());
    // What an option says is not asked.
    let ran = asked("'new'\n", &["makemigrations", "--default", "items.views=7"]);
    assert_eq!(ran.exit, Exit::SUCCESS, "{ran}");
    let question =
        "The column items.state (Text) is NOT NULL in schema.rs: existing rows need a value for it.";
    assert!(ran.stderr.contains(question) && !ran.stderr.contains("items.views"), "{ran}");
    let migration = newest(&package("asked").join("migrations"));
    let up = statements(&text(&migration, "up.sql"));
    assert!(up.contains("ALTER TABLE `items` ADD COLUMN `views` BIGINT NOT NULL DEFAULT 7"), "{up:?}");
    assert!(up.contains("ALTER TABLE `items` ADD COLUMN `state` TEXT NOT NULL DEFAULT 'new'"), "{up:?}");
    apply(&mut connection, &migration, "up.sql");
    let state = diesel::dsl::sql::<diesel::sql_types::Text>("SELECT state FROM items");
    let states: Vec<String> = diesel::RunQueryDsl::load(state, &mut connection).expect("rows");
    assert_eq!(states, ["new"]);
}

/// The values of an enum are not in `schema.rs`.
#[case(on_mariadb)]
fn an_enum_of_mysql_is_left_to_the_author() {
    let database = TestDatabase::mariadb();
    let mut connection = connect(&database);
    connection.batch_execute(RECORDS).expect("Diesel's table");
    connection
        .batch_execute("CREATE TABLE items (id INTEGER NOT NULL PRIMARY KEY, state ENUM('new') NOT NULL)")
        .expect("a table");
    let project = project(&["asked_enum"], &database);
    let schema = super::done(&project, "inspectdb").out;
    with_schema("asked_enum", &schema);
    // Another value is no difference that schema.rs could show.
    connection
        .batch_execute("ALTER TABLE items MODIFY state ENUM('new', 'old') NOT NULL")
        .expect("another value");
    assert_eq!(super::done(&project, "makemigrations --check").out, "No changes detected\n");
    assert_eq!(super::done(&project, "inspectdb").out, schema);
    connection.batch_execute("ALTER TABLE items DROP COLUMN state").expect("dropped");
    let ran = project.run("makemigrations");
    let hint = "Hint: Write the migration by hand, with `state` ENUM('first', 'second') NOT NULL for an enum: `manage makemigrations --empty`.\n";
    let line = ["makemigrations", "--default", "items.state='new'"];
    let ran = if ran.err.contains("NOT NULL in schema.rs") { project.run_words(&line) } else { ran };
    assert!(ran.exit == Exit::FAILURE && ran.err.ends_with(hint), "{}", ran.all());
}
