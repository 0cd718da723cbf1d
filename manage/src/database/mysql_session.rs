//! What our connections rely on in a MySQL or MariaDB server's session, whatever the server's defaults and its `init_connect` say.

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
/// - `completion_type`: with `CHAIN` each COMMIT begins another transaction, with the same effect; with `RELEASE` it closes
///   the connection.
/// - `sql_auto_is_null`: with it `IS NULL` finds the row that was inserted last.
/// - `sql_select_limit`: with it a list ends early.
/// - `sql_mode`: MariaDB's mode `ORACLE` takes the BEGIN of a transaction for that of a block. All other modes stay the server's:
///   Diesel's SQL and ours mean the same in each, and a team's own SQL is written for its server.
/// - Diesel's types count on UTC, and Rust's strings on utf8mb4.
pub(crate) const SESSION: &str = session!();

/// The same for a session that was used before. If `autocommit` was off, turning it on would commit what is pending.
#[cfg(feature = "mysql")]
pub(super) const RESTORE: &str = concat!("ROLLBACK; ", session!());
