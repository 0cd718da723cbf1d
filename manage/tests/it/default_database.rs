//! The default database: refused in production, announced elsewhere, with the setting that was probably
//! meant.

use std::path::Path;

use manage::Exit;
use manage::testing;
use manage_test_support::case;

use crate::project::{Project, Ran};

const SECRET: &str = "Hunter2-xyz";

fn production() -> Project {
    Project::new().env("MANAGE_ENV", "production")
}

/// It ends with 78, and names what was looked for.
fn refused(project: &Project, line: &str) -> Ran {
    let ran = project.run(line);
    assert_eq!(ran.exit, Exit::CONFIGURATION, "{line}: {}", ran.all());
    let shown = ran.all();
    assert!(shown.contains("No database is set, and in production (MANAGE_ENV) none is assumed."), "{shown}");
    assert!(shown.contains("Looked for DATABASE_URL, "), "{shown}");
    assert!(shown.contains("DATABASE_URL=sqlite:db.sqlite3"), "{shown}");
    assert!(!shown.contains(SECRET), "{shown}");
    ran
}

#[case]
fn in_production_it_is_refused() {
    for line in [
        "wait_for_db --once",
        "wait_for_db --all",
        "migrate",
        "migrate --plan",
        "showmigrations",
        "sqlmigrate 2025-01",
        #[cfg(feature = "schema")]
        "inspectdb",
        #[cfg(feature = "schema")]
        "makemigrations",
        "runserver 0",
    ] {
        refused(&production(), line);
    }
    refused(&production().env("MANAGE_SERVER_ALLOWED_HOSTS", "shop.example"), "serve 0");
    refused(&Project::new().file(".env", "MANAGE_ENV=prod\n"), "migrate");
    refused(&Project::new().file("manage.toml", "environment = \"production\"\n"), "migrate");
    // No file is made where the program runs.
    let folder = tempfile::tempdir().expect("a folder");
    let program = std::process::Command::new(std::env::current_exe().expect("this program"))
        .env(crate::project::AS_PROGRAM, "1")
        .env("MANAGE_ENV", "production")
        .current_dir(folder.path())
        .arg("migrate")
        .output()
        .expect("it runs");
    assert_eq!(program.status.code(), Some(78), "{program:?}");
    assert_eq!(folder.path().read_dir().expect("a folder").count(), 0, "{program:?}");
    // What needs no database is not held up.
    for line in ["help", "version", "check"] {
        let ran = production().run(line);
        assert_eq!(ran.exit, Exit::SUCCESS, "{line}: {}", ran.all());
    }
    let ran = production().run("check --deploy");
    assert!(ran.err.contains("(deployment.W005) No database is set"), "{}", ran.all());
    // Its name on the command line does not make it a mistake of the command line.
    for command in ["check", "migrate", "showmigrations", "wait_for_db --once"] {
        let ran = production().run(&format!("{command} --database default"));
        assert_eq!(ran.exit, Exit::CONFIGURATION, "{command}: {}", ran.all());
        assert!(ran.err.contains("No database is set, and in production"), "{command}: {}", ran.all());
    }
}

#[case]
fn in_production_a_named_file_is_used() {
    let project = production();
    let path = project.folder().join("named.db");
    let project = project.env("DATABASE_URL", &format!("sqlite:{}", path.display()));
    let ran = project.run("migrate");
    assert_eq!(ran.exit, Exit::SUCCESS, "{}", ran.all());
    assert!(!ran.all().contains("No database is set"), "{}", ran.all());
    let table = "[databases.default]\nbackend = \"sqlite\"\nname = \"named.db\"\n";
    let ran = production().file("manage.toml", table).run("wait_for_db --once");
    assert_eq!((ran.exit, ran.err.as_str()), (Exit::SUCCESS, ""), "{}", ran.all());
}

type Variables = &'static [(&'static str, &'static str)];

/// Variables, and what of the message names the right one.
const NEARLY: &[(Variables, &[&str])] = &[
    (&[("DATABASE_URL", "")], &["DATABASE_URL (environment) is set, but empty."]),
    (&[("DATABASE_URL_FILE", "")], &["DATABASE_URL_FILE (environment) is set, but empty."]),
    (&[("POSTGRES_HOST", "")], &["POSTGRES_HOST (environment) is set, but empty."]),
    (&[("DATABASE_URI", SECRET)], &["DATABASE_URI (environment) is not read.", "Did you mean DATABASE_URL?"]),
    (&[("DB_URL", SECRET)], &["DB_URL (environment) is not read.", "Did you mean DATABASE_URL?"]),
    (&[("DATABASE_URl", SECRET)], &["DATABASE_URl (environment) is not read.", "Did you mean DATABASE_URL?"]),
    (&[("DATABSE_URL", SECRET)], &["DATABSE_URL (environment) is not read.", "Did you mean DATABASE_URL?"]),
    (&[("DATBASE_ULR", SECRET)], &["Did you mean DATABASE_URL?"]),
    (&[("database_url", SECRET)], &["Did you mean DATABASE_URL?"]),
    (&[("DATABASEURL", SECRET)], &["Did you mean DATABASE_URL?"]),
    (&[("DATABASE_URLS", SECRET)], &["Did you mean DATABASE_URL?"]),
    (&[("SHOP_DATABASE_URL", SECRET)], &["Did you mean DATABASE_URL?"]),
    (&[("POSTGRES_URL", SECRET)], &["Did you mean DATABASE_URL?"]),
    (&[("MYSQL_URL", SECRET)], &["Did you mean DATABASE_URL?"]),
    (&[("SQLALCHEMY_DATABASE_URI", SECRET)], &["Did you mean DATABASE_URL?"]),
    (&[("DATABASE_URL_FIEL", "/run/secrets/url")], &["Did you mean DATABASE_URL_FILE?"]),
    (&[("DATABASE_URI_FILE", SECRET)], &["Did you mean DATABASE_URL_FILE?"]),
    (&[("DATABASE_URL_DEFALT", "sqlite:x.db")], &["Did you mean DATABASE_URL?"]),
    (
        &[("POSTGRES_USER", "app"), ("POSTGRES_PASSWORD", SECRET), ("POSTGRES_DB", "blog")],
        &[
            "POSTGRES_DB, POSTGRES_PASSWORD and POSTGRES_USER (environment) are set, but POSTGRES_HOST is not.",
            "Set POSTGRES_HOST",
        ],
    ),
    (
        &[("POSTGRES_PASSWORD_FILE", SECRET)],
        &["POSTGRES_PASSWORD_FILE (environment) is set, but POSTGRES_HOST is not."],
    ),
    (
        &[("POSTGRES_SERVER", SECRET)],
        &["POSTGRES_SERVER (environment) is not read.", "Did you mean POSTGRES_HOST?"],
    ),
    (&[("POSTGRESS_HOST", SECRET)], &["Did you mean POSTGRES_HOST?"]),
    (&[("MYSQL_USER", "app"), ("MYSQL_DATABASE", "blog")], &["but MYSQL_HOST is not."]),
    (&[("MARIADB_PASSWORD", SECRET)], &["but MARIADB_HOST is not."]),
    (
        &[("PGHOST", "db"), ("PGPASSWORD", SECRET)],
        &["PGHOST and PGPASSWORD (environment) are set", "DATABASE_URL=postgres://"],
    ),
    (&[("PGSERVICE", SECRET)], &["DATABASE_URL=postgres:// to use it"]),
    (&[("PG_HOST", SECRET)], &["Did you mean PGHOST?"]),
    (&[("MANAGE_ENVIRONMENT", SECRET)], &["MANAGE_ENVIRONMENT (environment) is not read.", "MANAGE_ENV?"]),
    (&[("MANAGE_SETTING", SECRET)], &["Did you mean MANAGE_SETTINGS?"]),
    (
        &[("DB_HOST", "db"), ("DB_PASSWORD", SECRET)],
        &["DB_HOST and DB_PASSWORD (environment)", "POSTGRES_HOST"],
    ),
];

#[case]
fn what_nearly_fits_is_named() {
    for (variables, words) in NEARLY {
        let with = |project: Project| {
            variables.iter().fold(project, |project, (name, value)| project.env(name, value))
        };
        let ran = refused(&with(production()), "wait_for_db --once");
        let ran_check = with(Project::new()).run("check");
        let ran_file = {
            let lines: String = variables.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
            Project::new().file(".env", &format!("# a comment\n{lines}")).run("check")
        };
        for word in *words {
            assert!(ran.all().contains(word), "{variables:?}: {word}: {}", ran.all());
            assert!(ran_check.err.contains("(manage.W011)"), "{variables:?}: {}", ran_check.all());
            assert!(ran_check.err.contains(word), "{variables:?}: {word}: {}", ran_check.all());
        }
        assert_eq!(ran_check.exit, Exit::SUCCESS, "a warning: {}", ran_check.all());
        assert!(
            ran_file.err.contains("(manage.W011)") && ran_file.err.contains(".env, line "),
            "{variables:?}: {}",
            ran_file.all()
        );
        assert!(!ran_check.all().contains(SECRET) && !ran_file.all().contains(SECRET), "{}", ran_check.all());
    }
    for alias in ["defualt", "Default", "defaults"] {
        let project =
            Project::new().file("manage.toml", &format!("[databases.{alias}]\nurl = \"sqlite:x.db\"\n"));
        let ran = project.run("check");
        assert!(
            ran.err.contains("(manage.W011)") && ran.err.contains("Did you mean [databases.default]?"),
            "{}",
            ran.all()
        );
    }
    // A table or key that nothing reads is an error that names those that are.
    let ran = Project::new().file("manage.toml", "[database.default]\nurl = \"sqlite:x.db\"\n").run("check");
    assert!(ran.err.contains("unknown key `database`") && ran.err.contains("`databases`"), "{}", ran.all());
}

#[case]
fn what_has_nothing_to_do_with_it_is_not() {
    for variables in [
        &[("PATH", "/bin"), ("HOME", "/root"), ("DATA", "x"), ("DATABASE_POOL_SIZE", "5"), ("PAGER", "less")]
            [..],
        &[("TEST_DATABASE_URL", "sqlite:x.db"), ("DATABASE_URL_ARCHIVE", "sqlite:y.db")],
        &[("POSTGRES_PORT", "tcp://10.0.0.1:5432"), ("POSTGRES_PORT_5432_TCP", "tcp://10.0.0.1:5432")],
        &[("POSTGRES_INITDB_ARGS", "-k"), ("MYSQL_ROOT_PASSWORD", "x"), ("PGDATA", "/data"), ("PGTZ", "UTC")],
        &[("DATABASE_URL", "sqlite:x.db"), ("DATABASE_URI", "x"), ("POSTGRES_USER", "app"), ("PGHOST", "db")],
    ] {
        let project =
            variables.iter().fold(Project::new(), |project, (name, value)| project.env(name, value));
        let ran = project.run("check");
        assert!(!ran.all().contains("W011"), "{variables:?}: {}", ran.all());
    }
}

#[case]
fn elsewhere_one_line_says_so() {
    for line in ["wait_for_db --once", "migrate --plan", "migrate --check"] {
        let project = Project::new().env("DATABASE_URI", SECRET);
        let ran = project.run(line);
        let notices: Vec<&str> = ran
            .err
            .lines()
            .filter(|line| line.starts_with("No database is set: using SQLite at /"))
            .collect();
        assert_eq!(notices.len(), 1, "{line}: {}", ran.all());
        assert!(notices[0].contains("/db.sqlite3."), "{line}: {}", ran.all());
        assert!(ran.err.contains("DATABASE_URI (environment) is not read."), "{line}: {}", ran.all());
        assert!(
            !ran.out.contains("No database is set") && !ran.all().contains(SECRET),
            "{line}: {}",
            ran.all()
        );
        let quiet = project.run(&format!("{line} -v 0"));
        assert!(!quiet.all().contains("No database is set"), "{line}: {}", quiet.all());
        let named = Project::new().env("DATABASE_URL", "sqlite::memory:").run(line);
        assert!(!named.all().contains("No database is set"), "{line}: {}", named.all());
    }
    // Nothing is said of a database that the command does not use.
    let project = Project::new().env("DATABASE_URL_OTHER", "sqlite::memory:");
    let ran = project.run("wait_for_db --once --database other");
    assert!(!ran.all().contains("No database is set"), "{}", ran.all());
}

#[case]
fn other_databases_work_in_production() {
    let project = production().env("DATABASE_URL_ARCHIVE", "sqlite::memory:");
    for line in ["wait_for_db --once --database archive", "wait_for_db --once --all"] {
        let ran = project.run(line);
        assert_eq!(ran.exit, Exit::SUCCESS, "{line}: {}", ran.all());
    }
    let ran = refused(&project, "wait_for_db --once");
    assert!(ran.all().contains("Other databases are set: archive."), "{}", ran.all());
}

#[case]
fn a_part_that_nearly_fits_is_named() {
    for (variables, words) in [
        (&[("POSTGRES_HOST", "db"), ("POSTGRES_PASS", SECRET)][..], "Did you mean POSTGRES_PASSWORD?"),
        (&[("POSTGRES_HOST", "db"), ("POSTGRES_PASWORD", SECRET)], "Did you mean POSTGRES_PASSWORD?"),
        (&[("POSTGRES_HOST", "db"), ("POSTGRES_NAME", SECRET)], "Did you mean POSTGRES_DB?"),
        (&[("POSTGRES_HOST", "db"), ("POSTGRES_USERNAME", SECRET)], "Did you mean POSTGRES_USER?"),
        (
            &[("MYSQL_HOST", "db"), ("MYSQL_DATABASE", "a"), ("MYSQL_PASSWD", SECRET)],
            "Did you mean MYSQL_PASSWORD?",
        ),
        (
            &[("DATABASE_URL", "postgres://app@db/blog"), ("DATABASE_PASWORD", SECRET)],
            "Did you mean DATABASE_PASSWORD?",
        ),
        (&[("DATABASE_URL", "postgres://app@db/blog"), ("PG_PASSWORD", SECRET)], "Did you mean PGPASSWORD?"),
    ] {
        let project =
            variables.iter().fold(Project::new(), |project, (name, value)| project.env(name, value));
        let ran = project.run("check");
        assert!(ran.err.contains("(manage.W011)") && ran.err.contains(words), "{variables:?}: {}", ran.all());
        assert!(!ran.all().contains(SECRET), "{}", ran.all());
    }
    let project = Project::new()
        .env("POSTGRES_HOST", "db")
        .env("POSTGRES_PASSWORD", SECRET)
        .env("POSTGRES_PASS", SECRET);
    assert!(!project.run("check").all().contains("W011"), "the right one is set");
}

#[case]
fn a_file_directly_under_the_root_is_warned_of() {
    let name = format!("manage-test-{}.db", std::process::id());
    let ran = Project::new().env("DATABASE_URL", &format!("sqlite:///{name}")).run("check");
    let words = format!("sqlite:///{name} is an absolute path; write sqlite:{name}");
    assert!(ran.err.contains("(manage.W014)") && ran.err.contains(&words), "{}", ran.all());
    let ran = Project::new().env("DATABASE_URL", &format!("sqlite:///{name}")).run("wait_for_db --once");
    assert!(ran.err.contains(&words), "{}", ran.all());
    for url in [format!("sqlite:{name}"), format!("sqlite:///srv/{name}"), "sqlite::memory:".to_owned()] {
        let ran = Project::new().env("DATABASE_URL", &url).run("check");
        assert!(!ran.all().contains("W014"), "{url}: {}", ran.all());
    }
}

#[case]
fn tests_and_code_keep_working() {
    let project = testing::Project::new(manage::Program::new(&["it"]));
    let called = project.call(|cx| Ok(cx.database("default")?.name.clone()));
    let built_in = project.folder().join("db.sqlite3");
    assert_eq!(Path::new(&called.expect_success()), built_in, "in the test's own directory");
    let project =
        testing::Project::new(manage::Program::new(&["it"])).env("MANAGE_ENV", "production").with_database();
    let called = project.call(|cx| cx.connect().map(drop));
    called.expect_success();
}

/// Otherwise a command in `src` would make a second, empty database there.
#[case]
fn it_is_the_same_in_each_directory_of_a_project() {
    let project = Project::new().file("manage.toml", "").file("src/lib.rs", "");
    let at_the_top = project.run("migrate --plan").err;
    assert!(at_the_top.starts_with("No database is set: using SQLite at "), "{at_the_top}");
    assert_eq!(project.run_in("src", "migrate --plan").err, at_the_top);
    // Where nothing marks the project, it is in the working directory.
    let elsewhere = Project::new().file("src/lib.rs", "");
    let below = elsewhere.run_in("src", "migrate --plan").err;
    assert!(below.contains("/src/db.sqlite3."), "{below}");
    // So it is with a file that is named.
    let below = project.run_in("src", "migrate --plan --settings ../manage.toml").err;
    assert!(below.contains("/src/db.sqlite3."), "{below}");
}
