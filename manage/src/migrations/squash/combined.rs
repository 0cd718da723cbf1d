//! The text of the files that take the place of several.

use super::SquashError;
use super::directory::Directory;
use crate::migrations::run::changes_session;
use crate::migrations::script::Script;
use crate::migrations::source::is_unwritten;
use crate::settings::Backend;

/// The keys of the table `[manage]` that are combined; others are reported.
const REPLACES: &str = "replaces";
const DEPENDENCIES: &str = "dependencies";

/// The three files of a migration, and what its author should look at.
pub(super) struct Combined {
    pub(super) up: String,
    pub(super) down: Option<String>,
    pub(super) metadata: String,
    pub(super) notes: Vec<String>,
}

impl Combined {
    /// `migrations` are in order of version.
    pub(super) fn of(migrations: &[Directory], backend: Backend) -> Result<Self, SquashError> {
        let mut notes = Vec::new();
        let up = joined(migrations.iter().map(|one| (one, "up.sql", one.up.as_str())), backend)?;
        let has_down = |one: &Directory| one.down.as_deref().is_some_and(|down| !is_unwritten(&one.up, down));
        let downs = migrations.iter().rev();
        let downs = downs.map(|one| Some((one, "down.sql", one.down.as_deref().filter(|_| has_down(one))?)));
        let down = match downs.collect::<Option<Vec<_>>>() {
            Some(downs) => Some(joined(downs.into_iter(), backend)?),
            None => None,
        };
        for one in migrations.iter().filter(|one| !has_down(one)) {
            notes.push(format!(
                "{} has no down.sql, or an empty one, so there is none: it cannot be reverted.",
                one.name
            ));
        }
        if let Some((_, before_last)) = migrations.split_last() {
            notes.extend(before_last.iter().filter_map(|one| session_note(one, backend)));
        }
        let metadata = metadata(migrations, &mut notes)?;
        Ok(Self { up, down, metadata, notes })
    }
}

/// Joins files; each begins with the name of the migration that it comes from.
fn joined<'a>(
    files: impl Iterator<Item = (&'a Directory, &'static str, &'a str)>,
    backend: Backend,
) -> Result<String, SquashError> {
    let mut whole = String::new();
    for (migration, file, text) in files {
        let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let text = text.trim_end();
        let end = ENDS.into_iter().find(|end| stays_the_same(text, end, backend));
        let end = end.ok_or_else(|| SquashError::Unfinished(migration.path.join(file)))?;
        let begin = if whole.is_empty() { "" } else { "\n" };
        whole.push_str(&format!("{begin}-- {}\n{text}{end}", migration.name));
    }
    Ok(whole)
}

/// What may have to stand between two files: the last statement need not have a semicolon, and MySQL's delimiter
/// may be another one.
const ENDS: [&str; 3] = ["\n", "\n;\n", "\nDELIMITER ;\n"];

/// Returns whether a text has the same statements, if another file follows.
fn stays_the_same(text: &str, end: &str, backend: Backend) -> bool {
    const NEXT: &str = "SELECT 1";
    let (alone, joined) = (Script::new(text, backend), Script::new(format!("{text}{end}{NEXT};"), backend));
    let expected = alone.statements().map(|statement| statement.text()).chain([NEXT]);
    expected.eq(joined.statements().map(|statement| statement.text()))
}

/// Returns what to look at if a migration changes the session: what follows was run with the settings of before.
fn session_note(migration: &Directory, backend: Backend) -> Option<String> {
    let script = Script::new(migration.up.as_str(), backend);
    let statement = script.statements().find(|statement| changes_session(statement, backend))?;
    Some(format!(
        "{}, line {}, changes the session, now also for the statements of the migrations after it.",
        migration.path.join("up.sql").display(),
        statement.line(),
    ))
}

fn metadata(migrations: &[Directory], notes: &mut Vec<String>) -> Result<String, SquashError> {
    let outside: Vec<&Directory> = migrations.iter().filter(|one| !one.is_in_transaction()).collect();
    if !outside.is_empty() && outside.len() < migrations.len() {
        let names: Vec<&str> = outside.iter().map(|one| one.name.as_str()).collect();
        notes.push(format!("No statement runs in a transaction, because of {}.", names.join(", ")));
    }
    let mut replaces: Vec<String> = Vec::new();
    let mut dependencies: Vec<String> = Vec::new();
    for one in migrations {
        replaces.extend(one.names(REPLACES)?);
        replaces.push(one.name.clone());
        dependencies.extend(one.names(DEPENDENCIES)?);
        let others = one.own().into_iter().flatten();
        for (key, value) in others.filter(|(key, _)| ![REPLACES, DEPENDENCIES].contains(&key.as_str())) {
            notes.push(format!("`{key} = {value}` of {} was left out.", one.name));
        }
    }
    let mut own = toml::Table::new();
    own.insert(REPLACES.to_owned(), replaces.into());
    if !dependencies.is_empty() {
        own.insert(DEPENDENCIES.to_owned(), dependencies.into());
    }
    let in_transaction = outside.is_empty();
    Ok(format!(
        "run_in_transaction = {in_transaction}\n\n# Remove `{REPLACES}` when every database has this version.\n[manage]\n{own}"
    ))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn directory(name: &str, up: &str, down: Option<&str>, metadata: &str) -> Directory {
        Directory {
            path: PathBuf::from("migrations").join(name),
            name: name.to_owned(),
            up: up.to_owned(),
            down: down.map(str::to_owned),
            metadata: metadata.parse().expect("a table"),
        }
    }

    fn combined(migrations: &[Directory], backend: Backend) -> Combined {
        Combined::of(migrations, backend).expect("files")
    }

    #[test]
    fn files_follow_one_another() {
        let all = [
            directory("1_a", "\u{feff}CREATE TABLE a (id INTEGER);\r\n", Some("DROP TABLE a;\n"), ""),
            directory("2_b", "CREATE TABLE b (id INTEGER) -- the last", Some("DROP TABLE b"), ""),
            directory("3_c", "-- nothing\n", Some(""), ""),
        ];
        let Combined { up, down, metadata, notes } = combined(&all, Backend::Sqlite);
        assert_eq!(
            up,
            "-- 1_a\nCREATE TABLE a (id INTEGER);\n\n-- 2_b\nCREATE TABLE b (id INTEGER) -- the last\n;\n\n-- 3_c\n-- nothing\n"
        );
        assert_eq!(down.as_deref(), Some("-- 3_c\n\n\n-- 2_b\nDROP TABLE b\n;\n\n-- 1_a\nDROP TABLE a;\n"));
        assert_eq!(
            metadata,
            "run_in_transaction = true\n\n# Remove `replaces` when every database has this version.\n[manage]\n\
             replaces = [\"1_a\", \"2_b\", \"3_c\"]\n"
        );
        assert!(notes.is_empty(), "{notes:?}");
    }

    #[test]
    fn a_delimiter_ends_with_its_file() {
        let body = "DELIMITER //\nCREATE PROCEDURE p() BEGIN SELECT 1; END//\n";
        let all = [directory("1_a", body, None, ""), directory("2_b", "DROP PROCEDURE p;", None, "")];
        let script = Script::new(combined(&all, Backend::Mysql).up, Backend::Mysql);
        let statements: Vec<_> = script.statements().map(|statement| statement.text()).collect();
        assert_eq!(statements, ["CREATE PROCEDURE p() BEGIN SELECT 1; END", "DROP PROCEDURE p"]);
    }

    #[test]
    fn an_open_quote_takes_what_follows() {
        let all = [directory("1_a", "SELECT 'a", None, ""), directory("2_b", "", None, "")];
        let error = Combined::of(&all, Backend::Postgres).map(drop).expect_err("open");
        assert!(error.to_string().contains("migrations/1_a/up.sql is not complete"), "{error}");
    }

    #[test]
    fn what_changes_is_noted() {
        let all = [
            directory(
                "1_a",
                "SELECT 1;\nSET search_path = x;",
                Some("-- nothing"),
                "run_in_transaction = false",
            ),
            directory(
                "2_b",
                "SET search_path = y;",
                None,
                "run_in_transaction = true\n[manage]\nstatement_timeout_seconds = 3",
            ),
            directory(
                "3_c",
                "SET search_path = z;",
                Some("-- nothing"),
                "[manage]\nreplaces = [\"0_z\"]\ndependencies = [\"other.x\"]",
            ),
        ];
        let Combined { down, metadata, notes, .. } = combined(&all, Backend::Postgres);
        assert_eq!(down, None);
        assert!(metadata.contains("replaces = [\"1_a\", \"2_b\", \"0_z\", \"3_c\"]"), "{metadata}");
        assert!(metadata.contains("run_in_transaction = false"), "{metadata}");
        assert!(metadata.contains("dependencies = [\"other.x\"]"), "{metadata}");
        assert_eq!(
            notes,
            [
                "2_b has no down.sql, or an empty one, so there is none: it cannot be reverted.",
                "migrations/1_a/up.sql, line 2, changes the session, now also for the statements of the migrations after it.",
                "migrations/2_b/up.sql, line 1, changes the session, now also for the statements of the migrations after it.",
                "No statement runs in a transaction, because of 1_a.",
                "`statement_timeout_seconds = 3` of 2_b was left out.",
            ]
        );
    }
}
