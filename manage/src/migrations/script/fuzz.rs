//! Properties of every text of a migration: nothing is lost, and nothing is split inside a quote.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use manage_test_support::fuzz::proptest::prelude::*;
use manage_test_support::fuzz::{Fuzz, any_text, mutated, sentence};

use super::*;

const EACH: [Backend; 3] = [Backend::Sqlite, Backend::Postgres, Backend::Mysql];

const TOKENS: &[&str] = &[
    ";",
    ";;",
    "\n",
    "\r\n",
    "\r",
    " ",
    "\t",
    "\u{feff}",
    "'",
    "''",
    "\"",
    "\"\"",
    "`",
    "[",
    "]",
    "$$",
    "$a$",
    "$1",
    "$",
    "E'",
    "\\",
    "\\'",
    "--",
    "-- ",
    "-- x\n",
    "#",
    "/*",
    "*/",
    "/*!50003 ",
    "/*M! ",
    "DELIMITER //\n",
    "DELIMITER ;\n",
    "DELIMITER $$\n",
    "//",
    "CREATE ",
    "FUNCTION ",
    "PROCEDURE ",
    "TRIGGER ",
    "TABLE ",
    "OR REPLACE ",
    "BEGIN ",
    "BEGIN NOT ATOMIC ",
    "END",
    "END;",
    "END IF;",
    "CASE ",
    "WHEN ",
    "THEN ",
    "ELSE ",
    "IF ",
    "LOOP ",
    "REPEAT ",
    "UNTIL ",
    "FOR ",
    "EACH ROW ",
    "SELECT 1",
    "x",
    "é",
    "密",
    "(",
    ")",
    ",",
    "=",
    "@",
    ":",
    "\\restrict x\n",
    "\u{0}",
    "DEFINER=",
];

fn target(name: &'static str) -> Fuzz {
    Fuzz::new(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).display().to_string(), name)
}

/// Checks that the statements are in order, that each begins and ends where it reports, and that there are
/// only comments and delimiters between them.
fn nothing_is_lost(sql: &str, backend: Backend) -> Result<(), String> {
    let script = Script::new(sql, backend);
    let mut end = 0;
    let mut whole = String::new();
    let mut gaps = Vec::new();
    for statement in script.statements() {
        if statement.start < end || statement.text().is_empty() {
            return Err(format!("{backend}: a statement at {}..{}", statement.start, statement.end));
        }
        gaps.push(&sql[end..statement.start]);
        whole += &sql[end..statement.start];
        whole += statement.text();
        end = statement.end;
        let newlines = sql[..statement.start].matches('\n').count();
        if statement.line() != newlines + 1 {
            return Err(format!("{backend}: line {} of {newlines}", statement.line()));
        }
        let _ = (statement.words(3), statement.locate(usize::MAX), statement.locate_line(2));
    }
    gaps.push(&sql[end..]);
    if whole + &sql[end..] != sql {
        return Err(format!("{backend}: a byte is lost"));
    }
    // A custom delimiter is not a comment, unless its `DELIMITER` line is known.
    let own = backend == Backend::Mysql && sql.to_ascii_uppercase().contains("DELIMITER");
    for gap in gaps.iter().filter(|_| !own) {
        if Script::new(*gap, backend).statements().next().is_some() {
            return Err(format!("{backend}: {gap:?} is left out"));
        }
    }
    Ok(())
}

#[test]
fn nothing_is_lost_between_statements() {
    let target = target("scripts");
    let texts =
        prop_oneof![4 => mutated(target.examples(), TOKENS), 3 => sentence(TOKENS, 25), 1 => any_text(60)];
    target.texts(texts, |sql| EACH.iter().try_for_each(|backend| nothing_is_lost(sql, *backend)));
}

/// Generates statements, each of which must not be split: quotes and comments contain semicolons and quote
/// characters.
fn whole_statements(backend: Backend) -> impl Strategy<Value = String> {
    let inside = |marks: &'static [&'static str]| {
        let pieces: &'static [&'static str] =
            &[";", "a", "--", "/*", "*/", "\n", "é", " ", "END", "(", "$b ", "#", "DELIMITER"];
        (sentence(pieces, 5), prop::sample::select(marks))
    };
    let quoted = match backend {
        Backend::Postgres => inside(&["'", "\"", "$$", "$a$", "E'"]),
        Backend::Sqlite => inside(&["'", "\"", "`", "["]),
        Backend::Mysql => inside(&["'", "\"", "`"]),
    };
    let quoted = quoted.prop_map(move |(text, mark)| match (backend, mark) {
        (_, "[") => format!("[{text}]"),
        // A backslash escapes the next character only in these quotes of PostgreSQL and MySQL.
        (Backend::Postgres, "E'") => format!("E'{}\\\\'", text.replace('a', "\\'")),
        (Backend::Mysql, "'" | "\"") => format!("{mark}{}{mark}", text.replace('a', &format!("\\{mark}"))),
        (_, "'") => format!("'{}\\'", text.replace('a', "''")),
        (_, mark) => format!("{mark}{text}{mark}"),
    });
    let comment = || sentence(&[";", "'", "\"", "a", " ", "é", "$$", "`"], 5);
    let part = prop_oneof![
        4 => quoted,
        2 => prop::sample::select(&["x", "1", "=", ",", "( y )", "SELECT", "t.c"][..]).prop_map(str::to_owned),
        1 => comment().prop_map(|text| format!("/*{text}*/")),
        1 => comment().prop_map(|text| format!("-- {text}\n")),
    ];
    prop::collection::vec(part, 0..6).prop_map(|parts| format!("SELECT {} z", parts.join(" ")))
}

#[test]
fn no_statement_is_cut_inside_a_quote() {
    // It separates statements, because it is part of no token.
    const JOINT: &str = "\u{1f}";
    for (backend, name) in [
        (Backend::Sqlite, "statements_sqlite"),
        (Backend::Postgres, "statements_postgres"),
        (Backend::Mysql, "statements_mysql"),
    ] {
        let statements =
            prop::collection::vec(whole_statements(backend), 1..5).prop_map(|parts| parts.join(JOINT));
        target(name).texts(statements, |text| {
            let parts: Vec<&str> = text.split(JOINT).collect();
            let script = Script::new(parts.join(";\n"), backend);
            let found: Vec<&str> = script.statements().map(|statement| statement.text()).collect();
            if found == parts { Ok(()) } else { Err(format!("{backend}: {found:?} instead of {parts:?}")) }
        });
    }
}

#[test]
fn no_script_takes_long() {
    const LIMIT: Duration = Duration::from_secs(30);
    let much = |piece: &str| piece.repeat((256 << 10) / piece.len());
    for piece in [
        "x;\n",
        ";",
        "'",
        "$",
        "$a",
        "$a$",
        "/*",
        "--",
        "[",
        "DELIMITER x\n",
        "BEGIN ",
        "CASE ",
        "(",
        "\\",
        "é",
    ] {
        for backend in EACH {
            let begin = Instant::now();
            let script = Script::new(much(piece), backend);
            let lines = script.statements().map(|statement| statement.line()).max();
            assert!(begin.elapsed() < LIMIT, "{backend}, {piece:?}: {:?}, {lines:?}", begin.elapsed());
        }
    }
}
