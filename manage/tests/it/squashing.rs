//! `squashmigrations`, and a migration that takes the place of several.

use std::fs;
use std::path::{Path, PathBuf};

use manage::__private::{EmbeddedMigration, MigrationsRegistration, Part};
use manage::Program;
use manage_test_support::{TestDatabase, case};

use crate::backends::{connect, on_each_backend};
use crate::migrating::done;
use crate::migration_files::{app, is_there, number, project_of};
use crate::project::{Project, Ran};

const A: [&str; 2] = ["CREATE TABLE a (id INTEGER);\n", "DROP TABLE a;\n"];
const B: [&str; 2] = ["CREATE TABLE b (id INTEGER)", "DROP TABLE b"];
const C: [&str; 2] =
    ["INSERT INTO a VALUES (1);\nINSERT INTO b VALUES (1);\n", "DELETE FROM a;\nDELETE FROM b;\n"];
const UP: &str = "-- 2026-01-01-000000_a\nCREATE TABLE a (id INTEGER);\n\n-- 2026-01-02-000000_b\nCREATE TABLE b (id INTEGER)\n;\n\n\
                  -- 2026-01-03-000000_c\nINSERT INTO a VALUES (1);\nINSERT INTO b VALUES (1);\n";
const DOWN: &str = "-- 2026-01-03-000000_c\nDELETE FROM a;\nDELETE FROM b;\n\n-- 2026-01-02-000000_b\nDROP TABLE b\n;\n\n\
                    -- 2026-01-01-000000_a\nDROP TABLE a;\n";

app!(
    "before_squash",
    ("2026-01-01-000000_a", A[0], Some(A[1]), true),
    ("2026-01-02-000000_b", B[0], Some(B[1]), true),
    ("2026-01-03-000000_c", C[0], Some(C[1]), true)
);
app!(
    "after_squash",
    (
        "2026-01-03-000000_squashed_a_to_c",
        UP,
        Some(DOWN),
        true,
        replaces "2026-01-01-000000_a" "2026-01-02-000000_b" "2026-01-03-000000_c"
    ),
    ("2026-01-04-000000_d", "CREATE TABLE d (id INTEGER);", Some("DROP TABLE d;"), true)
);

const VERSIONS: &str = "SELECT COUNT(*) AS n FROM __diesel_schema_migrations";

#[case(on_each_backend)]
fn a_database_that_has_the_last_one_runs_nothing(database: TestDatabase) {
    let (before, after) =
        (project_of(&["before_squash"], &database), project_of(&["after_squash"], &database));
    done(&before, "migrate");
    assert_eq!(
        done(&after, "showmigrations"),
        "after_squash\n [X] 2026-01-03-000000_squashed_a_to_c\n [ ] 2026-01-04-000000_d\n"
    );
    let ran = after.run("migrate");
    assert_eq!(
        (ran.exit.0, ran.out.as_str(), ran.err.as_str()),
        (
            0,
            "Operations to perform:\n  Apply all migrations: after_squash\nRunning migrations:\n  Applying after_squash.2026-01-04-000000_d... OK\n",
            ""
        )
    );
    let ran = after.run("check --database default");
    assert!(
        ran.exit.0 == 0 && !ran.all().contains("manage.W01") && !ran.all().contains("manage.W003"),
        "{}",
        ran.all()
    );

    // Its reversal is that of all.
    done(&after, "migrate zero");
    assert!(!is_there(&database, "a") && !is_there(&database, "b"));
    assert_eq!(number(&mut connect(&database), VERSIONS), 0);
    done(&after, "migrate");
    assert_eq!(number(&mut connect(&database), "SELECT COUNT(*) AS n FROM a"), 1);
    // The program of before has nothing to do either.
    assert_eq!(number(&mut connect(&database), VERSIONS), 4);
    assert_eq!(before.run("migrate --check").exit.0, 0);
}

#[case(on_each_backend)]
fn a_database_that_has_a_part_is_refused(database: TestDatabase) {
    let (before, after) =
        (project_of(&["before_squash"], &database), project_of(&["after_squash"], &database));
    done(&before, "migrate 2026-01-02");
    let text = "Of the migrations that 2026-01-03-000000_squashed_a_to_c replaces, only some are applied: \
                20260101000000, 20260102000000.";
    for line in ["migrate", "migrate --plan", "migrate --check"] {
        let ran = after.run(line);
        assert_eq!(ran.exit.0, 1, "{}", ran.all());
        assert!(
            ran.err.starts_with(&format!("Error: {text}\n")) && ran.err.contains("from before"),
            "{}",
            ran.all()
        );
    }
    assert!(!is_there(&database, "d"), "nothing was done");
    let shown = done(&after, "showmigrations");
    let line = " [~] 2026-01-03-000000_squashed_a_to_c (2 of the migrations that it replaces are applied)\n";
    assert!(shown.contains(line), "{shown}");
    let ran = after.run("check --database default");
    assert!(ran.exit.0 == 1 && ran.all().contains(&format!("(manage.E013) {text}")), "{}", ran.all());

    done(&before, "migrate");
    done(&after, "migrate");
    assert!(is_there(&database, "d"));
}

app!("between_squashed", ("2026-01-01-120000_x", A[0], Some(A[1]), true));

/// The program's migrations, and the package in which their directories are.
macro_rules! squashed {
    ($($app:literal),+) => {
        $(manage::__private::inventory::submit! {
            MigrationsRegistration::new(
                &[Part::Folder(None, "migrations", EMBEDDED)],
                ($app, file!(), line!()),
                concat!(env!("CARGO_TARGET_TMPDIR"), "/squashing/", $app),
            )
        })+
    };
}
squashed!("squashed", "squash_refused");

const EMBEDDED: &[EmbeddedMigration] = &[
    embedded("2026-01-01-000000_a", A),
    embedded("2026-01-02-000000_b", B),
    embedded("2026-01-03-000000_c", C),
    embedded("2026-01-04-000000_d", A),
];

const fn embedded(name: &'static str, [up, down]: [&'static str; 2]) -> EmbeddedMigration {
    EmbeddedMigration {
        name,
        up,
        down: Some(down),
        in_transaction: true,
        replaces: &[],
        dependencies: &[],
        limits: manage::__private::MigrationLimits::NONE,
    }
}

/// Writes the program's migrations, and returns their directory.
fn written(app: &str) -> PathBuf {
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("squashing").join(app);
    let _ = fs::remove_dir_all(&package);
    for migration in EMBEDDED {
        let directory = package.join("migrations").join(migration.name);
        fs::create_dir_all(&directory).expect("a directory");
        fs::write(directory.join("up.sql"), migration.up).expect("a file");
        fs::write(directory.join("down.sql"), migration.down.expect("one")).expect("a file");
    }
    package.join("migrations")
}

fn project(app: &'static str) -> Project {
    let apps = Box::leak(Box::new([app]));
    Project::with(Program::new(apps)).env("DATABASE_URL", "postgres://127.0.0.1:1/nowhere")
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
    names.sort();
    names
}

#[case]
fn one_directory_takes_the_place_of_several() {
    let (directory, project) = (written("squashed"), project("squashed"));
    let ran = project.run("squashmigrations squashed c --dry-run");
    assert!(ran.exit.0 == 0 && ran.out.contains(UP) && ran.out.contains(DOWN), "{}", ran.all());
    assert_eq!(names(&directory).len(), 4, "nothing was written");
    let ran = project.run("squashmigrations squashed c");
    assert!(
        ran.exit.0 == 1 && ran.err.contains("This deletes 3 directories of migrations."),
        "{}",
        ran.all()
    );
    assert_eq!(names(&directory).len(), 4, "nothing was written");

    let between: &'static [&str] = &["squashed", "between_squashed"];
    let ran = Project::with(Program::new(between))
        .env("DATABASE_URL", "postgres://127.0.0.1:1/nowhere")
        .run("squashmigrations squashed b --dry-run");
    let note = "2026-01-01-120000_x of the app 'between_squashed' was between them, and now runs before the new one.";
    assert!(ran.exit.0 == 0 && ran.err.contains(note), "{}", ran.all());

    let out = done(&project, "squashmigrations squashed c --noinput");
    let list = "Will squash the following migrations:\n - 2026-01-01-000000_a\n - 2026-01-02-000000_b\n - 2026-01-03-000000_c\n";
    assert!(out.starts_with(list) && out.contains("in place of 3 migrations"), "{out}");
    assert_eq!(names(&directory), ["2026-01-03-000000_squashed_a_to_c", "2026-01-04-000000_d"]);
    let file = |name: &str| {
        fs::read_to_string(directory.join("2026-01-03-000000_squashed_a_to_c").join(name)).expect("a file")
    };
    assert_eq!((file("up.sql").as_str(), file("down.sql").as_str()), (UP, DOWN));
    assert!(file("metadata.toml").contains("run_in_transaction = true\n"));
    // The program is of before.
    let ran = project.run("squashmigrations squashed a c --noinput");
    assert!(ran.exit.0 == 1 && ran.err.contains("not built from the present migrations"), "{}", ran.all());
}

#[case]
fn what_is_not_squashed() {
    let (directory, project) = (written("squash_refused"), project("squash_refused"));
    let refused = |line: &str, words: &str| {
        let ran: Ran = project.run(&format!("squashmigrations {line} --noinput"));
        assert!(ran.exit.0 == 1 && ran.err.contains(words), "{line}: {}", ran.all());
        assert_eq!(names(&directory).len(), 4, "{line}");
    };
    refused("squash_refused a", "There is nothing to squash: 2026-01-01-000000_a is the only migration");
    refused("squash_refused c a", "2026-01-03-000000_c is after 2026-01-01-000000_a");
    refused("squash_refused x", "There is no migration 'x'");
    refused("squash_refuse c", "No installed app with label 'squash_refuse'.");
    refused("squash_refused c --squashed-name ../x", "'../x' cannot be the name of a migration.");
    refused("squash_refused c --squashed-name c", "2026-01-03-000000_c already exists");
    fs::write(directory.join("2026-01-02-000000_b/notes.md"), "").expect("a file");
    refused("squash_refused c", "2026-01-02-000000_b/notes.md would be deleted");
    fs::remove_file(directory.join("2026-01-02-000000_b/notes.md")).expect("removed");
    fs::write(directory.join("2026-01-01-000000_a/up.sql"), "SELECT 'a").expect("a file");
    refused("squash_refused c", "2026-01-01-000000_a/up.sql is not complete");
    fs::write(directory.join("2026-01-01-000000_a/up.sql"), [0xff]).expect("a file");
    refused("squash_refused c", "2026-01-01-000000_a/up.sql cannot be read");
}
