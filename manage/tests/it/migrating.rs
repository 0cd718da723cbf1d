//! Migrations: by the commands and by the library, by one process and by ten.

use std::thread;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use manage::__private::internals::{Direction, MigrationPlan, MigrationTarget, Migrations, apply};
use manage::__private::{MigrationsRegistration, Part};
use manage::Program;
use manage::database::Connection;
use manage_test_support::{Backend, TestDatabase, case};

use crate::backends::{connect, on_each_backend, project, settings};
use crate::project::{Project, Ran};

manage::migrations! {
    sqlite: "tests/it/migrations/sqlite",
    postgres: "tests/it/migrations/postgres",
    mysql: "tests/it/migrations/mysql",
    before: {
        sqlite: ["PRAGMA cache_size = 500"],
        postgres: ["SET lock_timeout = '1min'", "SET client_min_messages = warning"],
        mysql: ["SET lock_wait_timeout = 60"],
    },
}

// An app whose second migration fails: what the macro writes, with the place of another crate.
manage::__private::inventory::submit! {
    MigrationsRegistration::new(
        &[Part::Folder(
            None,
            "tests/it/migrations/failing",
            manage::__private::embedded_migrations!(manage "tests/it/migrations/failing"),
        )],
        ("failing", file!(), 1),
        env!("CARGO_MANIFEST_DIR"),
    )
}

pub(crate) const NAMES: [&str; 4] = [
    "2024-01-01-000000_create_authors",
    "2024-01-02-000000_create_books",
    "2025-01-01-000000_add_isbn",
    "2025-02-01-000000_outside_of_a_transaction",
];

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn count(connection: &mut Connection, from: &str) -> i64 {
    let query = diesel::sql_query(format!("SELECT COUNT(*) AS n FROM {from}"));
    query.get_result::<Count>(connection).unwrap_or_else(|error| panic!("{from}: {error}")).n
}

/// How many tables there are, Diesel's own included.
pub(crate) fn tables(database: &TestDatabase) -> i64 {
    let from = match database.backend() {
        Backend::Sqlite => "sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        Backend::Postgres => "pg_tables WHERE schemaname = 'public'",
        Backend::MariaDb => "information_schema.tables WHERE table_schema = DATABASE()",
    };
    count(&mut connect(database), from)
}

/// Runs a command line that succeeds.
#[track_caller]
pub(crate) fn done(project: &Project, line: &str) -> String {
    let ran = project.run(line);
    assert_eq!(ran.exit.0, 0, "{line}\n{}", ran.all());
    without_operations(&ran.out)
}

/// What `migrate` prints below what it was asked for.
pub(crate) fn without_operations(out: &str) -> String {
    let below = out.strip_prefix("Operations to perform:\n").and_then(|rest| rest.split_once('\n'));
    below.map_or(out, |(_, below)| below).to_owned()
}

pub(crate) fn applying(names: &[&str]) -> String {
    let lines = names.iter().map(|name| format!("  Applying it.{name}... OK\n"));
    format!("Running migrations:\n{}", lines.collect::<String>())
}

fn reverting(names: &[&str]) -> String {
    applying(names).replace("Applying", "Reverting")
}

/// What `showmigrations` prints when the first `applied` ones are.
pub(crate) fn shown(applied: usize) -> String {
    let mark = |i| if i < applied { 'X' } else { ' ' };
    let lines = NAMES.iter().enumerate().map(|(i, name)| format!(" [{}] {name}\n", mark(i)));
    format!("it\n{}", lines.collect::<String>())
}

#[case(on_each_backend)]
fn in_production_reverting_takes_consent(database: TestDatabase) {
    let project = project(database.url()).env("MANAGE_ENV", "production");
    assert_eq!(done(&project, "migrate"), applying(&NAMES), "applying takes none");
    let ran = project.run("migrate zero");
    assert_eq!(ran.exit.0, 1, "{}", ran.all());
    assert!(ran.err.contains("In production this needs --force."), "{}", ran.all());
    assert_eq!(project.run("migrate zero --noinput").exit.0, 1);
    assert_eq!(done(&project, "showmigrations"), shown(4));
    done(&project, "migrate zero --plan");
    done(&project, "migrate zero --force --noinput");
    assert_eq!(done(&project, "showmigrations"), shown(0));
}

#[case(on_each_backend)]
fn everything_is_applied_once(database: TestDatabase) {
    let project = project(database.url());
    assert_eq!(done(&project, "showmigrations"), shown(0));
    let ran = project.run("check --database default");
    assert!(ran.all().contains("(manage.W003) 4 migration(s) are not applied."), "{}", ran.all());
    assert_eq!(done(&project, "migrate"), applying(&NAMES));
    assert_eq!(done(&project, "showmigrations"), shown(4));
    assert_eq!(done(&project, "migrate"), "Running migrations:\n  No migrations to apply.\n");
    assert_eq!(done(&project, "migrate --verbosity 0"), "");
    // Nothing to do needs no lock.
    let mut holder = connect(&database);
    let lock = crate::locking::hold(&mut holder, database.url());
    done(&project, "migrate --lock-timeout 0");
    drop((lock, holder));
    assert_eq!(
        done(&project, "migrate --check"),
        "Planned operations:\n  No planned migration operations.\n"
    );
    let ran = project.run("check --database default");
    assert!(ran.exit.0 == 0 && !ran.err.contains("W003"), "{}", ran.all());
    assert_eq!(tables(&database), 4);
    assert_eq!(count(&mut connect(&database), "authors WHERE name = 'Ünïcödé; the first'"), 1);
}

#[case(on_each_backend)]
fn plan_and_check_change_nothing(database: TestDatabase) {
    let project = project(database.url());
    let plan = NAMES.iter().map(|name| format!("  Apply {name}\n")).collect::<String>();
    let plan = format!("Planned operations:\n{plan}");
    assert_eq!(done(&project, "migrate --plan"), plan);
    let ran = project.run("migrate --check");
    assert_eq!((ran.exit.0, ran.out), (1, plan));
    let first = format!("Planned operations:\n  Apply {}\n", NAMES[0]);
    assert_eq!(done(&project, "migrate --plan 20240101"), first);
    done(&project, "showmigrations");
    done(&project, "check --database default");
    assert!(database.path().is_none_or(|path| !path.exists()), "reading creates no file");
    done(&project, "migrate zero");
    done(&project, "migrate --check zero");
    assert_eq!(tables(&database), 0);
    done(&project, "migrate");
    let ran = project.run("migrate --plan --check 2025-01-01");
    assert_eq!((ran.exit.0, ran.out), (1, format!("Planned operations:\n  Revert {}\n", NAMES[3])));
    assert_eq!(done(&project, "showmigrations"), shown(4));
}

#[case(on_each_backend)]
fn a_target_leads_forwards_and_backwards(database: TestDatabase) {
    let project = project(database.url());
    assert_eq!(done(&project, "migrate 2024-01-02-000000_create_books"), applying(&NAMES[..2]));
    assert_eq!(done(&project, "showmigrations"), shown(2));
    assert_eq!(done(&project, "migrate 2025-02"), applying(&NAMES[2..]));
    assert_eq!(done(&project, "migrate 20240101000000"), reverting(&[NAMES[3], NAMES[2], NAMES[1]]));
    assert_eq!(done(&project, "showmigrations"), shown(1));
    assert_eq!(tables(&database), 3);
    assert_eq!(done(&project, "migrate zero"), reverting(&NAMES[..1]));
    assert_eq!(done(&project, "showmigrations"), shown(0));
    assert_eq!(tables(&database), 2, "Diesel's own stays, and the journal");
    assert_eq!(done(&project, "migrate --verbosity 0"), "");
    assert_eq!(done(&project, "showmigrations"), shown(4));
}

#[case(on_each_backend)]
fn a_target_that_is_unclear_changes_nothing(database: TestDatabase) {
    let project = project(database.url());
    let ran = project.run("migrate 2024");
    assert_eq!(ran.exit.0, 1, "{}", ran.all());
    let expected = format!("'2024' matches several migrations: {}, {}.", NAMES[0], NAMES[1]);
    assert!(ran.err.contains(&expected), "{}", ran.err);
    let ran = project.run("migrate books");
    assert_eq!(ran.exit.0, 1, "{}", ran.all());
    assert!(ran.err.contains("There is no migration 'books'."), "{}", ran.err);
    assert_eq!(tables(&database), 0);
}

#[case(on_each_backend)]
fn a_target_may_be_the_name_behind_the_version(database: TestDatabase) {
    let project = project(database.url());
    let ran = project.run("migrate create_authors");
    assert_eq!((ran.exit.0, without_operations(&ran.out)), (0, applying(&NAMES[..1])), "{}", ran.err);
}

#[case(on_each_backend)]
fn a_migration_that_fails_stops_there(database: TestDatabase) {
    let project = Project::with(Program::new(&["failing"])).env("DATABASE_URL", database.url());
    let ran = project.run("migrate");
    assert_eq!(ran.exit.0, 1, "{}", ran.all());
    let (done, failed) = ("2024-03-01-000000_succeeds", "2024-03-02-000000_fails_in_the_middle");
    let applied = applying(&[done]).replace("it.", "failing.");
    assert_eq!(without_operations(&ran.out), format!("{applied}  Applying failing.{failed}...\n"));
    assert!(
        ran.err.starts_with(&format!("Error: The migration {failed} could not be applied. ")),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("nowhere"), "{}", ran.err);
    let hint = "it continues in line 2,";
    assert_eq!(ran.err.contains(hint), database.backend() == Backend::MariaDb, "{}", ran.err);
    let shown = project.run("showmigrations").out;
    let failed = match database.backend() {
        Backend::MariaDb => format!("[~] {failed} (1 of 3 statements)"),
        Backend::Sqlite | Backend::Postgres => format!("[ ] {failed}"),
    };
    let expected = format!("failing\n [X] {done}\n {failed}\n [ ] 2024-03-03-000000_never_comes\n");
    assert_eq!(shown, expected);
    // On MySQL a new table stays; elsewhere nothing of the migration does.
    let rest = i64::from(database.backend() == Backend::MariaDb);
    assert_eq!(count(&mut connect(&database), "before_it"), 0);
    assert_eq!(tables(&database), 3 + rest);
    // The lock is free again.
    assert_eq!(project.run("migrate --lock-timeout 0").exit.0, 1);
    // What is half done can only be reverted when it is finished.
    assert_eq!(i64::from(project.run("migrate 2024-03-01 --lock-timeout 0").exit.0), rest);
}

#[case(on_each_backend)]
fn a_version_of_others_is_shown_and_stays(database: TestDatabase) {
    let project = project(database.url());
    done(&project, "migrate 2024-01-02");
    let record = "INSERT INTO __diesel_schema_migrations (version) VALUES ('20240601000000')";
    connect(&database).batch_execute(record).expect("a record");
    let unknown = "unknown\n [?] 20240601000000\n";
    assert_eq!(done(&project, "showmigrations"), format!("{}{unknown}", shown(2)));
    assert_eq!(done(&project, "migrate"), applying(&NAMES[2..]));
    done(&project, "migrate zero");
    assert_eq!(done(&project, "showmigrations"), format!("{}{unknown}", shown(0)));
    let ran = project.run("migrate 20240601");
    assert!(ran.exit.0 == 1 && ran.err.contains("There is no migration '20240601'."), "{}", ran.all());
}

#[case(on_each_backend)]
fn ten_at_once_all_succeed(database: TestDatabase) {
    let url = database.url();
    let ran: Vec<Ran> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..10).map(|_| scope.spawn(|| project(url).run("migrate --lock-timeout 60"))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    for ran in &ran {
        assert_eq!((ran.exit.0, ran.err.as_str()), (0, ""), "{}", ran.all());
    }
    for name in NAMES {
        let times = ran.iter().filter(|ran| ran.out.contains(&format!("Applying it.{name}... OK\n"))).count();
        assert_eq!(times, 1, "{name} was applied {times} times");
    }
    let idle = ran.iter().filter(|ran| ran.out.ends_with("Running migrations:\n  No migrations to apply.\n"));
    assert_eq!(idle.count(), 9);
    let connection = &mut connect(&database);
    assert_eq!((count(connection, "authors"), count(connection, "__diesel_schema_migrations")), (1, 4));
}

fn of_program(database: &TestDatabase) -> Migrations {
    let backend = settings(database.url()).backend;
    Migrations::of_program(&Program::new(&["it"]), backend).expect("migrations").expect("some")
}

#[case(on_each_backend)]
fn the_library_does_it_without_a_command(database: TestDatabase) {
    let (mut connection, migrations) = (connect(&database), of_program(&database));
    let plan = MigrationPlan::read(&mut connection, &migrations).expect("a plan");
    assert!(plan.rows.iter().map(|row| row.name.as_str()).eq(NAMES));
    assert_eq!(plan.unapplied().count(), 4);
    let target = plan.target("2024-01-02").expect("a target");
    let mut seen = Vec::new();
    let steps = apply(&mut connection, &migrations, &target, |progress, step| {
        seen.push(format!("{progress:?} {}", step.row.version));
        Ok(())
    });
    assert_eq!(steps.expect("two steps").len(), 2);
    assert_eq!(
        seen,
        ["Begin 20240101000000", "Done 20240101000000", "Begin 20240102000000", "Done 20240102000000"]
    );
    // The observer may stop it, and the steps until there persist.
    let stopped = apply(&mut connection, &migrations, &MigrationTarget::Latest, |_, step| {
        anyhow::ensure!(step.row.name != NAMES[3], "enough");
        Ok(())
    });
    assert_eq!(stopped.expect_err("it is stopped").to_string(), "enough");
    let plan = MigrationPlan::read(&mut connection, &migrations).expect("a plan");
    assert_eq!(plan.unapplied().map(|row| row.name.as_str()).collect::<Vec<_>>(), [NAMES[3]]);
    let steps =
        apply(&mut connection, &migrations, &MigrationTarget::Zero, |_, _| Ok(())).expect("three steps");
    assert!(steps.iter().all(|step| step.direction == Direction::Revert) && steps.len() == 3);
}

#[case(on_each_backend)]
fn diesel_and_manage_understand_each_other(database: TestDatabase) {
    const SQLITE: EmbeddedMigrations = embed_migrations!("tests/it/migrations/sqlite");
    const POSTGRES: EmbeddedMigrations = embed_migrations!("tests/it/migrations/postgres");
    const MYSQL: EmbeddedMigrations = embed_migrations!("tests/it/migrations/mysql");
    // Diesel takes its sources by value.
    let source = || match database.backend() {
        Backend::Sqlite => SQLITE,
        Backend::Postgres => POSTGRES,
        Backend::MariaDb => MYSQL,
    };
    let project = project(database.url());
    let connection = &mut connect(&database);
    // What Diesel applied is applied.
    connection.run_next_migration(source()).expect("one");
    assert_eq!(done(&project, "showmigrations"), shown(1));
    assert_eq!(done(&project, "migrate 2025-01-01"), applying(&NAMES[1..3]));
    // What manage applied is applied for Diesel.
    let pending = connection.pending_migrations(source()).expect("a list");
    assert_eq!(pending.iter().map(|one| one.name().to_string()).collect::<Vec<_>>(), [NAMES[3]]);
    assert_eq!(connection.run_pending_migrations(source()).expect("the last").len(), 1);
    assert_eq!(done(&project, "migrate"), "Running migrations:\n  No migrations to apply.\n");
    connection.revert_last_migration(source()).expect("one back");
    assert_eq!(done(&project, "showmigrations"), shown(3));
    connection.revert_all_migrations(source()).expect("all back");
    assert_eq!(done(&project, "showmigrations"), shown(0));
}

#[case(on_each_backend)]
fn another_database_by_its_alias(database: TestDatabase) {
    let default = TestDatabase::new(database.backend());
    let project = project(default.url()).env("DATABASE_URL_ARCHIVE", database.url());
    assert_eq!(done(&project, "migrate --database archive"), applying(&NAMES));
    assert_eq!(done(&project, "showmigrations --database archive"), shown(4));
    assert_eq!(done(&project, "showmigrations"), shown(0));
    assert_eq!(tables(&default), 0);
    let ran = project.run("migrate --database nope");
    assert!(ran.exit.0 == 2 && ran.err.contains("There is no database 'nope'"), "{}", ran.all());
}
