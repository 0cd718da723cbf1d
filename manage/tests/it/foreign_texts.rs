//! Texts from elsewhere in what a person reads: none moves the cursor, changes a colour or the order of a
//! line, or forges a line.

use std::path::Path;

use manage_test_support::{Program as Process, case};

use crate::isolating::PATIENCE;
use crate::project::{AS_PROGRAM, Project, Ran};

/// An escape sequence, one of C1, a bidirectional override, a carriage return, and a line of its own.
const HOSTILE: &str = "x\u{1b}[31my\u{9b}2J\u{202e}z\rq\nFORGED";

#[track_caller]
fn harmless(text: &str, what: &str) {
    let is_unsafe =
        |c: char| (c.is_control() && !"\n\t".contains(c)) || ('\u{202a}'..='\u{202e}').contains(&c);
    assert!(!text.contains(is_unsafe), "{what}: {}", text.escape_debug());
    assert!(!text.lines().any(|line| line.trim_start().starts_with("FORGED")), "{what}: {text}");
}

/// What is said about the hostile text, which must be shown.
#[track_caller]
fn shown(ran: &Ran, what: &str) {
    let all = ran.all();
    harmless(&all, what);
    assert!(all.contains("FORGED"), "{what} is not shown: {all}");
}

#[case]
fn words_of_the_command_line() {
    let project = Project::new();
    let option = format!("--{HOSTILE}");
    let below_nothing = format!("/dev/null/{HOSTILE}");
    for words in [
        &[HOSTILE][..],
        &["help", HOSTILE],
        &["help", "migrate", HOSTILE],
        &["cache", HOSTILE],
        &["migrate", &option],
        &[&option, "migrate"],
        &["migrate", HOSTILE],
        &["migrate", "-v", HOSTILE],
        &["migrate", "--lock-timeout", HOSTILE],
        &["showmigrations", HOSTILE],
        &["sqlmigrate", HOSTILE],
        &["sqlmigrate", HOSTILE, "x"],
        &["show_urls", HOSTILE],
        &["check", HOSTILE],
        &["check", "--tag", HOSTILE],
        &["check", "--format", HOSTILE],
        &["check", "--settings", HOSTILE],
        &["help", "--output", &below_nothing],
        &["startcommand", "x", "--app", HOSTILE],
        &["completion", HOSTILE],
    ] {
        shown(&project.run_words(words), &format!("{words:?}"));
    }
    if cfg!(feature = "schema") {
        for words in [
            &["inspectdb", HOSTILE][..],
            &["inspectdb", "-e", HOSTILE],
            &["inspectdb", "--schema-key", HOSTILE],
            &["makemigrations", HOSTILE],
            &["squashmigrations", HOSTILE, "x"],
            &["makemigrations", "--default", HOSTILE],
        ] {
            shown(&project.run_words(words), &format!("{words:?}"));
        }
    }
    if cfg!(feature = "runserver") {
        shown(&project.run_words(&["runserver", HOSTILE]), "runserver");
        shown(&project.run_words(&["serve", HOSTILE]), "serve");
    }
    // Which of these is shown depends on what it looks like.
    for words in [
        &["wait_for_db", "--for", HOSTILE, "--timeout", "1"][..],
        &["wait_for_db", "--for", &format!("http://{HOSTILE}"), "--timeout", "1"],
        &["wait_for_db", "--database", HOSTILE],
        &["migrate", "--database", HOSTILE],
        &["check", "--database", HOSTILE],
        &["hold", "0", "--isolated-key", HOSTILE],
        #[cfg(feature = "startapp")]
        &["startapp", HOSTILE],
        &["startcommand", HOSTILE],
    ] {
        harmless(&project.run_words(words).all(), &format!("{words:?}"));
    }
}

#[case]
fn environment_variables() {
    let below_nothing = format!("/dev/null/{HOSTILE}");
    for (name, value) in [
        ("MANAGE_ENV", HOSTILE),
        ("MANAGE_COLORS", HOSTILE),
        ("DATABASE_URL", HOSTILE),
        ("DATABASE_URL", &format!("sqlite:{below_nothing}")),
        ("DATABASE_URL", &format!("postgres://h/{HOSTILE}")),
        ("DATABASE_URL_FILE", &below_nothing),
        ("MANAGE_SETTINGS", &below_nothing),
        ("MANAGE_RUNSERVER_ADDRESS", HOSTILE),
        (&format!("DATABASE_URL_{HOSTILE}"), "sqlite:x"),
        (&format!("MANAGE_{HOSTILE}"), "1"),
        (&format!("DATABASE_{HOSTILE}"), "1"),
    ] {
        let project = Project::new().env(name, value);
        for line in ["check", "check --deploy", "migrate --plan", "wait_for_db --timeout 1"] {
            harmless(&project.run(line).all(), &format!("{line} with {name}={value:?}"));
        }
    }
    for name in ["POSTGRES_HOST", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PORT"] {
        let values = [("POSTGRES_HOST", "127.0.0.1"), ("POSTGRES_PORT", "1"), ("POSTGRES_DB", "a")];
        let project = values.iter().fold(Project::new(), |project, (name, value)| project.env(name, value));
        let project = project.env(name, HOSTILE);
        for line in ["check --database default", "migrate --plan", "wait_for_db --timeout 1"] {
            harmless(&project.run(line).all(), &format!("{line} with {name}"));
        }
    }
    let ran = Project::new().env("MANAGE_ENV", HOSTILE).run("check");
    shown(&ran, "MANAGE_ENV");
}

#[case]
fn keys_and_values_of_the_settings_file() {
    let text = r#""x\u001b[31my\u009b2J\u202ez\rq\nFORGED""#;
    for file in [
        format!("{text} = 1"),
        format!("[databases.default]\n{text} = 1"),
        format!("[databases.{text}]\nurl = 'sqlite:/nonexistent/x.db'"),
        format!("[databases.{text}]\nurl = 'foo:/nonexistent/x.db'"),
        format!("[databases.{text}]\nbackend = 'postgres'\nhost = 'h'\nname = 'x'\npassword = 'secret'"),
        format!("[databases.default]\nbackend = 'sqlite'\nname = {text}"),
        format!("[databases.default]\nbackend = 'postgres'\nhost = {text}\nname = 'x'"),
        format!("[databases.default]\nurl = 'postgres://h/x'\nsslrootcert = {text}"),
        format!("[apps.{text}]\nx = 1"),
        format!("[apps.{text}]\npassword = 'secret'"),
        format!("environment = {text}"),
        format!("[checks]\nsilenced = [{text}]"),
        format!("[runserver]\naddress = {text}"),
        "[databases.\"\u{1b}[31m\"]".to_owned(),
        format!("a = {HOSTILE}"),
    ] {
        let project = Project::new().file("manage.toml", &file);
        for line in ["check", "check --deploy", "migrate --plan", "wait_for_db --timeout 1", "showmigrations"]
        {
            harmless(&project.run(line).all(), &format!("{line} with {file}"));
        }
        let json = project.run("check --format json");
        let value: Result<serde_json::Value, _> = serde_json::from_str(&json.out);
        assert!(
            value.is_ok() && !json.out.trim_end().contains(['\n', '\u{1b}', '\u{202e}']),
            "{}",
            json.all()
        );
    }
    let file = format!("[apps.{text}]\nx = 1");
    shown(&Project::new().file("manage.toml", &file).run("check"), "a label");
}

#[case]
fn an_env_file() {
    for file in [
        "\u{1b}[31m=x\nDATABASE_URL=${\u{1b}[31mfoo}",
        "DATABASE_URL_\u{202e}X=sqlite:x",
        "MANAGE_\u{9b}ENV=x",
    ] {
        let project = Project::new().file(".env", file);
        for line in ["check", "migrate --plan", "wait_for_db --timeout 1"] {
            harmless(&project.run(line).all(), &format!("{line} with {file:?}"));
        }
    }
}

#[case]
fn the_names_of_directories() {
    let project = Project::new();
    let inside = |name: &str| format!("{HOSTILE}/{name}");
    std::fs::create_dir_all(project.folder().join(HOSTILE)).expect("a directory");
    for (name, text) in [("manage.toml", "x = 1"), ("manage.toml", "[databases"), (".env", "MANAGE_ENV='")] {
        std::fs::write(project.folder().join(inside(name)), text).expect("a file");
        for line in ["check", "migrate --plan", "wait_for_db --timeout 1"] {
            shown(&project.run_in(HOSTILE, line), &format!("{line} with {name}"));
        }
        std::fs::remove_file(project.folder().join(inside(name))).expect("removed");
    }
    for line in ["migrate", "wait_for_db", "check --deploy", "showmigrations", "check --database default"] {
        harmless(&project.run_in(HOSTILE, line).all(), line);
    }
    // The notice of the built-in database names its file, and a lock's error the lock. A migrated database
    // would need no lock.
    let folder = project.folder().join(HOSTILE);
    std::fs::remove_file(folder.join("db.sqlite3")).expect("the database of `migrate`");
    std::fs::create_dir(folder.join("db.sqlite3-migrate.lock")).expect("a directory");
    for (line, code) in [("migrate --plan", 0), ("migrate", 1), ("wait_for_db", 0)] {
        let this = std::env::current_exe().expect("this program");
        let process = Process::new(this).env(AS_PROGRAM, "1").cwd(&folder);
        let ran = process.args(line.split_whitespace()).run(PATIENCE).expect_code(code);
        harmless(&ran.stderr, line);
        assert!(ran.stderr.contains("nFORGED/db.sqlite3"), "{ran}");
    }
}

#[case]
fn the_programs_own_name() {
    let folder = tempfile::tempdir().expect("a directory");
    let link = folder.path().join(format!("{HOSTILE}-manage"));
    std::os::unix::fs::symlink(std::env::current_exe().expect("this program"), &link).expect("a link");
    for line in ["", "help", "nothing_such", "migrate --nothing", "migrate nothing"] {
        let process = Process::new(Path::new(&link)).env(AS_PROGRAM, "1").cwd(folder.path());
        let ran = process.args(line.split_whitespace()).run(PATIENCE);
        harmless(&format!("{}{}", ran.stdout, ran.stderr), line);
    }
}

/// Programs read the values themselves.
#[case]
fn json_keeps_its_values() {
    let project = Project::new().env("DATABASE_URL", "sqlite:/nonexistent/a%1Bb%E2%80%AE.db");
    let ran = project.run("wait_for_db --timeout 1 --format json");
    for line in ran.out.lines() {
        let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert!(value["event"].is_string(), "{line}");
        assert!(!line.contains(['\u{1b}', '\u{202e}']), "{line}");
    }
    assert!(!ran.out.is_empty(), "{}", ran.all());
}
