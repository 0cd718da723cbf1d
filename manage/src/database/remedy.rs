//! What to do about a statement that a server refused, by its code: who lacks what, where, and who can change it.

use super::ServerError;
use crate::settings::Backend;

/// What a pooler does to prepared statements.
const POOLER: &str = "A pooler seems to give each transaction another session of the server (PgBouncer's pool_mode), and prepared \
                      statements belong to sessions. PgBouncer keeps them apart from 1.21 on, with max_prepared_statements; else \
                      use pool_mode = session, or the address of the server itself.";

impl ServerError {
    /// What may help: one sentence or two, which name the user and the database.
    pub fn remedy(&self) -> Option<String> {
        let who = Who::of(self);
        match self.backend() {
            Backend::Mysql => mysql(self, &who),
            Backend::Postgres => postgres(self, &who),
            Backend::Sqlite => sqlite(self, &who),
        }
    }

    /// Whether the error may come from migrations that are not applied: something is missing, or nothing is known of it.
    pub(crate) fn may_lack_migrations(&self) -> bool {
        match (self.number(), self.sqlstate()) {
            (Some(number), _) => matches!(number, 1146 | 1054 | 1051 | 1091 | 1305 | 1109),
            // A schema, table, column, function or other object that does not exist.
            (None, Some(code)) => matches!(code, "3F000" | "42P01" | "42703" | "42883" | "42704"),
            (None, None) => self.code().is_none() && !is_sqlite_syntax_error(self.message()),
        }
    }
}

/// Whether SQLite could not read the query, so that no migration makes it right.
pub(crate) fn is_sqlite_syntax_error(message: &str) -> bool {
    message.ends_with(": syntax error") || message == "incomplete input"
}

/// Who did it, and where.
struct Who<'a> {
    user: &'a str,
    database: &'a str,
    place: String,
    origin: String,
}

impl<'a> Who<'a> {
    fn of(error: &'a ServerError) -> Self {
        let settings = error.settings();
        let user = settings.user.as_deref().unwrap_or("this user");
        // As libpq: without a name the database is called as the user.
        let database = if settings.name.is_empty() { user } else { &settings.name };
        Self { user, database, place: settings.to_string(), origin: settings.origin.to_string() }
    }
}

fn postgres(error: &ServerError, who: &Who<'_>) -> Option<String> {
    let Who { user, database, place, origin } = who;
    let (role, base) = (identifier(user), identifier(database));
    Some(match error.sqlstate()? {
        "42501" => permission(error.message(), who),
        // The same code for a schema that was named, in quotes in every language.
        "3F000" if error.message().contains('"') => format!(
            "The database {database} has no such schema, as far as the user {user} sees: create it with CREATE SCHEMA, or correct its name."
        ),
        "3F000" => format!(
            "The search_path of the user {user} names no schema of the database {database} that exists and that the user may use. \
             Create one (CREATE SCHEMA {role} AUTHORIZATION {role}), or set another path: ALTER ROLE {role} IN DATABASE {base} SET search_path = public."
        ),
        "25006" => format!(
            "{place} is read-only in this session: it is a standby, or default_transaction_read_only is on. Write to the primary, or \
             let the user {user} write: ALTER ROLE {role} IN DATABASE {base} SET default_transaction_read_only = off."
        ),
        "3D000" => format!(
            "There is no such database. The name {database} comes from {origin}; CREATE DATABASE makes it."
        ),
        "53100" => format!("The disk of {place} is full: make room there, or enlarge it."),
        "53200" => format!(
            "{place} has no memory left for this: it needs more, or fewer connections and a smaller work_mem."
        ),
        "53300" | "53400" => format!(
            "{place} accepts no more connections: close some, or raise max_connections, or the limit of the user {user} or the database {database} \
             (CONNECTION LIMIT)."
        ),
        "2200H" => format!(
            "The sequence in the database {database} has reached its end: give it a larger type and maximum (ALTER SEQUENCE … AS bigint \
             NO MAXVALUE), and the column, too."
        ),
        "55P03" | "57014" => format!(
            "Another transaction holds a lock, or the statement takes longer than lock_timeout or statement_timeout of the user {user} allow on {place}."
        ),
        "25P02" => "An earlier statement of this transaction failed: its error is the one to fix.".to_owned(),
        // The statement that a session does not know, or knows already, by the name that the driver gave it.
        "26000" | "42P05" => POOLER.to_owned(),
        _ => return None,
    })
}

/// Who may grant what is missing. The code says that a permission is missing; the message, where it is English, says on what.
fn permission(message: &str, who: &Who<'_>) -> String {
    let Who { user, database, .. } = who;
    let role = identifier(user);
    if let Some((kind, name)) = message.strip_prefix("must be owner of ").and_then(object) {
        return format!(
            "Only the owner may do that, and the user {user} of the database {database} is not: run it as the owner, or ALTER {} {name} OWNER TO {role}.",
            kind.to_uppercase()
        );
    }
    let Some((kind, name)) = message.strip_prefix("permission denied for ").and_then(object) else {
        return format!(
            "The user {user} lacks this permission in the database {database}: the owner of the object, or a superuser, can grant it."
        );
    };
    match (kind, name) {
        ("schema", "public") => format!(
            "The user {user} may not create objects in the schema public of the database {database}; since PostgreSQL 15 only the database's \
             owner may. As a superuser in that database: GRANT USAGE, CREATE ON SCHEMA public TO {role}; or ALTER DATABASE {} OWNER TO {role}.",
            identifier(database)
        ),
        _ => format!(
            "The user {user} lacks a permission in the database {database}. Its owner, or a superuser, can grant it: GRANT {} ON {} {name} TO {role}.",
            grants(kind),
            grant_kind(kind)
        ),
    }
}

/// `table articles` as its kind and its name.
fn object(text: &str) -> Option<(&str, &str)> {
    const KINDS: [&str; 14] = [
        "materialized view",
        "foreign table",
        "foreign server",
        "foreign-data wrapper",
        "large object",
        "table",
        "view",
        "sequence",
        "schema",
        "database",
        "function",
        "procedure",
        "type",
        "tablespace",
    ];
    let kind =
        KINDS.iter().find(|kind| text.strip_prefix(**kind).is_some_and(|rest| rest.starts_with(' ')))?;
    Some((kind, text[kind.len()..].trim()))
}

fn grants(kind: &str) -> &'static str {
    match kind {
        "table" | "view" | "materialized view" | "foreign table" => "SELECT, INSERT, UPDATE, DELETE",
        "sequence" => "USAGE, SELECT",
        "schema" => "USAGE, CREATE",
        "database" => "CONNECT, CREATE, TEMPORARY",
        "function" | "procedure" => "EXECUTE",
        "tablespace" => "CREATE",
        "large object" => "SELECT, UPDATE",
        _ => "USAGE",
    }
}

fn grant_kind(kind: &str) -> String {
    match kind {
        "view" | "materialized view" | "foreign table" => "TABLE".to_owned(),
        "foreign-data wrapper" => "FOREIGN DATA WRAPPER".to_owned(),
        kind => kind.to_uppercase(),
    }
}

fn mysql(error: &ServerError, who: &Who<'_>) -> Option<String> {
    let Who { user, database, place, origin } = who;
    let base = format!("`{}`", database.replace('`', "``"));
    let grant = |privileges: &str| {
        format!(
            "The user {user} lacks a privilege in the database {database}. The server's administrator can grant it: \
             GRANT {privileges} ON {base}.* TO '{user}'@'%' (with the host that SHOW GRANTS shows)."
        )
    };
    Some(match error.number()? {
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

fn sqlite(error: &ServerError, Who { place, origin, .. }: &Who<'_>) -> Option<String> {
    Some(match error.code()?.as_str() {
        "SQLITE_FULL" => format!(
            "The disk of {place} is full, or the file has reached PRAGMA max_page_count: make room there."
        ),
        "SQLITE_READONLY" => format!(
            "{place} cannot be written to: let this user write to the file and to its directory, or open it without `mode=ro` or `immutable=1` ({origin})."
        ),
        "SQLITE_CANTOPEN" => {
            "SQLite creates files beside the database, with WAL also to read it: let this user write to its directory. On a read-only file \
             system open it as file:PATH?immutable=1, or leave WAL before (PRAGMA journal_mode = DELETE)."
                .to_owned()
        }
        "SQLITE_BUSY" => {
            format!("Another process has held the lock of {place} for longer than the busy timeout.")
        }
        "SQLITE_IOERR" => {
            format!("The system could not read or write {place}: check the disk and the system's log.")
        }
        "SQLITE_CORRUPT" | "SQLITE_NOTADB" => {
            format!("The file of {place} is damaged, or is not an SQLite database: restore a backup.")
        }
        _ => return None,
    })
}

/// A name as PostgreSQL takes it in a statement.
fn identifier(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if is_plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who() -> Who<'static> {
        Who {
            user: "app-user",
            database: "blog",
            place: "PostgreSQL at db:5432/blog".to_owned(),
            origin: String::new(),
        }
    }

    #[test]
    fn a_missing_permission_says_what_to_grant() {
        for (message, words) in [
            ("permission denied for schema public", "GRANT USAGE, CREATE ON SCHEMA public TO \"app-user\""),
            (
                "permission denied for table articles",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE articles TO",
            ),
            (
                "permission denied for sequence articles_id_seq",
                "GRANT USAGE, SELECT ON SEQUENCE articles_id_seq TO",
            ),
            ("permission denied for materialized view sums", "ON TABLE sums TO"),
            ("permission denied for function f", "GRANT EXECUTE ON FUNCTION f TO"),
            ("permission denied for database blog", "ON DATABASE blog TO"),
            ("must be owner of table articles", "ALTER TABLE articles OWNER TO"),
            ("permission denied to create role", "a superuser, can grant it"),
            ("keine Berechtigung für Tabelle articles", "a superuser, can grant it"),
        ] {
            let told = permission(message, &who());
            assert!(
                told.contains(words) && told.contains("app-user") && told.contains("blog"),
                "{message}: {told}"
            );
        }
    }
}
