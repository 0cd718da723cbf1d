//! `migrate --lint` with Squawk's rules for PostgreSQL.

use manage::__private::{MigrationsRegistration, Part};
use manage::{Exit, Program};
use manage_test_support::case;

use crate::linting_marks::places;
use crate::migration_files::app;
use crate::project::Project;

// An app with a migration in files: what `manage::migrations!` writes.
manage::__private::inventory::submit! {
    MigrationsRegistration::new(
        &[Part::Folder(
            None,
            "tests/it/migrations/squawked",
            manage::__private::embedded_migrations!(manage "tests/it/migrations/squawked"),
        )],
        ("squawked", file!(), 1),
        env!("CARGO_MANIFEST_DIR"),
    )
}

app!(
    "squawked_alone",
    // `migrate` opens a transaction for it, which Squawk does not know.
    ("2026-03-01-000000_a", "CREATE INDEX CONCURRENTLY i ON a (b);", Some("DROP INDEX i;"), true)
);
app!(
    "squawked_unread",
    // What Squawk cannot parse is checked by our rules.
    (
        "2026-03-01-000000_a",
        "CREATE INDEX i ON a (b);\nALTER TABLE a FROBNICATE b;",
        Some("DROP INDEX i;"),
        true
    )
);

fn project(app: &'static str, url: &str) -> Project {
    let apps: &'static [&'static str] = Box::leak(Box::new([app]));
    Project::with(Program::new(apps)).env("DATABASE_URL", url)
}

const POSTGRES: &str = "postgres://nobody@nowhere.invalid/x";

#[case]
fn squawk_reads_a_file() {
    let project = project("squawked", POSTGRES);
    let ran = project.run("migrate --lint --format json");
    assert_eq!((ran.exit, ran.err.as_str()), (Exit::FAILURE, ""), "{}", ran.all());
    let expected = [
        ("ban-drop-not-null", 4),
        // A rule that only Squawk has.
        ("prefer-bigint-over-int", 6),
        ("prefer-timestamp-tz", 8),
        // A rule of ours, which knows the running version.
        ("ban-drop-column", 9),
    ];
    assert_eq!(places(&ran), expected.map(|(rule, line)| (rule.to_owned(), line)), "{}", ran.all());
    let text = project.run("migrate --lint");
    assert!(
        text.out.contains("/squawked/2026-03-01-000000_orders/up.sql:6:37: prefer-bigint-over-int\n"),
        "{}",
        text.out
    );
    assert!(text.out.ends_with("Linted 1 migration: 4 findings.\n"), "{}", text.out);
}

#[case]
fn rules_of_squawk_are_turned_off() {
    let settings = "[migrations]\nlint_disable = [\"prefer-bigint-over-int\", \"prefer-timestamp-tz\"]\n";
    let project = project("squawked", POSTGRES).file("manage.toml", settings);
    let ran = project.run("migrate --lint --format json");
    // Both names are known.
    assert_eq!((ran.exit, ran.err.as_str()), (Exit::FAILURE, ""), "{}", ran.all());
    let expected = [("ban-drop-not-null", 4), ("ban-drop-column", 9)];
    assert_eq!(places(&ran), expected.map(|(rule, line)| (rule.to_owned(), line)), "{}", ran.all());
}

/// Squawk is for PostgreSQL.
#[case]
fn other_backends_have_only_our_rules() {
    let ran = project("squawked", "sqlite::memory:").run("migrate --lint --format json");
    let rules: Vec<String> = places(&ran).into_iter().map(|(rule, _)| rule).collect();
    assert!(rules.contains(&"ban-drop-column".to_owned()), "{}", ran.all());
    assert!(!rules.iter().any(|rule| rule.starts_with("prefer-")), "{}", ran.all());
}

#[case]
fn our_rules_remain_where_squawk_has_none() {
    let ran = project("squawked_alone", POSTGRES).run("migrate --lint --format json");
    let expected = [("ban-concurrent-index-creation-in-transaction".to_owned(), 1)];
    assert_eq!(places(&ran), expected, "{}", ran.all());
    let ran = project("squawked_unread", POSTGRES).run("migrate --lint --format json");
    let expected = [("require-concurrent-index-creation", 1), ("unread-statement", 2)]
        .map(|(rule, line)| (rule.to_owned(), line));
    assert_eq!(places(&ran), expected, "{}", ran.all());
}
