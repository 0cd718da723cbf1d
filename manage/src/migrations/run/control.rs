//! Transaction control in a migration's file, in addition to the transaction that the migration runs in.

use crate::migrations::script::{Place, Script, Statement};
use crate::settings::Backend;

/// The effect of a statement on transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Control {
    Begin,
    Commit,
    Rollback,
    /// On MySQL: commits everything before it implicitly.
    ImplicitCommit,
    /// A procedure, or on MySQL a statement in a string, may have any of these effects; on PostgreSQL only
    /// outside of a transaction.
    Anything,
    Nothing,
}

impl Control {
    pub(super) fn of(statement: &Statement<'_>, backend: Backend) -> Self {
        let words = statement.words(4);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match (backend, words.as_slice()) {
            // A block of MariaDB.
            (Backend::Mysql, ["BEGIN", "NOT", ..]) => Self::ImplicitCommit,
            (_, ["BEGIN", ..]) | (Backend::Postgres | Backend::Mysql, ["START", "TRANSACTION", ..]) => {
                Self::Begin
            }
            (Backend::Postgres, ["COMMIT" | "ROLLBACK", "PREPARED", ..]) => Self::Nothing,
            (_, ["COMMIT", ..]) | (Backend::Postgres | Backend::Sqlite, ["END", ..]) => Self::Commit,
            // Rolls back to a savepoint: `ROLLBACK TO`, `ROLLBACK WORK TO`.
            (_, ["ROLLBACK", "TO", ..] | ["ROLLBACK", _, "TO", ..]) => Self::Nothing,
            (_, ["ROLLBACK", ..]) | (Backend::Postgres, ["ABORT", ..]) => Self::Rollback,
            (Backend::Mysql, ["CALL" | "EXECUTE", ..]) | (Backend::Postgres, ["CALL" | "DO", ..]) => {
                Self::Anything
            }
            // It inserts rows, like INSERT.
            (Backend::Mysql, ["LOAD", "DATA" | "XML", ..]) => Self::Nothing,
            (Backend::Mysql, [_, "TEMPORARY", ..]) => Self::Nothing,
            (
                Backend::Mysql,
                [
                    "ALTER" | "ANALYZE" | "CACHE" | "CHECK" | "CREATE" | "DROP" | "FLUSH" | "GRANT"
                    | "INSTALL" | "LOAD" | "LOCK" | "OPTIMIZE" | "RENAME" | "REPAIR" | "RESET" | "REVOKE"
                    | "TRUNCATE" | "UNINSTALL" | "UNLOCK",
                    ..,
                ],
            ) => Self::ImplicitCommit,
            _ => Self::Nothing,
        }
    }
}

/// Why a file cannot be run. None of its statements was run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unfit {
    pub(super) place: Place,
    pub(super) why: &'static str,
    pub(crate) hint: &'static str,
}

pub(super) const OWN_TRANSACTION: &str =
    "Write `run_in_transaction = false` into metadata.toml beside the file.";
const NOT_HERE: &str = "Remove it, or write `run_in_transaction = false` into metadata.toml beside the file.";

/// Returns the first statement that needs a session of its own, which there is not behind a pooler: what it sets would
/// be lost, or reach another client.
pub(super) fn needs_session(statements: &[(Control, Statement<'_>)]) -> Option<Unfit> {
    let needs_one = |(_, statement): &&(Control, Statement<'_>)| {
        let words = statement.words(usize::MAX);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            // What belongs to a transaction ends with it.
            ["SET", "LOCAL" | "TRANSACTION" | "CONSTRAINTS", ..] | ["PREPARE", "TRANSACTION", ..] => false,
            ["SET" | "RESET" | "LISTEN" | "LOAD" | "PREPARE" | "DECLARE", ..] => true,
            // The last argument says whether it is for the transaction.
            words => words.contains(&"SET_CONFIG") && words.contains(&"FALSE"),
        }
    };
    let (_, statement) = statements.iter().find(needs_one)?;
    Some(Unfit {
        place: statement.locate(0),
        why: "This needs a session of its own, and a pooler gives each transaction another one.",
        hint: "Connect to the server itself, or write `BEGIN; SET LOCAL …; …; COMMIT;`. Nothing was run.",
    })
}

/// Returns the statements to run. If the migration runs in a transaction, a `BEGIN` and its `COMMIT` are
/// skipped: that transaction already exists and also contains the migration's record.
pub(super) fn runnable(
    script: &Script,
    in_transaction: bool,
) -> Result<Vec<(Control, Statement<'_>)>, Unfit> {
    let backend = script.backend();
    let mut begun: Option<Statement<'_>> = None;
    let mut runnable = Vec::new();
    for statement in script.statements() {
        let control = Control::of(&statement, backend);
        let unfit = |why, hint| Unfit { place: statement.locate(0), why, hint };
        if let Some((why, hint)) = client_command(&statement, backend) {
            return Err(unfit(why, hint));
        }
        match control {
            // On MySQL many other statements also end a transaction; see the module `run`.
            _ if backend == Backend::Mysql => {}
            Control::Begin if begun.is_some() => {
                return Err(unfit(
                    "This transaction begins inside another one of the file.",
                    "Remove one of the two.",
                ));
            }
            Control::Begin if in_transaction && !is_plain(&statement) => {
                return Err(unfit(
                    "The migration already runs in a transaction, and that one does not have this mode.",
                    NOT_HERE,
                ));
            }
            Control::Begin => begun = Some(statement),
            Control::Commit | Control::Rollback if begun.is_none() && in_transaction => {
                return Err(unfit("This would end the transaction that the migration runs in.", NOT_HERE));
            }
            Control::Rollback if in_transaction => {
                return Err(unfit("This would undo the whole migration.", NOT_HERE));
            }
            Control::Commit | Control::Rollback => begun = None,
            Control::ImplicitCommit | Control::Anything | Control::Nothing => {}
        }
        let is_left_out = in_transaction
            && backend != Backend::Mysql
            && matches!(control, Control::Begin | Control::Commit);
        if !is_left_out {
            runnable.push((control, statement));
        }
    }
    match begun {
        Some(statement) => Err(Unfit {
            place: statement.locate(0),
            why: "The transaction that begins here is never committed.",
            hint: "Write COMMIT at its end.",
        }),
        None => Ok(runnable),
    }
}

/// Returns whether a `BEGIN` sets no transaction mode, which would be lost.
fn is_plain(begin: &Statement<'_>) -> bool {
    let known = ["BEGIN", "START", "TRANSACTION", "WORK", "DEFERRED", "IMMEDIATE", "EXCLUSIVE"];
    begin.words(usize::MAX).iter().all(|word| known.contains(&word.as_str()))
}

/// Detects commands of a backend's own client, and returns what to write instead.
fn client_command(statement: &Statement<'_>, backend: Backend) -> Option<(&'static str, &'static str)> {
    let text = statement.text();
    if backend != Backend::Mysql && text.contains('\0') {
        return Some(("This statement contains a NUL character (0x00), which cannot be sent.", "Remove it."));
    }
    match backend {
        Backend::Postgres if text.starts_with('\\') => {
            Some(("This is a command of psql, not SQL.", "Remove the line."))
        }
        Backend::Postgres => {
            let words = statement.words(usize::MAX);
            let is_copy = words.first().is_some_and(|word| word == "COPY");
            let has = |from, to| is_copy && words.windows(2).any(|pair| pair == [from, to]);
            if has("FROM", "STDIN") {
                return Some((
                    "Only psql can send the rows after COPY … FROM stdin.",
                    "Write INSERT statements: `pg_dump --inserts` does.",
                ));
            }
            has("TO", "STDOUT")
                .then_some(("Only psql can receive the rows of COPY … TO stdout.", "Remove it."))
        }
        Backend::Sqlite if text.starts_with('.') => {
            Some(("This is a command of the program sqlite3, not SQL.", "Remove the line."))
        }
        Backend::Mysql => {
            let words = statement.words(4);
            let is_load = matches!(words.first(), Some(word) if word == "LOAD");
            (is_load && words.iter().any(|word| word == "LOCAL")).then_some((
                "Only MySQL's own client can send the file of LOAD DATA LOCAL.",
                "Write INSERT statements.",
            ))
        }
        Backend::Sqlite => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(sql: &str, backend: Backend, in_transaction: bool) -> Result<Vec<String>, (usize, &'static str)> {
        let script = Script::new(sql, backend);
        let runnable = runnable(&script, in_transaction);
        let texts =
            |all: Vec<(Control, Statement<'_>)>| all.iter().map(|(_, one)| one.text().to_owned()).collect();
        runnable.map(texts).map_err(|unfit| (unfit.place.line, unfit.why))
    }

    #[test]
    fn a_transaction_of_the_files_own_is_part_of_the_migrations() {
        for (backend, sql) in [
            (Backend::Sqlite, "PRAGMA x; BEGIN IMMEDIATE TRANSACTION;\nSELECT 1;\nEND; BEGIN;COMMIT"),
            (Backend::Postgres, "BEGIN WORK;\nPRAGMA x; SELECT 1;\nCOMMIT; START TRANSACTION; END"),
        ] {
            assert_eq!(run(sql, backend, true), Ok(vec!["PRAGMA x".to_owned(), "SELECT 1".to_owned()]));
            assert_eq!(run(sql, backend, false).expect("all of it").len(), 6);
        }
        let sql = "BEGIN; SAVEPOINT a; ROLLBACK TO a; ROLLBACK TRANSACTION TO a; RELEASE a; COMMIT";
        assert_eq!(run(sql, Backend::Sqlite, true).expect("savepoints").len(), 4);
        let sql = "SET autocommit = 0; START TRANSACTION; SELECT 1; COMMIT; ROLLBACK";
        assert_eq!(run(sql, Backend::Mysql, true).expect("all of it").len(), 5);
    }

    #[test]
    fn what_would_end_the_migrations_transaction_is_refused() {
        for backend in [Backend::Sqlite, Backend::Postgres] {
            for sql in [
                "SELECT 1;\nCOMMIT",
                "SELECT 1;\nROLLBACK;",
                "BEGIN;\nBEGIN;",
                "BEGIN;\nROLLBACK;",
                "SELECT 1;\nBEGIN;",
            ] {
                assert_eq!(run(sql, backend, true).map_err(|(line, _)| line), Err(2), "{sql}");
            }
            assert!(run("SELECT 1;\nBEGIN", backend, false).is_err());
        }
        assert!(run("BEGIN ISOLATION LEVEL SERIALIZABLE; COMMIT;", Backend::Postgres, true).is_err());
    }

    #[test]
    fn commands_of_clients_are_refused() {
        assert!(run("\\connect shop\nSELECT 1;", Backend::Postgres, true).is_err());
        assert!(run("COPY public.a (id) FROM stdin;\n1\n\\.\n", Backend::Postgres, true).is_err());
        let wide = (0..100).map(|i| format!("c{i}")).collect::<Vec<_>>().join(", ");
        assert!(run(&format!("COPY a ({wide}) FROM STDIN;\n1\n\\.\n"), Backend::Postgres, true).is_err());
        assert!(run("COPY (SELECT 1) TO STDOUT", Backend::Postgres, true).is_err());
        assert!(run("COPY (SELECT stdin FROM a) TO '/srv/a.csv'", Backend::Postgres, true).is_ok());
        let sql = "SELECT 1;\nLOAD DATA CONCURRENT LOCAL INFILE 'a' INTO TABLE a";
        assert_eq!(run(sql, Backend::Mysql, true).map_err(|(line, _)| line), Err(2));
        assert!(run("LOAD DATA INFILE 'a' INTO TABLE local", Backend::Mysql, true).is_ok());
        assert!(run(".mode csv\nSELECT 1;", Backend::Sqlite, true).is_err());
        assert!(run("SELECT 1;\n\0", Backend::Sqlite, true).is_err());
        assert!(run("COPY a FROM '/srv/a.csv'", Backend::Postgres, true).is_ok());
    }

    #[test]
    fn mysqls_implicit_commits() {
        let control = |sql| {
            Control::of(&Script::new(sql, Backend::Mysql).statements().next().expect("one"), Backend::Mysql)
        };
        assert_eq!(control("CREATE TABLE a (id INT)"), Control::ImplicitCommit);
        assert_eq!(control("/*!50003 CREATE*/ /*!50003 TRIGGER t"), Control::ImplicitCommit);
        assert_eq!(control("CREATE TEMPORARY TABLE a (id INT)"), Control::Nothing);
        assert_eq!(control("INSERT INTO a VALUES (1)"), Control::Nothing);
        assert_eq!(control("ROLLBACK TO SAVEPOINT a"), Control::Nothing);
        assert_eq!(control("START TRANSACTION"), Control::Begin);
        assert_eq!(control("CALL p()"), Control::Anything);
        assert_eq!(control("LOAD DATA INFILE '/srv/a' INTO TABLE a"), Control::Nothing);
        assert_eq!(control("EXECUTE IMMEDIATE 'DROP TABLE a'"), Control::Anything);
    }
}
