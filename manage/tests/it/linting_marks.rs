//! `migrate --lint`: a missing `down.sql`, and the marks that allow a finding, in each output format.

use manage::{Exit, Program};
use manage_test_support::case;

use crate::migration_files::app;
use crate::project::{Project, Ran};

app!(
    "lint_marks",
    (
        "2026-01-01-000000_a",
        "-- manage: allow ban-drop-column because no release reads it\n\
         ALTER TABLE a DROP COLUMN b;\n\
         -- manage: allow ban-drop-table because it is kept\n\
         SELECT 1;\n\
         -- manage: allow ban-drop-table\n\
         DROP TABLE c;\n\
         -- manage: allow ban-drop-tables because of a typing error\n\
         SELECT 2;\n",
        None,
        true
    )
);
app!(
    "lint_down",
    // No file, a file with a comment only, and one with a statement.
    ("2026-01-01-000000_none", "INSERT INTO a VALUES (1);", None, true),
    ("2026-01-02-000000_comment", "INSERT INTO a VALUES (1);", Some("-- Nothing to do.\n"), true),
    ("2026-01-03-000000_statement", "INSERT INTO a VALUES (1);", Some("DELETE FROM a WHERE b = 1;"), true),
);
app!(
    "lint_down_allowed",
    (
        "2026-01-01-000000_up",
        "INSERT INTO a VALUES (1);\n-- manage: allow missing-down because the row does no harm",
        None,
        true
    ),
    (
        "2026-01-02-000000_down",
        "INSERT INTO a VALUES (1);",
        Some("-- manage: allow missing-down because the row does no harm\n"),
        true
    ),
    (
        "2026-01-03-000000_up_of_two",
        "-- manage: allow missing-down because the row does no harm\nINSERT INTO a VALUES (1);",
        Some("-- Nothing to do.\n"),
        true
    ),
);
app!(
    "lint_down_unused",
    (
        "2026-01-01-000000_up",
        "-- manage: allow missing-down because the row does no harm\nINSERT INTO a VALUES (1);",
        Some("DELETE FROM a WHERE b = 1;"),
        true
    ),
    (
        "2026-01-02-000000_down",
        "INSERT INTO a VALUES (1);",
        Some("DELETE FROM a WHERE b = 1;\n-- manage: allow missing-down because the row does no harm\n"),
        true
    ),
    (
        "2026-01-03-000000_no_reason",
        "INSERT INTO a VALUES (1);",
        Some("-- manage: allow missing-down\n"),
        true
    ),
);

fn project(app: &'static str) -> Project {
    let apps: &'static [&'static str] = Box::leak(Box::new([app]));
    // The file does not exist and is not created.
    Project::with(Program::new(apps)).env("DATABASE_URL", "sqlite:/nonexistent/x.db")
}

/// The rules and lines of the findings, in order.
pub(crate) fn places(ran: &Ran) -> Vec<(String, u64)> {
    let report: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    let findings = report["findings"].as_array().expect("findings").iter();
    let place = |finding: &serde_json::Value| {
        (finding["rule"].as_str().expect("a rule").to_owned(), finding["line"].as_u64().expect("a line"))
    };
    findings.map(place).collect()
}

const UP: &str = "lint_marks/migrations/2026-01-01-000000_a/up.sql";

#[case]
fn marks_as_text() {
    let ran = project("lint_marks").run("migrate --lint");
    assert_eq!((ran.exit, ran.err.as_str()), (Exit::FAILURE, ""), "{}", ran.all());
    let expected = format!(
        "{UP}:1:1: missing-down
    The migration cannot be reverted: it has no down.sql, or one without a statement.
    Instead: Write the down.sql, or mark the migration with the reason.
{UP}:3:4: unused-mark (ban-drop-table)
    This mark does nothing: there is no such finding here.
    Instead: Remove it, so that it does not hide a later finding.
{UP}:5:4: mark-without-reason
    This mark gives no reason.
    Instead: Write `-- manage: allow RULE because REASON`.
{UP}:6:1: ban-drop-table (c)
    The running version may still use the table, and its data is lost.
    Instead: Remove it from schema.rs, release that, and drop it in a later release.
{UP}:7:4: unknown-rule (ban-drop-tables)
    There is no rule of this name.
    Instead: Use a name of the list in https://github.com/diesel-manage/diesel-manage/blob/main/docs/guide/migration-lint.md. Squawk's other rules exist only with the feature `squawk`.
Linted 1 migration: 5 findings.
"
    );
    assert_eq!(ran.out, expected);
}

#[case]
fn marks_as_json_and_for_github() {
    let json = project("lint_marks").run("migrate --lint --format json");
    assert_eq!((json.exit, json.err.as_str()), (Exit::FAILURE, ""), "{}", json.all());
    let report: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    let unused = serde_json::json!({
        "level": "warning",
        "rule": "unused-mark",
        "file": UP,
        "line": 3,
        "column": 4,
        "message": "This mark does nothing: there is no such finding here.",
        "help": "Remove it, so that it does not hide a later finding.",
        "detail": "ban-drop-table",
        "app": "lint_marks",
        "migration": "2026-01-01-000000_a",
        "backend": "SQLite",
    });
    assert_eq!(report["findings"][1], unused);
    let expected = [
        ("missing-down", 1),
        ("unused-mark", 3),
        ("mark-without-reason", 5),
        ("ban-drop-table", 6),
        ("unknown-rule", 7),
    ];
    assert_eq!(places(&json), expected.map(|(rule, line)| (rule.to_owned(), line)));
    assert_eq!(
        (&report["migrations"], &report["left_out"], &report["exit_code"]),
        (&1.into(), &0.into(), &1.into())
    );

    let github = project("lint_marks").run("migrate --lint --format github");
    assert_eq!((github.exit, github.err.as_str()), (Exit::FAILURE, ""), "{}", github.all());
    let lines: Vec<&str> = github.out.lines().collect();
    let start = |line: usize, column: usize, rule: &str| {
        format!("::error file={UP},line={line},col={column},title={rule}::")
    };
    let places = [(1, 1), (3, 4), (5, 4), (6, 1), (7, 4)];
    assert_eq!(lines.len(), places.len(), "{}", github.out);
    for ((line, (number, column)), (rule, _)) in lines.iter().zip(places).zip(expected) {
        assert!(line.starts_with(&start(number, column, rule)), "{line}");
    }
    let missing = "The migration cannot be reverted: it has no down.sql, or one without a statement.%0AInstead: \
                   Write the down.sql, or mark the migration with the reason.";
    assert_eq!(lines[0], start(1, 1, "missing-down") + missing);
}

#[case]
fn a_missing_down_is_reported_where_it_is() {
    let ran = project("lint_down").run("migrate --lint");
    assert_eq!((ran.exit, ran.err.as_str()), (Exit::FAILURE, ""), "{}", ran.all());
    let heads: Vec<&str> = ran.out.lines().filter(|line| !line.starts_with(' ')).collect();
    let expected = [
        "lint_down/migrations/2026-01-01-000000_none/up.sql:1:1: missing-down",
        "lint_down/migrations/2026-01-02-000000_comment/down.sql:1:1: missing-down",
        "Linted 3 migrations: 2 findings.",
    ];
    assert_eq!(heads, expected);
    let disabled =
        project("lint_down").env("MANAGE_MIGRATIONS_LINT_DISABLE", "missing-down").run("migrate --lint");
    assert_eq!(
        (disabled.exit, disabled.out.as_str()),
        (Exit::SUCCESS, "Linted 3 migrations: no findings.\n")
    );
}

#[case]
fn a_missing_down_is_allowed_in_either_file() {
    let ran = project("lint_down_allowed").run("migrate --lint");
    assert_eq!(
        (ran.exit, ran.out.as_str()),
        (Exit::SUCCESS, "Linted 3 migrations: no findings.\n"),
        "{}",
        ran.err
    );
    let json = project("lint_down_allowed").run("migrate --lint --format json");
    assert_eq!(json.out, "{\"findings\":[],\"migrations\":3,\"left_out\":0,\"exit_code\":0}\n");
    let github = project("lint_down_allowed").run("migrate --lint --format github");
    assert_eq!((github.exit, github.out.as_str()), (Exit::SUCCESS, ""));
}

#[case]
fn marks_for_a_down_that_is_not_missing() {
    let ran = project("lint_down_unused").run("migrate --lint");
    assert_eq!((ran.exit, ran.err.as_str()), (Exit::FAILURE, ""), "{}", ran.all());
    let heads: Vec<&str> = ran.out.lines().filter(|line| !line.starts_with(' ')).collect();
    let expected = [
        "lint_down_unused/migrations/2026-01-01-000000_up/up.sql:1:4: unused-mark (missing-down)",
        "lint_down_unused/migrations/2026-01-02-000000_down/down.sql:2:4: unused-mark (missing-down)",
        "lint_down_unused/migrations/2026-01-03-000000_no_reason/down.sql:1:1: missing-down",
        "lint_down_unused/migrations/2026-01-03-000000_no_reason/down.sql:1:4: mark-without-reason",
        "Linted 3 migrations: 4 findings.",
    ];
    assert_eq!(heads, expected);
}
