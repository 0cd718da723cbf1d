//! What happens if a statement is run again that was begun before, by a process that was killed.

use super::alter_table;
use crate::database::ServerError;
use crate::migrations::script::Statement;
use crate::settings::Backend;

/// What running a statement again does, if it was done already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Nothing more than the first time.
    Harmless,
    /// It fails with one of these codes, because it was done: MySQL's numbers, PostgreSQL's SQLSTATEs.
    Fails(Vec<&'static str>),
    /// It may be done twice, or nobody can tell.
    Unclear,
}

use Repeat::{Fails, Harmless, Unclear};

impl Repeat {
    pub(super) fn of(statement: &Statement<'_>, backend: Backend) -> Self {
        let parts = statement.parts();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match backend {
            Backend::Mysql => mysql(&parts),
            Backend::Postgres => postgres(&parts),
            // Nothing but `VACUUM` runs outside of a transaction.
            Backend::Sqlite if parts.contains(&"INTO") => Unclear,
            Backend::Sqlite => Harmless,
        }
    }

    /// Returns whether an error means that the statement was done before.
    pub(super) fn is_done(&self, error: &diesel::result::Error) -> bool {
        let Fails(codes) = self else { return false };
        let code = ServerError::of(error).and_then(|error| error.code());
        code.is_some_and(|code| codes.contains(&code.as_str()))
    }
}

fn fails(codes: &[&'static str]) -> Repeat {
    Fails(codes.to_vec())
}

fn has(parts: &[&str], words: &[&str]) -> bool {
    parts.windows(words.len()).any(|window| window == words)
}

/// Returns whether it says `IF EXISTS` or `IF NOT EXISTS`.
fn is_conditional(parts: &[&str]) -> bool {
    has(parts, &["IF", "EXISTS"]) || has(parts, &["IF", "NOT", "EXISTS"])
}

/// Returns the kind of object that `CREATE` or `DROP` is about.
fn object<'a>(parts: &[&'a str]) -> &'a str {
    const KINDS: [&str; 17] = [
        "TABLE",
        "INDEX",
        "VIEW",
        "TRIGGER",
        "PROCEDURE",
        "FUNCTION",
        "PACKAGE",
        "EVENT",
        "DATABASE",
        "SCHEMA",
        "USER",
        "ROLE",
        "SEQUENCE",
        "SERVER",
        "TABLESPACE",
        "SUBSCRIPTION",
        "TYPE",
    ];
    parts.iter().skip(1).find(|part| KINDS.contains(part)).copied().unwrap_or_default()
}

fn mysql(parts: &[&str]) -> Repeat {
    match parts.first().copied().unwrap_or_default() {
        "ANALYZE" | "CHECK" | "OPTIMIZE" | "REPAIR" | "FLUSH" | "CACHE" | "RESET" | "GRANT" | "TRUNCATE" => {
            Harmless
        }
        "LOAD" if has(parts, &["LOAD", "INDEX"]) => Harmless,
        "REVOKE" => fails(&["1141", "1147", "1269"]),
        "CREATE" if has(parts, &["OR", "REPLACE"]) => Harmless,
        "CREATE" => match object(parts) {
            // Whether its rows were all inserted is not certain.
            "TABLE" if parts.contains(&"SELECT") => Unclear,
            _ if is_conditional(parts) => Harmless,
            "TABLE" | "VIEW" | "SEQUENCE" => fails(&["1050"]),
            "DATABASE" | "SCHEMA" => fails(&["1007"]),
            "INDEX" => fails(&["1061"]),
            "TRIGGER" => fails(&["1359"]),
            "PROCEDURE" | "FUNCTION" | "PACKAGE" => fails(&["1304"]),
            "EVENT" => fails(&["1537"]),
            "USER" | "ROLE" => fails(&["1396"]),
            "SERVER" => fails(&["1476"]),
            _ => Unclear,
        },
        "DROP" => match object(parts) {
            "" => Unclear,
            _ if is_conditional(parts) => Harmless,
            "TABLE" | "VIEW" | "SEQUENCE" => fails(&["1051", "4091", "4092"]),
            "DATABASE" | "SCHEMA" => fails(&["1008"]),
            "INDEX" => fails(&["1091"]),
            "TRIGGER" => fails(&["1360"]),
            "PROCEDURE" | "FUNCTION" | "PACKAGE" => fails(&["1305"]),
            "EVENT" => fails(&["1539"]),
            "USER" | "ROLE" => fails(&["1396"]),
            "SERVER" => fails(&["1477"]),
            _ => Unclear,
        },
        "RENAME" if parts.get(1) == Some(&"TABLE") && !swaps(&parts[2..]) => fails(&["1017", "1050", "1146"]),
        "RENAME" if parts.get(1) == Some(&"USER") => fails(&["1396"]),
        "ALTER" => match object(parts) {
            "TABLE" => alter_table::repeat(parts),
            "VIEW" | "PROCEDURE" | "FUNCTION" | "DATABASE" | "SCHEMA" | "USER" | "SEQUENCE" => Harmless,
            _ => Unclear,
        },
        _ => Unclear,
    }
}

/// Returns whether `RENAME TABLE` gives a table a name that it also takes from one: then it succeeds twice.
fn swaps(parts: &[&str]) -> bool {
    let pairs = || {
        parts.split(|part| *part == ",").filter_map(|pair| {
            let to = pair.iter().position(|part| *part == "TO")?;
            Some((pair[..to].concat(), pair[to + 1..].concat()))
        })
    };
    pairs().any(|(old, _)| pairs().any(|(_, new)| new == old))
}

fn postgres(parts: &[&str]) -> Repeat {
    match parts.first().copied().unwrap_or_default() {
        "VACUUM" | "ANALYZE" | "REINDEX" | "CLUSTER" | "REFRESH" | "DISCARD" | "CHECKPOINT" => Harmless,
        "CREATE" | "DROP" | "ALTER" if is_conditional(parts) => Harmless,
        "CREATE" => match object(parts) {
            "DATABASE" => fails(&["42P04"]),
            "TABLESPACE" | "SUBSCRIPTION" => fails(&["42710"]),
            _ => Unclear,
        },
        "DROP" => match object(parts) {
            "INDEX" | "TABLESPACE" | "SUBSCRIPTION" => fails(&["42704"]),
            "DATABASE" => fails(&["3D000"]),
            _ => Unclear,
        },
        "ALTER" => match object(parts) {
            "TYPE" => fails(&["42710"]),
            "TABLE" if has(parts, &["DETACH", "PARTITION"]) => fails(&["42P01"]),
            "DATABASE" | "SUBSCRIPTION" => Harmless,
            _ if parts.get(1) == Some(&"SYSTEM") => Harmless,
            _ => Unclear,
        },
        "COMMIT" | "ROLLBACK" if parts.get(1) == Some(&"PREPARED") => fails(&["42704"]),
        _ => Unclear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrations::script::Script;

    fn repeat(sql: &str, backend: Backend) -> Repeat {
        let script = Script::new(sql, backend);
        Repeat::of(&script.statements().next().expect("one"), backend)
    }

    #[test]
    fn mysqls_statements() {
        for (sql, expected) in [
            ("CREATE TABLE a (id INT)", fails(&["1050"])),
            ("CREATE TABLE IF NOT EXISTS a (id INT)", Harmless),
            ("CREATE TABLE a AS SELECT 1", Unclear),
            ("CREATE OR REPLACE VIEW a AS SELECT 1", Harmless),
            (
                "CREATE ALGORITHM = MERGE DEFINER = `x`@`%` SQL SECURITY INVOKER VIEW a AS SELECT 1",
                fails(&["1050"]),
            ),
            ("CREATE UNIQUE INDEX i ON a (id)", fails(&["1061"])),
            (
                "/*!50003 CREATE*/ /*!50017 DEFINER=`x`@`%`*/ /*!50003 TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.id = 1 */",
                fails(&["1359"]),
            ),
            ("CREATE FUNCTION f() RETURNS INT RETURN 1", fails(&["1304"])),
            ("DROP TABLE a, b", fails(&["1051", "4091", "4092"])),
            ("DROP INDEX i ON a", fails(&["1091"])),
            ("DROP TRIGGER IF EXISTS t", Harmless),
            ("TRUNCATE a", Harmless),
            ("RENAME TABLE a TO b, c TO d", fails(&["1017", "1050", "1146"])),
            ("RENAME TABLE a TO tmp, b TO a, tmp TO b", Unclear),
            ("CALL p()", Unclear),
            ("EXECUTE s", Unclear),
            ("INSERT INTO m VALUES (1)", Unclear),
            ("BEGIN NOT ATOMIC INSERT INTO m VALUES (1); END", Unclear),
        ] {
            assert_eq!(repeat(sql, Backend::Mysql), expected, "{sql}");
        }
    }

    #[test]
    fn postgresqls_and_sqlites_statements() {
        for (sql, expected) in [
            ("VACUUM ANALYZE a", Harmless),
            ("DROP INDEX CONCURRENTLY i", fails(&["42704"])),
            ("DROP INDEX CONCURRENTLY IF EXISTS i", Harmless),
            ("ALTER TYPE kind ADD VALUE 'two'", fails(&["42710"])),
            ("ALTER TYPE kind ADD VALUE IF NOT EXISTS 'two'", Harmless),
            ("CREATE DATABASE shop", fails(&["42P04"])),
            ("ALTER SYSTEM SET work_mem = '1MB'", Harmless),
            ("ALTER TABLE a DETACH PARTITION b CONCURRENTLY", fails(&["42P01"])),
            ("CALL p()", Unclear),
            ("DO $$ BEGIN COMMIT; END $$", Unclear),
        ] {
            assert_eq!(repeat(sql, Backend::Postgres), expected, "{sql}");
        }
        assert_eq!(repeat("VACUUM", Backend::Sqlite), Harmless);
        assert_eq!(repeat("VACUUM INTO 'a.db'", Backend::Sqlite), Unclear);
    }
}
