//! System checks.

use manage::Exit;
use manage::checks::Message;
use manage::prelude::*;
use manage_test_servers::Suite;

use crate::project::Project;

pub(crate) fn add(suite: &mut Suite) {
    suite.test("checks::no_issues", no_issues);
    suite.test(
        "checks::a_broken_setting_stops_commands_but_not_help",
        a_broken_setting_stops_commands_but_not_help,
    );
    suite.test("checks::an_app_has_checks_of_its_own", an_app_has_checks_of_its_own);
    suite.test("checks::a_check_can_be_silenced", a_check_can_be_silenced);
    if cfg!(feature = "postgres") {
        suite.test("checks::a_database_only_when_asked", a_database_only_when_asked);
    }
}

/// Finds something when the project's settings ask for it.
#[manage::check]
fn oven(cx: &Context) -> Vec<Message> {
    let Ok(settings) = cx.settings() else { return Vec::new() };
    match settings.app::<std::collections::BTreeMap<String, bool>>("it").unwrap_or_default().get("hot") {
        Some(true) => {
            vec![Message::warning("it.W001", "The oven is hot.").about("oven").hint("Wear gloves.")]
        }
        Some(false) => vec![Message::error("it.E001", "The oven is cold.").about("oven")],
        None => Vec::new(),
    }
}

fn no_issues() {
    let ran = Project::with(manage::Program::new(&["it", "twins"]))
        .file("manage.toml", "[checks]\nsilenced = [\"manage.E003\"]\n")
        .run("check");
    assert_eq!(ran.out, "System check identified no issues (1 silenced).\n", "{}", ran.all());
}

fn a_broken_setting_stops_commands_but_not_help() {
    let project = Project::new().env("DATABASE_URL", "oracle://db");
    for line in ["help", "version", "greet --help", "own_options", "greet you --skip-checks"] {
        let ran = project.run(line);
        assert_eq!(ran.exit, Exit(0), "{line}\n{}", ran.all());
    }
    let ran = project.run("greet you");
    assert_eq!(ran.exit, Exit(1), "{}", ran.all());
    assert!(ran.err.contains("settings: (manage.E001) DATABASE_URL (environment):"), "{}", ran.err);
    assert_eq!(ran.out, "", "it did not run");
}

fn an_app_has_checks_of_its_own() {
    let project = Project::new().file("manage.toml", "[apps.it]\nhot = true\n");
    let ran = project.run("greet you");
    assert_eq!(ran.out, "Hello, you!\n", "a warning stops nothing");
    assert!(
        ran.err.contains("WARNINGS:\noven: (it.W001) The oven is hot.\n\tHINT: Wear gloves."),
        "{}",
        ran.err
    );
    let project = Project::new().file("manage.toml", "[apps.it]\nhot = false\n");
    let ran = project.run("greet you");
    assert_eq!((ran.exit, ran.out.as_str()), (Exit(1), ""), "{}", ran.err);
    assert!(ran.err.contains("ERRORS:\noven: (it.E001) The oven is cold."), "{}", ran.err);
}

fn a_check_can_be_silenced() {
    let project = Project::new()
        .file("manage.toml", "[apps.it]\nhot = false\n[checks]\nsilenced = [\"it.E001\", \"manage.W001\"]\n");
    assert_eq!(project.run("greet you").out, "Hello, you!\n");
    assert_eq!(project.run("check").out, "System check identified no issues (2 silenced).\n");
}

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
    let ran = project.run("check --database nope");
    assert!(ran.err.contains("(manage.E004) There is no database 'nope' in the settings."), "{}", ran.err);
}
