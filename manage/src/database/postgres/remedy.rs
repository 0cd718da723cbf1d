//! Hints for PostgreSQL errors, by SQLSTATE.

use crate::database::ServerError;
use crate::database::error::remedy::Who;

/// The hint for a pooler that breaks prepared statements.
const POOLER: &str = "A pooler seems to give each transaction another session of the server (PgBouncer's pool_mode), and prepared \
                      statements belong to sessions. PgBouncer keeps them apart from 1.21 on, with max_prepared_statements; else \
                      use pool_mode = session, or the address of the server itself.";

/// Returns a hint, with the names of the user and the database.
pub(super) fn remedy(error: &ServerError) -> Option<String> {
    let who = &Who::of(error);
    let Who { user, database, place, origin } = who;
    let (role, base) = (identifier(user), identifier(database));
    Some(match error.sqlstate()? {
        "42501" => permission(error.message(), who),
        // The same code for a schema that the statement names; every language quotes the name.
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
        // The session does not know a prepared statement of the driver, or already has one of that name.
        "26000" | "42P05" => POOLER.to_owned(),
        _ => return None,
    })
}

/// Returns who can grant the missing permission. The code shows that a permission is missing; an English
/// message also names the object.
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

/// Splits text such as `table articles` into kind and name.
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

/// Quotes a name for use in a PostgreSQL statement.
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
            let reported = permission(message, &who());
            assert!(
                reported.contains(words) && reported.contains("app-user") && reported.contains("blog"),
                "{message}: {reported}"
            );
        }
    }
}
