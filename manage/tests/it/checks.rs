//! System checks: their messages, levels, and which stop a command.

use manage::Exit;
use manage_test_support::{case, only_if};

use crate::project::Project;

/// A project whose kitchen is so.
pub(crate) fn kitchen(settings: &str) -> Project {
    Project::new()
        .file("manage.toml", &format!("[apps.it]\n{settings}\n[checks]\nsilenced = [\"manage.W001\"]\n"))
}

#[case]
fn no_issues() {
    let ran = Project::with(manage::Program::new(&["it", "twins", "shop"]))
        .file("manage.toml", "[checks]\nsilenced = [\"manage.E003\"]\n")
        .run("check");
    assert_eq!(ran.out, "System check identified no issues (1 silenced).\n", "{}", ran.all());
}

#[case]
fn a_broken_setting_stops_commands_but_not_help() {
    let project = Project::new().env("DATABASE_URL", "oracle://db");
    for line in ["help", "version", "greet --help", "own_options", "greet you --skip-checks"] {
        let ran = project.run(line);
        assert_eq!(ran.exit, Exit(0), "{line}\n{}", ran.all());
    }
    let ran = project.run("greet you");
    assert_eq!(ran.exit, Exit(78), "{}", ran.all());
    assert!(ran.err.starts_with("Error: DATABASE_URL (environment): "), "{}", ran.err);
    assert_eq!(ran.out, "", "it did not run");
}

#[case]
fn variables_of_apps_are_checked() {
    // No file names the app.
    let ran = Project::new().env("MANAGE_APPS__IT__HOT", "off").run("check");
    assert!(ran.err.contains("oven: (it.E001) The oven is cold."), "{}", ran.all());
    assert!(!ran.err.contains("manage.W002") && !ran.err.contains("manage.W003"), "{}", ran.all());
    let ran = kitchen("hot = false").env("MANAGE_APPS__IT__HOT", "true").run("check");
    assert!(ran.err.contains("it.W001") && !ran.err.contains("it.E001"), "{}", ran.all());
    let ran = Project::new().file(".env", "MANAGE_APPS__ITT__HOT=off\nMANAGE_APPS_IT_HOT=off\n").run("check");
    let label =
        ".env, line 1) is not read: no app has the label 'itt'.\n\tHINT: Did you mean MANAGE_APPS__IT__HOT?";
    assert!(ran.err.contains(label), "{}", ran.all());
    let form = ".env, line 2) is not read.\n\tHINT: Did you mean MANAGE_APPS__IT__HOT?";
    assert!(ran.err.contains(form) && ran.err.matches("manage.W002").count() == 2, "{}", ran.all());
}

#[case]
fn an_app_has_checks_of_its_own() {
    let ran = kitchen("hot = true").run("greet you");
    assert_eq!(ran.out, "Hello, you!\n", "a warning stops nothing");
    assert!(
        ran.err.contains("WARNINGS:\noven: (it.W001) The oven is hot.\n\tHINT: Wear gloves."),
        "{}",
        ran.err
    );
    let ran = kitchen("hot = false").run("greet you");
    assert_eq!((ran.exit, ran.out.as_str()), (Exit(1), ""), "{}", ran.err);
    assert!(ran.err.contains("ERRORS:\noven: (it.E001) The oven is cold."), "{}", ran.err);
}

#[case]
fn a_check_can_be_silenced() {
    let project = Project::new()
        .file("manage.toml", "[apps.it]\nhot = false\n[checks]\nsilenced = [\"it.E001\", \"manage.W001\"]\n");
    assert_eq!(project.run("greet you").out, "Hello, you!\n");
    assert_eq!(project.run("check").out, "System check identified no issues (3 silenced).\n");
}

/// The texts are what Django 5.2 prints for checks that return the same.
#[case]
fn the_report_is_djangos() {
    let ran = kitchen("levels = \"DWwEC\"").run("check --tag kitchen");
    assert_eq!(
        ran.err,
        "SystemCheckError: System check identified some issues:\n\n\
         CRITICALS:\n?: (it.C002) A critical.\n\n\
         ERRORS:\noven: (it.E002) An error.\n\tHINT: Fix it.\n\n\
         WARNINGS:\n?: (it.W003) Another warning.\noven: (it.W002) A warning.\n\n\
         DEBUGS:\n?: (it.D002) A debug.\n\n\
         System check identified 5 issues (0 silenced).\n"
    );
    assert_eq!((ran.out.as_str(), ran.exit), ("", Exit(1)));
    // A debug alone is an issue, too, and is reported on stderr.
    for (letter, text) in
        [("D", "DEBUGS:\n?: (it.D002) A debug."), ("I", "INFOS:\n?: (it.I002) An info.\n\tHINT: Do it.")]
    {
        let ran = kitchen(&format!("levels = \"{letter}\"")).run("check --tag kitchen");
        let expected = format!(
            "System check identified some issues:\n\n{text}\n\nSystem check identified 1 issue (0 silenced).\n"
        );
        assert_eq!((ran.err, ran.out.as_str(), ran.exit), (expected, "", Exit(0)));
    }
}

#[case]
fn colors_are_djangos() {
    let ran = kitchen("levels = \"EWD\"").run("check --tag kitchen --force-color");
    let [headline, error, warning, debug] = [
        "SystemCheckError: System check identified some issues:\u{1b}[0m\n\nERRORS:\n\u{1b}[",
        "moven: (it.E002) An error.\n\tHINT: Fix it.\u{1b}[0m\n\nWARNINGS:\n",
        "moven: (it.W002) A warning.\u{1b}[0m",
        "m?: (it.D002) A debug.\u{1b}[0m",
    ];
    for part in [headline, error, warning, debug] {
        assert!(ran.err.contains(part), "{part:?}\n{:?}", ran.err);
    }
    // Infos and debugs have the warnings' colour.
    let color = |text: &str| {
        let end = ran.err.find(text).expect("the message");
        ran.err[..end].rsplit('\u{1b}').next().expect("its colour").to_owned()
    };
    assert_eq!(color("oven: (it.W002)"), color("?: (it.D002)"));
    assert_ne!(color("oven: (it.W002)"), color("oven: (it.E002)"));
}

#[case]
fn the_level_that_fails_is_chosen() {
    for (levels, fail_level, code) in [
        ("C", "CRITICAL", 1),
        ("E", "CRITICAL", 0),
        ("E", "ERROR", 1),
        ("W", "ERROR", 0),
        ("W", "WARNING", 1),
        ("W", "warning", 1),
        ("I", "WARNING", 0),
        ("I", "INFO", 1),
        ("D", "INFO", 0),
        ("D", "DEBUG", 1),
        ("", "DEBUG", 0),
        ("W", "SOON", 2),
    ] {
        let ran = kitchen(&format!("levels = \"{levels}\""))
            .run(&format!("check --tag levels --fail-level {fail_level}"));
        assert_eq!(ran.exit, Exit(code), "{levels} {fail_level}\n{}", ran.all());
        assert_eq!(ran.err.starts_with("SystemCheckError: "), code == 1, "{}", ran.all());
    }
    // A silenced message fails nothing.
    let project =
        Project::new().file("manage.toml", "[apps.it]\nlevels = \"C\"\n[checks]\nsilenced = [\"it.C002\"]\n");
    let ran = project.run("check -t levels --fail-level DEBUG");
    assert_eq!((ran.out.as_str(), ran.exit), ("System check identified no issues (1 silenced).\n", Exit(0)));
}

#[case]
fn before_a_command_there_is_no_count() {
    let ran = kitchen("levels = \"W\"").run("greet you");
    assert_eq!(ran.err, "System check identified some issues:\n\nWARNINGS:\noven: (it.W002) A warning.\n");
    let ran = kitchen("levels = \"EI\"").run("greet you");
    assert_eq!(
        ran.err,
        "SystemCheckError: System check identified some issues:\n\nERRORS:\noven: (it.E002) An error.\n\tHINT: Fix it.\n\n\
         INFOS:\n?: (it.I002) An info.\n\tHINT: Do it.\n"
    );
    assert_eq!((ran.out.as_str(), ran.exit), ("", Exit(1)));
}

#[case]
fn a_command_chooses_the_checks_before_it() {
    assert_eq!(
        kitchen("hot = false").run("cooks").all(),
        "cooked\n--- stderr\n--- exit 0",
        "another check's matter"
    );
    let ran = kitchen("levels = \"E\"").run("cooks");
    assert!(ran.exit == Exit(1) && ran.err.contains("(it.E002)"), "{}", ran.all());
    assert_eq!(kitchen("levels = \"E\"").run("cooks --skip-checks").out, "cooked\n");
    // Those for deployments do not run before a command, whatever it requires.
    assert_eq!(kitchen("deployed = true").run("greet you").err, "");
}

#[case]
fn a_panic_is_reported_as_a_message() {
    let project = kitchen("panics = true\nlevels = \"I\"");
    let ran = project.run("check");
    assert_eq!(ran.exit, Exit(1), "{}", ran.all());
    assert!(
        ran.err.contains("kitchen.rs:")
            && ran.err.contains("(manage.E009) The check 'falls' panicked: the pan fell"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("(it.I002)"), "the other checks run: {}", ran.err);
    let ran = project.run("greet you");
    assert!(ran.exit == Exit(1) && ran.out.is_empty() && ran.err.contains("the pan fell"), "{}", ran.all());
}

#[case]
fn an_id_without_form_is_reported() {
    let project = kitchen("formless = true");
    let ran = project.run("check");
    let reported =
        ran.err.matches("(manage.W007) The check 'formless' uses the malformed message id 'W1'").count();
    assert_eq!((reported, ran.exit), (1, Exit(0)), "{}", ran.all());
    assert!(ran.err.contains("three digits: it.W001."), "{}", ran.err);
    assert!(!project.run("greet you").err.contains("manage.W007"), "that is for `check`");
}

#[case]
fn json() {
    let report = |settings: &str, line: &str| {
        let ran = kitchen(settings).run(line);
        assert_eq!(ran.err, "", "all of it goes to stdout");
        let report: serde_json::Value = serde_json::from_str(&ran.out).expect("one JSON object");
        assert_eq!(report["exit_code"], ran.exit.0);
        report
    };
    let found = report("levels = \"IE\"", "check --tag kitchen --format json");
    let message = |i: usize, key: &str| found["messages"][i][key].clone();
    assert_eq!((message(0, "level"), message(0, "id")), ("error".into(), "it.E002".into()));
    assert_eq!((message(0, "message"), message(0, "hint")), ("An error.".into(), "Fix it.".into()));
    assert_eq!((message(0, "object"), message(1, "object")), ("oven".into(), serde_json::Value::Null));
    assert_eq!((&found["exit_code"], &found["silenced"]), (&1.into(), &0.into()));
    let none = report("", "check --format json");
    assert_eq!((none["messages"].as_array().map(Vec::len), &none["silenced"]), (Some(0), &2.into()));
    assert_eq!(report_tags("check --list-tags --format json")["tags"][0], "commands");
}

fn report_tags(line: &str) -> serde_json::Value {
    serde_json::from_str(&kitchen("").run(line).out).expect("JSON")
}

#[case(only_if(cfg!(feature = "postgres")))]
fn a_database_only_when_asked() {
    // Nothing listens at port 1.
    let project = Project::new().env("DATABASE_URL", "postgres://app:x@127.0.0.1:1/blog");
    assert_eq!(project.run("check").exit, Exit(0));
    let ran = project.run("check --database default");
    assert_eq!(ran.exit, Exit(1), "{}", ran.all());
    assert!(
        ran.err.contains("database default: (manage.E005) PostgreSQL at 127.0.0.1:1/blog as app"),
        "{}",
        ran.err
    );
    // As in Django, another tag leaves the database alone.
    assert_eq!(project.run("check --database default --tag settings").exit, Exit(0));
    assert_eq!(project.run("check --database default --tag database").exit, Exit(1));
    assert_eq!(project.run("check --tag database").out, "System check identified no issues (0 silenced).\n");
}

#[case(only_if(cfg!(feature = "sqlite")))]
fn an_app_looks_into_a_database() {
    let project = kitchen("").file("db.sqlite3", "").file("pantry.db", "");
    let url = |name: &str| format!("sqlite:{}", project.folder().join(name).display());
    let (default, pantry) = (url("db.sqlite3"), url("pantry.db"));
    let project = project.env("DATABASE_URL", &default).env("DATABASE_URL_PANTRY", &pantry);
    assert!(!project.run("check").all().contains("flour"));
    let ran = project.run("check --database pantry --database default");
    assert!(ran.err.contains("database pantry: (it.I003) There is no flour."), "{}", ran.all());
    assert!(ran.err.contains("database default: (it.I003) There is no flour."), "{}", ran.all());
    assert!(project.run("check --list-tags").out.contains("pantry"));
}
