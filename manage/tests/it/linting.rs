//! `migrate --lint`: what it reports of the tests' migrations, without a database.

use manage::Exit;
use manage_test_support::case;

use crate::project::Project;

fn project() -> Project {
    // The file does not exist and is not created.
    Project::new().env("DATABASE_URL", "sqlite:/nonexistent/x.db")
}

#[case]
fn it_lists_places_and_exits_with_1() {
    let ran = project().run("migrate --lint");
    assert_eq!((ran.exit, ran.err.as_str()), (Exit::FAILURE, ""), "{}", ran.all());
    assert!(ran.out.contains("/up.sql:1:1: "), "{}", ran.out);
    assert!(ran.out.contains("\n    Instead: "), "{}", ran.out);
    assert!(ran.out.lines().last().is_some_and(|line| line.starts_with("Linted ")), "{}", ran.out);
}

#[case]
fn programs_read_it() {
    let ran = project().run("migrate --lint --format json");
    assert_eq!((ran.exit, ran.err.as_str()), (Exit::FAILURE, ""), "{}", ran.all());
    let report: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(report["exit_code"], 1);
    let findings = report["findings"].as_array().expect("findings");
    assert!(findings.iter().all(|finding| finding["line"].as_u64() > Some(0)));
    let annotations = project().run("migrate --lint --format github");
    let (errors, notices): (Vec<&str>, Vec<&str>) =
        annotations.out.lines().partition(|line| line.starts_with("::error file="));
    assert!(notices.iter().all(|line| line.starts_with("::notice file=")), "{notices:?}");
    assert_eq!(errors.len() + notices.len(), findings.len());
}

#[case]
fn old_migrations_are_left_out() {
    let ran = project().env("MANAGE_MIGRATIONS_LINT_START_AFTER", "99991231000000").run("migrate --lint");
    assert_eq!((ran.exit, ran.err.as_str()), (Exit::SUCCESS, ""), "{}", ran.all());
    assert!(ran.out.starts_with("Linted no migrations: no findings ("), "{}", ran.out);
    let ran =
        project().file("manage.toml", "[migrations]\nlint_start_after = \"latest\"\n").run("migrate --lint");
    assert_eq!(ran.exit, Exit::CONFIGURATION, "{}", ran.all());
    assert!(ran.err.contains("line 2: lint_start_after must be the version"), "{}", ran.err);
    let ran =
        project().env("MANAGE_MIGRATIONS_LINT_DISABLE", "missing-dwon,missing-down").run("migrate --lint");
    assert_eq!(ran.err, "Warning: lint_disable names 'missing-dwon', which is no rule.\n", "{}", ran.all());
    let ran = project().env("MANAGE_MIGRATIONS_LINT_DISABLE", "Two Words").run("migrate --lint");
    assert!(ran.exit == Exit::CONFIGURATION && !ran.err.contains("Two Words"), "{}", ran.all());
}

#[case]
fn usage_and_a_schema_that_cannot_be_read() {
    for (line, exit, words) in [
        ("migrate --lint zero", Exit::USAGE, "cannot be used with"),
        ("migrate --format json", Exit::USAGE, "--lint"),
        ("migrate --lint --previous-schema nowhere.rs", Exit::FAILURE, "nowhere.rs cannot be read"),
    ] {
        let ran = project().run(line);
        assert!(ran.exit == exit && ran.err.contains(words), "{line}: {}", ran.all());
    }
    let broken = project().file("s.rs", "table! {").run("migrate --lint --previous-schema s.rs");
    assert!(
        broken.exit == Exit::FAILURE && broken.err.contains("s.rs cannot be read: line 1"),
        "{}",
        broken.all()
    );
}
