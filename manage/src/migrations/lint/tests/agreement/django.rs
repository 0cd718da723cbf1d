//! The unit tests of django-migration-linter.

use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use super::{OtherCase, compare, document};
use crate::settings::Backend;

/// The tests with another result: `-`, we report nothing; `+`, only we report something.
const DIFFERENT: [&str; 14] = [
    // DROP and SET DEFAULT are two statements, and each commits.
    "mysql test_add_not_null_followed_by_default: +",
    // An expression as the default copies the table.
    "mysql test_add_not_null_without_dropping_default: +",
    // MODIFY may copy the table.
    "mysql test_alter_column: +",
    "mysql test_drop_not_null: +",
    "mysql test_make_column_not_null_with_lib_default: +",
    // What the running version may no longer write is not reported, but the lock for it is.
    "mysql test_unique_index: -",
    "mysql test_unique_together: -",
    "postgresql test_create_unique_index_concurrently_where: -",
    // DROP NOT NULL, SET NOT NULL without a check, and DROP CONSTRAINT: Squawk reports them, too.
    "postgresql test_drop_not_null: +",
    "postgresql test_make_column_not_null_with_lib_default: +",
    "postgresql test_unique_together: +",
    // The new column has a default.
    "sqlite test_add_not_null_without_dropping_default: -",
    // As on MySQL.
    "sqlite test_unique_index: -",
    "sqlite test_unique_together: -",
];

#[derive(Deserialize)]
struct Row {
    vendor: String,
    test: String,
    sql: Vec<String>,
    is_reported: bool,
    /// Whether it may report a warning: that is not a result.
    allows_warnings: bool,
}

#[test]
#[ignore = "needs a copy of django-migration-linter: MANAGE_TEST_DJANGO_LINTER=DIRECTORY"]
fn the_tests_of_django_migration_linter_give_the_same_results() {
    let folder = std::env::var_os("MANAGE_TEST_DJANGO_LINTER").expect("MANAGE_TEST_DJANGO_LINTER");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/migrations/lint/tests/agreement/cases.py");
    let python = std::env::var_os("MANAGE_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let source = Path::new(&folder).join("tests/unit/test_sql_analyser.py");
    let output = Command::new(python).arg(script).arg(source).output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rows: Vec<Row> = serde_json::from_slice(&output.stdout).expect("JSON");
    let cases: Vec<OtherCase> = rows.into_iter().filter(|row| !row.allows_warnings).map(case).collect();
    let agreement = compare(&cases);
    assert_eq!(agreement.different, DIFFERENT);
    for (backend, counts) in &agreement.counts {
        let row = format!("| django-migration-linter 6.0.0 | {backend} | {counts} |");
        assert!(document().contains(&row), "docs/guide/migration-lint.md lacks: {row}");
    }
}

fn case(row: Row) -> OtherCase {
    let backend = match row.vendor.as_str() {
        "postgresql" => Backend::Postgres,
        "mysql" => Backend::Mysql,
        _ => Backend::Sqlite,
    };
    OtherCase {
        test: format!("{} {}", row.vendor, row.test),
        backend,
        // It takes each text for a statement.
        sql: row.sql.iter().map(|sql| format!("{};\n", sql.trim_end_matches(';'))).collect(),
        // As such a migration would be written here.
        in_transaction: !row.sql.iter().any(|sql| sql.contains("CONCURRENTLY")),
        is_reported: row.is_reported,
        rule: None,
    }
}
