//! The session variables that this crate's connections rely on, whatever the server's defaults and its
//! `init_connect` are.

macro_rules! session {
    () => {
        "SET autocommit = 1, completion_type = 0, sql_auto_is_null = 0, \
         sql_select_limit = 18446744073709551615, sql_mode = REPLACE(@@sql_mode, 'ORACLE', ''), \
         time_zone = '+00:00', character_set_client = utf8mb4, character_set_connection = utf8mb4, \
         character_set_results = utf8mb4"
    };
}

/// Sets the session variables that could otherwise lose data without an error.
///
/// - `autocommit`: without it a statement outside a transaction is rolled back when the connection closes.
/// - `completion_type`: with `CHAIN` each COMMIT begins another transaction, with the same effect; with
///   `RELEASE` it closes the connection.
/// - `sql_auto_is_null`: with it `IS NULL` matches the row that was inserted last.
/// - `sql_select_limit`: with it SELECTs return fewer rows.
/// - `sql_mode`: MariaDB's mode `ORACLE` parses the BEGIN of a transaction as that of a block. All other
///   modes keep the server's setting: the SQL of Diesel and of this crate means the same in each, and a team
///   writes its own SQL for its server.
/// - Diesel's types rely on UTC, and Rust's strings on utf8mb4.
pub(crate) const SESSION: &str = session!();

/// Restores a used session. It rolls back first: if `autocommit` was off, turning it on would commit the
/// pending changes.
pub(crate) const RESTORE: &str = concat!("ROLLBACK; ", session!());

/// Statements that change none of the variables above, nor the database.
#[cfg(feature = "mysql")]
const HARMLESS: [&str; 16] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "REPLACE",
    "WITH",
    "VALUES",
    "BEGIN",
    "START",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT",
    "RELEASE",
    "SHOW",
    "EXPLAIN",
    "DESCRIBE",
];

/// Returns whether an SQL text may change what [`SESSION`] sets, or the database.
#[cfg(feature = "mysql")]
pub(super) fn changes_session(sql: &str) -> bool {
    let sql = sql.trim_start_matches(|first: char| first.is_ascii_whitespace() || first == '(');
    let word = sql.split(|character: char| !character.is_ascii_alphabetic()).next().unwrap_or_default();
    let has_several =
        sql.trim_end_matches(|last: char| last.is_ascii_whitespace() || last == ';').contains(';');
    has_several || !HARMLESS.iter().any(|harmless| harmless.eq_ignore_ascii_case(word))
}

#[cfg(all(test, feature = "mysql"))]
mod tests {
    use super::*;

    #[test]
    fn only_known_statements_leave_a_session_as_it_is() {
        for sql in ["SELECT 1", " (select 1) UNION (SELECT 2);\n", "BEGIN", "insert into t values (1)"] {
            assert!(!changes_session(sql), "{sql}");
        }
        for sql in
            ["USE other", "SELECT 1; USE other", "/*! SET a = 1 */", "CALL p()", "", "SELECTED", SESSION]
        {
            assert!(changes_session(sql), "{sql}");
        }
    }
}
