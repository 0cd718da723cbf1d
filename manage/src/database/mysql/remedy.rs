//! Hints for MySQL and MariaDB errors, by error number.

use crate::database::ServerError;
use crate::database::error::remedy::Who;

/// Returns a hint, with the names of the user and the database.
pub(super) fn remedy(error: &ServerError) -> Option<String> {
    let who = Who::of(error);
    let Who { user, database, place, origin } = &who;
    let base = format!("`{}`", database.replace('`', "``"));
    let grant = |privileges: &str| {
        format!(
            "The user {user} lacks a privilege in the database {database}. The server's administrator can grant it: \
             GRANT {privileges} ON {base}.* TO '{user}'@'%' (with the host that SHOW GRANTS shows)."
        )
    };
    Some(match error.number()? {
        // CREATE DATABASE and USE name another database than the session's.
        1044 if !error.message().ends_with(&format!("'{database}'")) => return None,
        1044 => grant("ALL PRIVILEGES"),
        1142 | 1143 => grant("SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP, REFERENCES"),
        1370 => grant("EXECUTE"),
        1227 | 1419 => format!(
            "The user {user} of {place} needs a privilege of the whole server, which the message names: run this as an administrator, or have it granted ON *.*."
        ),
        1046 if who.database.is_empty() || error.settings().name.is_empty() => format!(
            "The settings of the user {user} name no database: write it at the end of the URL, as in mysql://{user}@host/name ({origin})."
        ),
        1046 => format!(
            "The session of the user {user} has no database: the database {database} was dropped, or USE was not called."
        ),
        1049 => format!(
            "There is no such database. The name {database} comes from {origin}; CREATE DATABASE makes it."
        ),
        1290 | 1836 => format!(
            "{place} was started with an option that forbids this, most likely read_only: it is a replica. Write to the primary, or \
             SET GLOBAL read_only = OFF."
        ),
        1792 => format!(
            "The session of the user {user} in the database {database} is read-only: transaction_read_only (MariaDB: tx_read_only) is on. Turn it off, or \
             write to another server."
        ),
        1021 => format!("The disk of {place} is full: make room there, or enlarge it."),
        1114 => format!(
            "A table of {place} has reached its limit, or the disk is full: make room there, or enlarge it."
        ),
        1037 | 1038 | 1041 => {
            format!("{place} has no memory left for this: it needs more, or fewer connections.")
        }
        1040 => format!("{place} accepts no more connections: close some, or raise max_connections."),
        1203 | 1226 => format!(
            "The user {user} holds as many connections of {place} as it may: close some, or raise its limit."
        ),
        4084 => {
            format!("The sequence in the database {database} has reached its end: ALTER SEQUENCE … MAXVALUE.")
        }
        1205 | 1969 | 3024 => format!(
            "Another transaction holds a lock, or the statement takes longer than the limits of {place} allow (innodb_lock_wait_timeout, max_statement_time, \
             max_execution_time)."
        ),
        _ => return None,
    })
}
