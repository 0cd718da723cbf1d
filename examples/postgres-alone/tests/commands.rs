//! On a PostgreSQL server, which `TEST_DATABASE_URL` names: each test has a database of its own there.

use diesel::prelude::*;
use manage::testing::Project;
use postgres_alone::stage::Stage;
use postgres_alone::{Db, visits};

#[test]
fn visits_are_recorded() {
    let project = Project::new(manage::program!(postgres_alone)).with_database();
    project.run(["visit", "--page", "/draft"]).expect_success();
    let ran = project.run(["visit", "--page", "/about", "--live"]).expect_success();
    assert!(ran.stdout.ends_with("{\"page\":\"/about\"}\n"), "{ran}");
    let stages: Vec<Stage> = visits::table
        .select(visits::stage)
        .order(visits::stage)
        .load(&mut project.connect_as::<Db>())
        .unwrap();
    assert_eq!(stages, [Stage::Draft, Stage::Live]);
}

#[test]
fn no_sqlite_file_stands_in_for_the_database() {
    let project = Project::new(manage::program!(postgres_alone));
    project.run(["check"]).expect_success();
    let ran = project.run(["visit", "--page", "/draft"]).expect_exit(78);
    let error = "Error: No database is set, and without SQLite in the program none is assumed.\n";
    assert!(ran.stderr.starts_with(error), "{ran}");
    assert!(ran.stderr.contains("DATABASE_URL=postgres://"), "{ran}");
    assert!(ran.stderr.contains("add `.with_database()`"), "{ran}");
}
