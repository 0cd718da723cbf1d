//! The projects that `cargo manage new` writes for PostgreSQL and MySQL, on real servers.

use manage_test_support::{Need, TestDatabase, builds_with, case};

use crate::folder::Folder;

/// Starts a project whose `.env` is `.env.example` with the URL of a database.
///
/// Its manifest is that of `several`: the framework is compiled once for the projects of all kinds.
#[track_caller]
fn start(kind: &str, database: &TestDatabase) -> Folder {
    let model = Folder::new();
    model.start("shop", &["--database", "several"]);
    let folder = Folder::new();
    folder.start("shop", &["--database", kind]);
    folder.write("shop/Cargo.toml", &model.read("shop/Cargo.toml"));

    let example = folder.read("shop/.env.example");
    let line = example.lines().find(|line| line.starts_with("DATABASE_URL=")).expect("a URL");
    folder.write("shop/.env", &example.replace(line, &format!("DATABASE_URL={}", database.url())));
    folder
}

/// Runs the tests of a project, which create a database of their own, and its commands.
#[track_caller]
fn works(kind: &str, database: &TestDatabase) -> Folder {
    let folder = start(kind, database);
    let tested = folder.cargo("shop", &["test", "--quiet"]).expect_success();
    assert!(tested.stdout.contains("1 passed"), "{tested}");
    let manage =
        |line: &str| folder.run("shop", &line.split(' ').collect::<Vec<_>>()).expect_success().stdout;
    let migrated = manage("migrate");
    assert!(migrated.contains("Applying shop.2026-01-01-000000_create_notes... OK"), "{migrated}");
    manage("makemigrations --check");
    assert_eq!(manage("add_note milk"), "Added “milk”.\n");
    let checked = manage("check --fail-level WARNING");
    assert!(checked.contains("no issues"), "{checked}");
    folder
}

/// The same, for a project of one kind of database, and for one of several kinds.
#[track_caller]
fn both_work(kind: &str, database: fn() -> TestDatabase) {
    let own = database();
    let folder = works(kind, &own);
    // Its schema.rs declares what the migrations create, as inspectdb writes it.
    let inspected = folder.run("shop", &["inspectdb"]).expect_success().stdout;
    assert_eq!(inspected, folder.read("shop/src/schema.rs"));
    works("several", &database());
}

#[case(builds_with(Need::Postgres))]
fn a_project_works_on_postgresql() {
    both_work("postgres", TestDatabase::postgres);
}

#[case(builds_with(Need::MariaDb))]
fn a_project_works_on_mariadb() {
    both_work("mysql", TestDatabase::mariadb);
}
