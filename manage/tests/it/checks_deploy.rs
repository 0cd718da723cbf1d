//! `check --deploy`: what is not fit for a deployment. No message may repeat a password.

use std::path::Path;
use std::process::Command;

use manage_test_servers::{Need, Suite};

use crate::project::{Project, Ran};

pub(crate) fn add(suite: &mut Suite) {
    suite.test("checks_deploy::the_environment_has_a_name", the_environment_has_a_name);
    suite.test("checks_deploy::a_slip_in_production_is_told", a_slip_in_production_is_told);
    suite.test("checks_deploy::weak_passwords", weak_passwords);
    suite.test("checks_deploy::weak_secrets_of_apps", weak_secrets_of_apps);
    suite.test("checks_deploy::a_good_deployment", a_good_deployment);
    suite.test("checks_deploy::where_runserver_listens", where_runserver_listens);
    #[cfg(unix)]
    suite.test("checks_deploy::files_that_everybody_can_read", files_that_everybody_can_read);
    suite.needs(Need::Program("git"), "checks_deploy::files_that_git_tracks", files_that_git_tracks);
    if cfg!(feature = "sqlite") {
        suite.test("checks_deploy::sqlite_in_memory", sqlite_in_memory);
    }
}

const STRONG: &str = "9f8e7d6c5b4a39281f";

fn deploy(project: &Project) -> Ran {
    project.run("check --deploy")
}

#[track_caller]
fn told(ran: &Ran, id: &str, expected: bool) {
    assert_eq!(ran.err.contains(&format!("({id})")), expected, "{id}\n{}", ran.all());
}

fn the_environment_has_a_name() {
    let ran = deploy(&Project::new());
    assert!(
        ran.err.contains("settings: (deployment.W002) The environment is 'development'."),
        "{}",
        ran.all()
    );
    for name in ["production", "Production", "prod", "staging"] {
        told(&deploy(&Project::new().env("MANAGE_ENV", name)), "deployment.W002", false);
    }
    told(&deploy(&Project::new().file(".env", "MANAGE_ENV=production\n")), "deployment.W002", false);
    told(
        &deploy(&Project::new().file("manage.toml", "environment = \"production\"\n")),
        "deployment.W002",
        false,
    );
    // The environment is stronger than the file.
    let project =
        Project::new().file("manage.toml", "environment = \"production\"\n").env("MANAGE_ENV", "dev");
    told(&deploy(&project), "deployment.W002", true);
    for (project, place) in [
        (Project::new().env("MANAGE_ENV", "in production!"), "MANAGE_ENV (environment): 'in production!'"),
        (Project::new().file("manage.toml", "\nenvironment = \"a b\"\n"), "manage.toml, line 2: 'a b'"),
    ] {
        let ran = project.run("check");
        assert!(ran.exit.0 == 1 && ran.err.contains(place), "{}", ran.all());
    }
}

fn a_slip_in_production_is_told() {
    for (name, slip) in [
        ("prodution", true),
        ("produktion", true),
        ("production", false),
        ("preproduction", false),
        ("test", false),
    ] {
        told(&Project::new().env("MANAGE_ENV", name).run("check"), "manage.W008", slip);
    }
}

fn weak_passwords() {
    let with = |password: &str| {
        let url = format!("postgres://warehouse:{password}@db/stock");
        deploy(&Project::new().env("DATABASE_URL", &url))
    };
    for password in ["warehouse", "Stock2024", "changeme99", "hunter2", "postgres"] {
        let ran = with(password);
        told(&ran, "security.W001", true);
        let without_names = ran.all().replace("PostgreSQL at db:5432/stock as warehouse", "");
        assert!(!without_names.contains(password), "{}", ran.all());
    }
    told(&with(STRONG), "security.W001", false);
    let none = deploy(&Project::new().env("DATABASE_URL", "postgres://warehouse@db/stock"));
    told(&none, "security.W002", true);
    let socket = "postgres://warehouse@%2Frun%2Fpostgresql/stock";
    told(&deploy(&Project::new().env("DATABASE_URL", socket)), "security.W002", false);
}

fn weak_secrets_of_apps() {
    let with = |table: &str| deploy(&Project::new().file("manage.toml", &format!("[apps.it]\n{table}\n")));
    for table in [
        "secret_key = \"0123456789abcdef\"",
        "mail = { password = \"change-me\" }",
        "api_key = \"\"",
        "webhook-secret = \"itititit\"",
        "[[apps.it.mails]]\npassword = \"letmein\"",
    ] {
        let ran = with(table);
        told(&ran, "security.W003", true);
        assert!(
            ran.err.contains("manage.toml, line 1: [apps.it]:") && !ran.err.contains("0123456789"),
            "{}",
            ran.all()
        );
    }
    for table in
        ["secret_key = \"9f8e7d6c5b4a39281f00aabbccddeeff1122\"", "title = \"changeme\"", "monkey = \"x\""]
    {
        told(&with(table), "security.W003", false);
    }
}

/// All is well: nothing but what this build is may be told.
fn a_good_deployment() {
    let url = format!("postgres://warehouse:{STRONG}@db.example.org/stock?sslmode=verify-full");
    let project = Project::new()
        .file("manage.toml", "[checks]\nsilenced = [\"deployment.W001\", \"manage.W001\"]\n")
        .env("DATABASE_URL", &url)
        .env("MANAGE_ENV", "production");
    let ran = project.run("check --deploy --fail-level DEBUG");
    assert_eq!(ran.exit.0, 0, "{}", ran.all());
    let insecure = project.env("DATABASE_URL_OTHER", &format!("postgres://u:{STRONG}@db/a"));
    let ran = insecure.run("check --deploy --fail-level WARNING");
    assert_eq!(ran.exit.0, 1, "{}", ran.all());
    told(&ran, "security.W006", true);
}

fn where_runserver_listens() {
    if cfg!(feature = "runserver") {
        for (address, expected) in [
            ("0.0.0.0:8000", true),
            ("0:8000", true),
            ("[::]:80", true),
            ("127.0.0.1:8000", false),
            ("localhost:8000", false),
            ("8000", false),
        ] {
            told(
                &deploy(&Project::new().env("MANAGE_RUNSERVER_ADDRESS", address)),
                "security.I002",
                expected,
            );
        }
    }
}

#[cfg(unix)]
fn files_that_everybody_can_read() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("a mode");
    };
    let url = format!("[databases.default]\nurl = \"postgres://u:{STRONG}@localhost/a\"\n");
    let project = |text: &str| {
        let project = Project::new().file("manage.toml", text).file("secrets/database", STRONG);
        mode(&project.folder().join("manage.toml"), 0o644);
        mode(&project.folder().join("secrets/database"), 0o644);
        mode(&project.folder().join("secrets"), 0o755);
        mode(project.folder(), 0o755);
        project
    };
    let with = project(&url);
    let ran = deploy(&with);
    told(&ran, "security.W004", true);
    assert!(
        ran.err.contains("manage.toml: (security.W004)") && ran.err.contains("(mode 644)"),
        "{}",
        ran.all()
    );
    mode(&with.folder().join("manage.toml"), 0o600);
    told(&deploy(&with), "security.W004", false);
    mode(&with.folder().join("manage.toml"), 0o644);
    mode(with.folder(), 0o700);
    told(&deploy(&with), "security.W004", false);

    told(
        &deploy(&project("[databases.default]\nurl = \"postgres://u@localhost/a\"\n")),
        "security.W004",
        false,
    );
    let named = project(
        "[databases.default]\nurl = \"postgres://u@localhost/a\"\npassword_file = \"secrets/database\"\n",
    );
    assert!(deploy(&named).err.contains("secrets/database: (security.W004)"), "{}", deploy(&named).all());
    mode(&named.folder().join("secrets"), 0o700);
    told(&deploy(&named), "security.W004", false);
    let variable = project("")
        .env("DATABASE_PASSWORD_FILE", "secrets/database")
        .env("DATABASE_URL", "postgres://u@localhost/a");
    assert!(deploy(&variable).err.contains("DATABASE_PASSWORD_FILE"), "{}", deploy(&variable).all());
}

fn files_that_git_tracks() {
    let project = Project::new()
        .file("manage.toml", &format!("[databases.default]\nurl = \"postgres://u:{STRONG}@localhost/a\"\n"))
        .file(".env", &format!("DATABASE_PASSWORD={STRONG}\n"));
    let git = |words: &[&str]| {
        let done = Command::new("git").arg("-C").arg(project.folder()).args(words).output().expect("git");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    told(&deploy(&project), "security.W005", false);
    git(&["init", "--quiet"]);
    told(&deploy(&project), "security.W005", false);
    git(&["add", "manage.toml"]);
    let ran = deploy(&project);
    assert!(
        ran.err.contains("manage.toml: (security.W005) The file holds a password ([databases.default])"),
        "{}",
        ran.all()
    );
    assert!(!ran.err.contains(".env: (security.W005)"), "{}", ran.all());
    git(&["add", "-f", ".env"]);
    assert!(deploy(&project).err.contains(".env: (security.W005)"));
    git(&["rm", "--quiet", "--cached", ".env", "manage.toml"]);
    told(&deploy(&project), "security.W005", false);
}

fn sqlite_in_memory() {
    told(&deploy(&Project::new().env("DATABASE_URL", ":memory:")), "deployment.W003", true);
    told(&deploy(&Project::new().env("DATABASE_URL", "file:x.db?mode=memory")), "deployment.W003", true);
    told(&deploy(&Project::new().env("DATABASE_URL", "sqlite:x.db")), "deployment.W003", false);
}
