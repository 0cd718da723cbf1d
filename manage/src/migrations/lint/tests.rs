//! Each rule with a statement that it reports and the safe form, for each backend.

use super::rules::rules;
use super::scan::places;
use crate::migrations::script::Script;
use crate::settings::Backend;

#[cfg(all(feature = "schema", feature = "squawk"))]
mod agreement;
mod cases;
mod forms;

/// Returns the rules that apply, with line and column.
fn found(sql: &str, backend: Backend, in_transaction: bool) -> Vec<(&'static str, usize, usize)> {
    let script = Script::new(sql, backend);
    let place = |place: super::scan::Place| {
        let (line, column) = script.line_and_column(place.start);
        (place.rule, line, column)
    };
    places(&script, in_transaction).into_iter().map(place).collect()
}

#[test]
fn each_rule_reports_the_unsafe_form_and_not_the_safe_one() {
    let mut wrong = Vec::new();
    for case in cases::cases() {
        // `~` stands for a migration without a transaction.
        let (unsafe_sql, in_transaction) = transaction(case.unsafe_sql);
        let places = found(unsafe_sql, case.backend, in_transaction);
        let expected = (case.rule, case.place.0, case.place.1);
        if !places.contains(&expected) {
            wrong.push(format!("{}: {}\n    {places:?}", case.rule, case.unsafe_sql));
        }
        for safe in case.safe_sql {
            let (sql, in_transaction) = transaction(safe);
            let places = found(sql, case.backend, in_transaction);
            if places.iter().any(|place| place.0 == case.rule) {
                wrong.push(format!("{}, safe: {safe}\n    {places:?}", case.rule));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn transaction(sql: &str) -> (&str, bool) {
    sql.strip_prefix('~').map_or((sql, true), |sql| (sql, false))
}

/// What the marks report, and a missing `down.sql`, is no statement's.
const OF_FILES: [&str; 4] = ["missing-down", "unused-mark", "unknown-rule", "mark-without-reason"];

#[test]
fn each_rule_has_a_case_for_each_of_its_backends() {
    for rule in rules().filter(|rule| !OF_FILES.contains(&rule.name)) {
        for backend in rule.texts.iter().flat_map(|text| text.backends) {
            let mut cases = cases::cases();
            let has_one = cases.any(|case| case.rule == rule.name && case.backend == *backend);
            assert!(has_one, "{} has no case for {backend}", rule.name);
        }
    }
}

#[test]
fn usual_statements_are_silent() {
    for (backend, sql) in cases::SILENT {
        assert_eq!(found(sql, *backend, false), [], "{backend}: {sql}");
    }
}

#[test]
fn new_tables_are_skipped() {
    let sql = "CREATE TABLE shop.orders (id BIGINT PRIMARY KEY, total INT);\n\
               CREATE INDEX i ON shop.orders (total);\n\
               ALTER TABLE \"shop\".orders ADD COLUMN x INT NOT NULL, DROP COLUMN total;\n\
               ALTER TABLE shop.orders RENAME TO sales;\nUPDATE sales SET x = 1;\nDROP INDEX i;\nDROP TABLE sales;";
    assert_eq!(found(sql, Backend::Postgres, true), []);
    let other = sql.replace("CREATE TABLE shop.orders", "CREATE TABLE shop.others");
    assert!(found(&other, Backend::Postgres, true).len() > 3);
}

/// Both forms of a rebuild; what the copy lacks is known.
#[test]
fn a_table_is_rebuilt() {
    let renamed_last = "CREATE TABLE new_a (id INTEGER PRIMARY KEY, b TEXT);\nINSERT INTO new_a SELECT id, b FROM a;\n\
                        DROP TABLE a;\nALTER TABLE new_a RENAME TO a;";
    let renamed_first = "ALTER TABLE a RENAME TO a_old;\nCREATE TABLE a (id INTEGER PRIMARY KEY, b TEXT);\n\
                         INSERT INTO a SELECT id, b FROM a_old;\nDROP TABLE a_old;";
    for (sql, line) in [(renamed_last, 3), (renamed_first, 4)] {
        assert_eq!(found(sql, Backend::Sqlite, true), [("rebuilding-table", line, 1)], "{sql}");
        let places = places(&Script::new(sql, Backend::Sqlite), true);
        let subject = places[0].subject.as_ref().expect("a table");
        assert_eq!(
            (subject.table.as_str(), subject.kept.as_deref()),
            ("a", Some(&["id", "b"].map(str::to_owned)[..]))
        );
        let schema = |columns: &[&str]| {
            let columns = columns.iter().map(|column| (*column).to_owned()).collect();
            super::ReleasedSchema::new([("a".to_owned(), columns)])
        };
        assert_eq!(schema(&["id", "b"]).judged(places.clone()).0.len(), 1);
        let (judged, _) = schema(&["id", "C"]).judged(places);
        let dropped = judged.iter().find(|place| place.rule == "ban-drop-column").expect("a column");
        assert_eq!(dropped.subject.as_ref().and_then(|subject| subject.column.as_deref()), Some("c"));
    }
    // On servers there are other ways.
    let server = found(renamed_last, Backend::Postgres, true);
    assert_eq!(server, [("ban-drop-table", 3, 1)]);
}

#[test]
fn any_text_is_read() {
    for case in cases::cases() {
        for end in (0..case.unsafe_sql.len()).filter(|end| case.unsafe_sql.is_char_boundary(*end)) {
            for backend in Backend::ALL {
                let _ = found(&case.unsafe_sql[..end], backend, true);
                let _ = found(&case.unsafe_sql[end..], backend, true);
            }
        }
    }
}

/// The tables of docs/guide/migration-lint.md are the rules.
#[test]
fn the_document_lists_the_rules() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/migration-lint.md");
    let document = std::fs::read_to_string(path).expect("docs/guide/migration-lint.md");
    let (_, tables) = document.split_once("## Rules").expect("the rules");
    let written: Vec<&str> = tables.lines().filter(|line| line.starts_with("| `")).collect();
    let row = |rule: &'static super::rules::Rule| {
        rule.texts.iter().map(|text| {
            let backends: Vec<String> = text.backends.iter().map(ToString::to_string).collect();
            let info = if rule.is_info { " (info)" } else { "" };
            format!("| `{}`{info} | {} | {} | {} |", rule.name, backends.join(", "), text.why, text.safe)
        })
    };
    let in_code: Vec<String> = rules().flat_map(row).collect();
    assert_eq!(written, in_code);
}
