//! `check --deploy`: what is not fit for a deployment. No message may repeat a password.

use std::path::Path;
use std::process::Command;

use manage_test_support::{Need, case, needs, only_if};

use crate::project::{Project, Ran};

const STRONG: &str = "9f8e7d6c5b4a39281f";

fn deploy(project: &Project) -> Ran {
    project.run("check --deploy")
}

#[track_caller]
fn reported(ran: &Ran, id: &str, expected: bool) {
    assert_eq!(ran.err.contains(&format!("({id})")), expected, "{id}\n{}", ran.all());
}

#[case]
fn the_environment_has_a_name() {
    let ran = deploy(&Project::new());
    assert!(
        ran.err.contains("settings: (deployment.W002) The environment is 'development'."),
        "{}",
        ran.all()
    );
    for name in ["production", "Production", "prod", "staging"] {
        reported(&deploy(&Project::new().env("MANAGE_ENV", name)), "deployment.W002", false);
    }
    reported(&deploy(&Project::new().file(".env", "MANAGE_ENV=production\n")), "deployment.W002", false);
    reported(
        &deploy(&Project::new().file("manage.toml", "environment = \"production\"\n")),
        "deployment.W002",
        false,
    );
    // The environment is stronger than the file.
    let project =
        Project::new().file("manage.toml", "environment = \"production\"\n").env("MANAGE_ENV", "dev");
    reported(&deploy(&project), "deployment.W002", true);
    for (project, place) in [
        (Project::new().env("MANAGE_ENV", "in production!"), "MANAGE_ENV (environment): 'in production!'"),
        (Project::new().file("manage.toml", "\nenvironment = \"a b\"\n"), "manage.toml, line 2: 'a b'"),
    ] {
        let ran = project.run("check");
        assert!(ran.exit.0 == 1 && ran.err.contains(place), "{}", ran.all());
    }
}

#[case]
fn a_slip_in_production_is_reported() {
    for (name, slip) in [
        ("prodution", true),
        ("produktion", true),
        ("production", false),
        ("preproduction", false),
        ("test", false),
    ] {
        reported(&Project::new().env("MANAGE_ENV", name).run("check"), "manage.W008", slip);
    }
}

#[case]
fn weak_passwords() {
    let with = |password: &str| {
        let url = format!("postgres://warehouse:{password}@db/stock");
        // The paths of the migrations contain one of the passwords.
        let project = Project::new().env("MANAGE_MIGRATIONS_LINT_START_AFTER", "99991231000000");
        deploy(&project.env("DATABASE_URL", &url))
    };
    for password in ["warehouse", "Stock2024", "changeme99", "hunter2", "postgres"] {
        let ran = with(password);
        reported(&ran, "security.W001", true);
        let without_names = ran.all().replace("PostgreSQL at db:5432/stock as warehouse", "");
        assert!(!without_names.contains(password), "{}", ran.all());
    }
    reported(&with(STRONG), "security.W001", false);
    let none = deploy(&Project::new().env("DATABASE_URL", "postgres://warehouse@db/stock"));
    reported(&none, "security.W002", true);
    let socket = "postgres://warehouse@%2Frun%2Fpostgresql/stock";
    reported(&deploy(&Project::new().env("DATABASE_URL", socket)), "security.W002", false);
}

#[case]
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
        reported(&ran, "security.W003", true);
        assert!(
            ran.err.contains("manage.toml, line 1: [apps.it]:") && !ran.err.contains("0123456789"),
            "{}",
            ran.all()
        );
    }
    for table in
        ["secret_key = \"9f8e7d6c5b4a39281f00aabbccddeeff1122\"", "title = \"changeme\"", "monkey = \"x\""]
    {
        reported(&with(table), "security.W003", false);
    }
}

#[case]
fn weak_secrets_of_apps_in_variables() {
    let name = "MANAGE_APPS__IT__MAIL__PASSWORD";
    let ran = deploy(&Project::new().env(name, "change-me"));
    reported(&ran, "security.W003", true);
    let said = format!("{name} (environment): password is easy to guess");
    assert!(ran.err.contains(&said) && !ran.err.contains("change-me"), "{}", ran.all());
    let project = Project::new().file("secret", "letmein\n").env(&format!("{name}_FILE"), "secret");
    reported(&deploy(&project), "security.W003", true);
    reported(&deploy(&Project::new().env(name, "correct horse battery")), "security.W003", false);
    let project = Project::new().file(".env", &format!("{name}=change-me\n"));
    let ran = deploy(&project);
    assert!(ran.err.contains(".env, line 1): password is easy to guess"), "{}", ran.all());
}

/// All is well: only messages about the build may appear.
#[case]
fn a_good_deployment() {
    let url = format!("postgres://warehouse:{STRONG}@db.example.org/stock?sslmode=verify-full");
    let squawks = match cfg!(feature = "squawk") {
        true => ", \"prefer-bigint-over-int\", \"prefer-identity\", \"prefer-text-field\"",
        false => "",
    };
    let settings = format!(
        "[checks]\nsilenced = [\"deployment.W001\", \"manage.W001\"]\n\n\
         [migrations]\nlint_disable = [\"vacuuming-database\"{squawks}]\n"
    );
    let project = Project::new()
        .file("manage.toml", &settings)
        .env("DATABASE_URL", &url)
        .env("MANAGE_ENV", "production")
        .env("MANAGE_SERVER_ALLOWED_HOSTS", "shop.example.org");
    let ran = project.run("check --deploy --fail-level DEBUG");
    assert_eq!(ran.exit.0, 0, "{}", ran.all());
    let insecure = project.env("DATABASE_URL_OTHER", &format!("postgres://u:{STRONG}@db/a"));
    let ran = insecure.run("check --deploy --fail-level WARNING");
    assert_eq!(ran.exit.0, 1, "{}", ran.all());
    reported(&ran, "security.W006", true);
}

#[case]
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
            reported(
                &deploy(&Project::new().env("MANAGE_RUNSERVER_ADDRESS", address)),
                "security.I002",
                expected,
            );
        }
    }
}

#[case]
fn which_hosts_runserver_answers_to() {
    if cfg!(feature = "runserver") {
        for (environment, hosts, expected) in [
            ("production", "", true),
            ("production", "*", true),
            ("production", ".example.org", false),
            ("staging", "", false),
        ] {
            let project = Project::new().env("MANAGE_ENV", environment);
            reported(&deploy(&project.env("MANAGE_SERVER_ALLOWED_HOSTS", hosts)), "security.W007", expected);
        }
    }
}

#[cfg(unix)]
#[case]
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
    reported(&ran, "security.W004", true);
    assert!(
        ran.err.contains("manage.toml: (security.W004)") && ran.err.contains("(mode 644)"),
        "{}",
        ran.all()
    );
    mode(&with.folder().join("manage.toml"), 0o600);
    reported(&deploy(&with), "security.W004", false);
    mode(&with.folder().join("manage.toml"), 0o644);
    mode(with.folder(), 0o700);
    reported(&deploy(&with), "security.W004", false);

    reported(
        &deploy(&project("[databases.default]\nurl = \"postgres://u@localhost/a\"\n")),
        "security.W004",
        false,
    );
    let named = project(
        "[databases.default]\nurl = \"postgres://u@localhost/a\"\npassword_file = \"secrets/database\"\n",
    );
    assert!(deploy(&named).err.contains("secrets/database: (security.W004)"), "{}", deploy(&named).all());
    mode(&named.folder().join("secrets"), 0o700);
    reported(&deploy(&named), "security.W004", false);
    let variable = project("")
        .env("DATABASE_PASSWORD_FILE", "secrets/database")
        .env("DATABASE_URL", "postgres://u@localhost/a");
    assert!(deploy(&variable).err.contains("DATABASE_PASSWORD_FILE"), "{}", deploy(&variable).all());
}

#[case(needs(Need::Program("git")))]
fn files_that_git_tracks() {
    let project = Project::new()
        .file("manage.toml", &format!("[databases.default]\nurl = \"postgres://u:{STRONG}@localhost/a\"\n"))
        .file(".env", &format!("DATABASE_PASSWORD={STRONG}\n"));
    let git = |words: &[&str]| {
        let done = Command::new("git").arg("-C").arg(project.folder()).args(words).output().expect("git");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    reported(&deploy(&project), "security.W005", false);
    git(&["init", "--quiet"]);
    reported(&deploy(&project), "security.W005", false);
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
    reported(&deploy(&project), "security.W005", false);
}

/// Neither the repository's settings, nor a variable, nor a file of that name makes git run another program.
#[cfg(unix)]
#[case(needs(Need::Program("git")))]
fn git_runs_no_other_program() {
    use crate::project::AS_PROGRAM;
    use std::os::unix::fs::PermissionsExt;

    let project = Project::new().file(".env", &format!("DATABASE_PASSWORD={STRONG}\n"));
    let folder = project.folder();
    let git = |words: &[&str]| {
        let done = Command::new("git").arg("-C").arg(folder).args(words).output().expect("git");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    let ran = folder.join("ran");
    let program = |name: &str| {
        let path = folder.join(name);
        std::fs::write(&path, format!("#!/bin/sh\necho {name} >> {}\nexit 1\n", ran.display()))
            .expect("a file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a mode");
        path.display().to_string()
    };
    git(&["init", "--quiet"]);
    git(&["add", "-f", ".env"]);
    for setting in [
        "core.fsmonitor",
        "core.pager",
        "pager.ls-files",
        "core.sshCommand",
        "core.gitProxy",
        "core.editor",
        "core.askPass",
        "diff.external",
        "credential.helper",
        "filter.evil.clean",
        "filter.evil.process",
    ] {
        git(&["config", setting, &program(&setting.replace('.', "-"))]);
    }
    std::fs::write(folder.join(".gitattributes"), "* filter=evil diff=evil\n").expect("a file");
    program(".git/hooks/post-index-change");
    let named = program("variable");
    let wrong = program("git");
    // It would: the tool that the test is about does run the monitor otherwise.
    let status = Command::new("git").arg("-C").arg(folder).args(["status", "--short"]).output().expect("git");
    assert!(ran.exists(), "{status:?}");
    std::fs::remove_file(&ran).expect("removed");
    let path = std::env::var("PATH").expect("a path");
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.env_clear().env(AS_PROGRAM, "1").current_dir(folder).args(["check", "--deploy"]);
    command.env("PATH", format!(".::{path}")).env("HOME", folder);
    for variable in ["GIT_EXTERNAL_DIFF", "GIT_PAGER", "GIT_SSH_COMMAND", "GIT_ASKPASS", "GIT_EDITOR"] {
        command.env(variable, &named);
    }
    command
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "core.fsmonitor")
        .env("GIT_CONFIG_VALUE_0", &named);
    command.env("GIT_CONFIG_PARAMETERS", format!("'core.fsmonitor={named}'")).env("GIT_EXEC_PATH", folder);
    command.env("GIT_DIR", "/nonexistent").env("GIT_TRACE", folder.join("trace"));
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains(".env: (security.W005)"), "{said}");
    assert!(!ran.exists(), "{}", std::fs::read_to_string(&ran).unwrap_or_default());
    assert!(!folder.join("trace").exists() && std::path::Path::new(&wrong).exists());
}

#[case(only_if(cfg!(feature = "sqlite")))]
fn sqlite_in_memory() {
    reported(&deploy(&Project::new().env("DATABASE_URL", ":memory:")), "deployment.W003", true);
    reported(&deploy(&Project::new().env("DATABASE_URL", "file:x.db?mode=memory")), "deployment.W003", true);
    reported(&deploy(&Project::new().env("DATABASE_URL", "sqlite:x.db")), "deployment.W003", false);
}
