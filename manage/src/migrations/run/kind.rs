//! How a statement runs outside of a migration's transaction, together with the journal.

use super::control::Control;
use crate::migrations::script::Statement;
use crate::settings::Backend;

/// How a statement is run, if the migration does not run in one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// In a transaction together with the journal, so it is certain whether it was done. PostgreSQL may
    /// refuse that; then it is [`Kind::Alone`].
    Exact,
    /// It cannot be undone, so the journal says before that it was begun, and afterwards that it is done.
    Alone,
    /// It changes nothing but the session, for which it is run again whenever the migration is continued.
    Session,
    /// It begins a transaction of the file's own.
    Begin,
    /// It ends one.
    End,
}

impl Kind {
    pub(super) fn of(statement: &Statement<'_>, control: Control, backend: Backend) -> Self {
        match control {
            Control::Begin => return Self::Begin,
            Control::Commit | Control::Rollback => return Self::End,
            _ => {}
        }
        let words = statement.words(usize::MAX);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let has = |word| words.contains(&word);
        match (backend, words.as_slice()) {
            (Backend::Sqlite, ["PRAGMA" | "ATTACH" | "DETACH", ..]) => Self::Session,
            (Backend::Sqlite, ["VACUUM", ..]) => Self::Alone,
            (Backend::Postgres, ["PREPARE", "TRANSACTION", ..] | ["COMMIT" | "ROLLBACK", "PREPARED", ..]) => {
                Self::Alone
            }
            // Not in a transaction, for which PostgreSQL would have to be asked.
            (Backend::Postgres, ["VACUUM", ..]) => Self::Alone,
            (Backend::Postgres, ["CREATE" | "DROP" | "REINDEX", ..]) if has("CONCURRENTLY") => Self::Alone,
            (
                Backend::Postgres,
                ["SET" | "RESET" | "LISTEN" | "UNLISTEN" | "LOAD" | "PREPARE" | "DEALLOCATE", ..],
            ) => Self::Session,
            (Backend::Postgres, ["SELECT", ..]) if has("SET_CONFIG") => Self::Session,
            // Of MariaDB: a statement with a setting.
            (Backend::Mysql, ["SET", "STATEMENT", ..]) => Self::Alone,
            (Backend::Mysql, ["SET" | "USE" | "PREPARE" | "DEALLOCATE", ..]) => Self::Session,
            (Backend::Mysql, ["LOCK" | "UNLOCK", "TABLES" | "TABLE", ..]) => Self::Session,
            (Backend::Mysql, ["SELECT", ..]) if has("INTO") && statement.text().contains('@') => {
                Self::Session
            }
            (Backend::Mysql, _) if control != Control::Nothing => Self::Alone,
            _ => Self::Exact,
        }
    }
}

/// Returns whether a statement changes nothing but the session.
#[cfg(feature = "schema")]
pub(in crate::migrations) fn changes_session(statement: &Statement<'_>, backend: Backend) -> bool {
    Kind::of(statement, Control::of(statement, backend), backend) == Kind::Session
}

/// Returns whether a statement makes something that ends with its session, and cannot be made again without
/// what may have filled it since.
pub(super) fn ends_with_the_session(statement: &Statement<'_>) -> bool {
    let words = statement.words(6);
    let is_temporary = |word: &String| matches!(word.as_str(), "TEMP" | "TEMPORARY");
    let mut words = words.iter();
    match words.next().map(String::as_str) {
        Some("CREATE") => words.take(3).take_while(|word| *word != "TABLE").any(is_temporary),
        Some("DECLARE") => true,
        _ => false,
    }
}

/// Returns whether a statement locks tables of MySQL (`true`), unlocks them (`false`), or neither.
pub(super) fn locks_tables(statement: &Statement<'_>) -> Option<bool> {
    let words = statement.words(2);
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["LOCK", "TABLES" | "TABLE"] => Some(true),
        ["UNLOCK", "TABLES" | "TABLE"] => Some(false),
        _ => None,
    }
}

/// Returns a `LOCK TABLES` statement that has more locks: the session can use no other tables meanwhile.
pub(super) fn also_locking(statement: &Statement<'_>, locks: &str) -> String {
    let (sql, end) = (statement.text(), statement.end_of_word(1).unwrap_or_default());
    format!("{} {locks},{}", &sql[..end], &sql[end..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrations::script::Script;

    fn kind(sql: &str, backend: Backend) -> Kind {
        let script = Script::new(sql, backend);
        let statement = script.statements().next().expect("one");
        Kind::of(&statement, Control::of(&statement, backend), backend)
    }

    #[test]
    fn how_a_statement_runs() {
        for (backend, sql, expected) in [
            (Backend::Sqlite, "CREATE TABLE a (id)", Kind::Exact),
            (Backend::Sqlite, "PRAGMA journal_mode = WAL", Kind::Session),
            (Backend::Sqlite, "VACUUM", Kind::Alone),
            (Backend::Sqlite, "BEGIN IMMEDIATE", Kind::Begin),
            (Backend::Sqlite, "END", Kind::End),
            (Backend::Postgres, "CREATE INDEX i ON a (id)", Kind::Exact),
            (Backend::Postgres, "CREATE INDEX CONCURRENTLY i ON a (id)", Kind::Alone),
            (Backend::Postgres, "REFRESH MATERIALIZED VIEW CONCURRENTLY a", Kind::Exact),
            (Backend::Postgres, "CALL p()", Kind::Exact),
            (Backend::Postgres, "SET search_path = a", Kind::Session),
            (Backend::Postgres, "SELECT pg_catalog.set_config('search_path', '', false)", Kind::Session),
            (Backend::Postgres, "PREPARE TRANSACTION 'a'", Kind::Alone),
            (Backend::Mysql, "INSERT INTO a VALUES (1)", Kind::Exact),
            (Backend::Mysql, "CREATE TABLE a (id INT)", Kind::Alone),
            (Backend::Mysql, "/*!40101 SET NAMES latin1 */", Kind::Session),
            (Backend::Mysql, "SET STATEMENT max_statement_time = 1 FOR DELETE FROM a", Kind::Alone),
            (Backend::Mysql, "LOCK TABLES a WRITE", Kind::Session),
            (Backend::Mysql, "CALL p()", Kind::Alone),
            (Backend::Mysql, "START TRANSACTION", Kind::Begin),
            (Backend::Mysql, "ROLLBACK", Kind::End),
        ] {
            assert_eq!(kind(sql, backend), expected, "{sql}");
        }
    }

    #[test]
    fn a_lock_includes_the_journal() {
        let script = Script::new("lock tables `a` WRITE, b READ;\nUNLOCK TABLES", Backend::Mysql);
        let statements: Vec<_> = script.statements().collect();
        assert_eq!(
            also_locking(&statements[0], "`shop`.__manage_migrations WRITE"),
            "lock tables `shop`.__manage_migrations WRITE, `a` WRITE, b READ"
        );
        assert_eq!(statements.iter().map(locks_tables).collect::<Vec<_>>(), [Some(true), Some(false)]);
    }

    #[test]
    fn what_ends_with_the_session() {
        for (sql, expected) in [
            ("CREATE TEMP TABLE a (id INT)", true),
            ("CREATE OR REPLACE TEMPORARY TABLE a (id INT)", true),
            ("DECLARE c CURSOR WITH HOLD FOR SELECT 1", true),
            ("CREATE TABLE temporary (id INT)", false),
            ("INSERT INTO temp VALUES (1)", false),
        ] {
            let script = Script::new(sql, Backend::Postgres);
            assert_eq!(ends_with_the_session(&script.statements().next().expect("one")), expected, "{sql}");
        }
    }
}
