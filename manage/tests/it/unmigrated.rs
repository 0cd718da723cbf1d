//! A query that fails because the database lacks migrations: the error says so.

use std::sync::Arc;

use diesel::connection::SimpleConnection;
use manage::clap::ArgMatches;
use manage::command::Command;
use manage::prelude::*;
use manage::{Exit, Program};
use manage_test_support::{TestDatabase, case};

use crate::backends::on_each_backend;
use crate::project::{Project, Ran};

/// Runs a statement, with a context above the driver's error, as commands do.
pub(crate) struct Says(pub(crate) &'static str);

impl Command for Says {
    fn name(&self) -> &str {
        "says"
    }

    fn run(&self, cx: &mut Context, _: &ArgMatches) -> Result<Exit> {
        cx.connect()?.batch_execute(self.0).context("The statement failed")?;
        Ok(Exit::SUCCESS)
    }
}

#[case(on_each_backend)]
fn a_command_may_want_it_reported_before(database: TestDatabase) {
    let project = Project::with(Program::new(&["it"])).env("DATABASE_URL", database.url());
    let ran = project.run("counts_things");
    let reported = "\nYou have 4 unapplied migration(s). Your project may not work properly until you apply the migrations for \
                app(s): it.\nRun 'manage migrate' to apply them.\n";
    assert_eq!(
        (ran.exit, ran.out.as_str(), ran.err.as_str()),
        (Exit(0), "counted\n", reported),
        "{}",
        ran.all()
    );
    assert_eq!(project.run("counts_things -v 0").err, "");
    assert_eq!(project.run("migrate").exit, Exit(0));
    assert_eq!(project.run("counts_things").err, "");
    for url in ["sqlite:/nowhere/at/all.db", "oracle://x"] {
        let ran = Project::with(Program::new(&["it"])).env("DATABASE_URL", url).run("counts_things");
        let reported = ran.err.starts_with("\nThe database is not available: ");
        assert!(reported && ran.out == "counted\n", "{}", ran.all());
    }
}

pub(crate) fn run(database: &TestDatabase, sql: &'static str, line: &str) -> Ran {
    let program = Program::new(&["it"]).with_command("it", Arc::new(Says(sql)));
    Project::with(program).env("DATABASE_URL", database.url()).run(line)
}

pub(crate) const BOOKS: &str = "INSERT INTO authors SELECT * FROM authors WHERE 1 = 0";

#[case(on_each_backend)]
fn a_table_that_a_migration_would_make(database: TestDatabase) {
    let ran = run(&database, BOOKS, "says");
    assert_eq!(ran.exit, Exit(1), "{}", ran.all());
    let hint = "\nHint: The database has unapplied migrations (4 not applied, the first is 2024-01-01-000000_create_authors). \
                Run `manage migrate`.\n";
    assert!(
        ran.err.starts_with("Error: says: The statement failed\nCaused by: ") && ran.err.ends_with(hint),
        "{}",
        ran.all()
    );
    run(&database, BOOKS, "migrate");
    let ran = run(&database, BOOKS, "says");
    assert_eq!(ran.exit, Exit(0), "{}", ran.all());
}

#[case(on_each_backend)]
fn other_errors_are_not_explained_so(database: TestDatabase) {
    run(&database, BOOKS, "migrate 2024-01-01-000000");
    // A constraint is no matter of migrations, though some are missing.
    let ran = run(
        &database,
        "INSERT INTO authors (id, name) VALUES (1, 'a'); INSERT INTO authors (id, name) VALUES (1, 'b')",
        "says",
    );
    assert!(ran.exit == Exit(1) && !ran.err.contains("migrations"), "{}", ran.all());
    // No migration makes a typing mistake right.
    let ran = run(&database, "SELEC 1", "says");
    let is_explained = ran.err.contains("lacks migrations");
    assert!(ran.exit == Exit(1) && ran.err.contains("SELEC") && !is_explained, "{}", ran.all());
    // With all migrations applied, nothing is said of them.
    run(&database, BOOKS, "migrate");
    let ran = run(&database, "SELECT * FROM nothing_such", "says");
    assert!(ran.exit == Exit(1) && !ran.err.contains("migrations"), "{}", ran.all());
}
