//! All statements but `ALTER TABLE`.

use super::scan::{Scan, created_columns};
use super::tokens::Reader;
use super::{alter_table, objects, rebuilding};
use crate::settings::Backend;

/// Statements that neither lock a table for long nor change what the running version uses.
const HARMLESS: &[&str] = &[
    "",
    "ABORT",
    "ANALYZE",
    "ATTACH",
    "CHECK",
    "CHECKPOINT",
    "CLOSE",
    "COMMENT",
    "COPY",
    "DEALLOCATE",
    "DECLARE",
    "DETACH",
    "DISCARD",
    "EXPLAIN",
    "FETCH",
    "FLUSH",
    "GRANT",
    "HANDLER",
    "IMPORT",
    "INSERT",
    "LISTEN",
    "LOAD",
    "NOTIFY",
    "PRAGMA",
    "REASSIGN",
    "RELEASE",
    "REPLACE",
    "RESET",
    "REVOKE",
    "SAVEPOINT",
    "SECURITY",
    "SELECT",
    "SHOW",
    "TABLE",
    "UNLISTEN",
    "UNLOCK",
    "USE",
    "VALUES",
];

pub(super) fn read(scan: &mut Scan, at: Reader<'_>) {
    let mut rest = at;
    let word = rest.word();
    rest.skip(1);
    if scan.is(Backend::Postgres) && matches!(word, "CREATE" | "ALTER" | "DROP") {
        at.long_names().for_each(|name| scan.report("identifier-too-long", name));
    }
    match word {
        "CREATE" => create(scan, at, rest),
        "ALTER" => {
            rest.eat_any(&["ONLINE", "OFFLINE", "IGNORE"]);
            if rest.eat(&["TABLE"]) {
                alter_table::read(scan, at, rest);
            } else if rest.eat(&["FOREIGN", "TABLE"]) {
                alter_table::read_foreign(scan, rest);
            } else {
                objects::altered(scan, at, rest);
            }
        }
        "DROP" => objects::dropped(scan, at, rest),
        "TRUNCATE" => truncated(scan, at, rest),
        "UPDATE" => updated(scan, at, rest),
        "DELETE" => {
            let _ = rest.eat(&["FROM"]);
            updated(scan, at, rest);
        }
        "WITH" => with(scan, at),
        "RENAME" if scan.is(Backend::Mysql) && rest.eat(&["TABLE"]) => renamed(scan, at, rest),
        "SET" => {
            rest.eat_any(&["SESSION", "LOCAL", "@", "."]);
            if rest.eat(&["FOREIGN_KEY_CHECKS", "="]) {
                scan.skips_foreign_keys = matches!(rest.word(), "0" | "OFF" | "FALSE");
            }
        }
        "BEGIN" | "START" => scan.begin(),
        "ROLLBACK" if rest.has(&["TO"]) => {}
        "COMMIT" | "END" | "ROLLBACK" => scan.commit(),
        "OPTIMIZE" | "REPAIR" if scan.is(Backend::Mysql) => {}
        "LOCK" if !scan.is(Backend::Sqlite) => locked(scan, at, rest),
        "VACUUM" => vacuum(scan, at, rest),
        "CLUSTER" if scan.is(Backend::Postgres) => scan.report("prefer-repack", at),
        "REINDEX" => reindex(scan, at, rest),
        "REFRESH" if scan.is(Backend::Postgres) => refresh(scan, at, rest),
        "INSERT" | "REPLACE" if scan.is(Backend::Sqlite) => rebuilding::copied(scan, at, rest),
        word if HARMLESS.contains(&word) => {}
        // `DO`, `CALL`, `EXECUTE`: what they run is not in this text, or in another language.
        _ => scan.report("unread-statement", at),
    }
}

fn create(scan: &mut Scan, at: Reader<'_>, mut rest: Reader<'_>) {
    let _ = rest.eat(&["OR", "REPLACE"]);
    let is_temporary = ["GLOBAL", "LOCAL", "TEMP", "TEMPORARY", "FOREIGN"].contains(&rest.word());
    let is_blocking = matches!(rest.word(), "FULLTEXT" | "SPATIAL");
    rest.eat_any(&[
        "GLOBAL",
        "LOCAL",
        "TEMP",
        "TEMPORARY",
        "UNLOGGED",
        "FOREIGN",
        "UNIQUE",
        "FULLTEXT",
        "SPATIAL",
        "VECTOR",
        "VIRTUAL",
        "RECURSIVE",
    ]);
    if rest.eat(&["TABLE"]) {
        rest.eat_if_exists();
        let table = rest.name();
        if !is_temporary && rest.is(&["("]) && !has_key(rest) {
            scan.create_keyless(&table, at);
        }
        scan.create(table, created_columns(rest));
    } else if rest.eat(&["MATERIALIZED", "VIEW"]) {
        rest.eat_if_exists();
        let view = rest.name();
        scan.create(view, Vec::new());
    } else if rest.eat(&["INDEX"]) {
        index(scan, at, rest, is_blocking);
    } else if rest.eat(&["DOMAIN"]) && (rest.has(&["CHECK"]) || rest.has(&["NOT", "NULL"])) {
        scan.report("ban-create-domain-with-constraint", at);
    }
}

/// Returns whether a `CREATE TABLE`, from its parentheses, has a primary key, or may get one from another table.
fn has_key(rest: Reader<'_>) -> bool {
    let is_of_another = rest.has(&["INHERITS"]) || rest.has(&["AS"]) || rest.has(&["SELECT"]);
    let is_key = |part: &Reader<'_>| part.has(&["PRIMARY", "KEY"]) || part.is(&["LIKE"]);
    is_of_another || rest.inside().parts().iter().any(is_key)
}

fn index(scan: &mut Scan, at: Reader<'_>, mut rest: Reader<'_>, is_blocking: bool) {
    let is_concurrent = rest.eat(&["CONCURRENTLY"]);
    rest.eat_if_exists();
    let name = if rest.is(&["ON"]) { String::new() } else { rest.name() };
    let Some(mut table) = rest.after(&["ON"]) else { return scan.report("unread-statement", at) };
    // An index of the partitioned table alone is not built.
    let is_only = table.eat(&["ONLY"]);
    let is_new = scan.is_new(&table.name());
    if !name.is_empty() {
        scan.create_index(name);
    }
    match scan.backend {
        Backend::Postgres if is_concurrent => concurrently(scan, at),
        Backend::Postgres if !is_new && !is_only => scan.report("require-concurrent-index-creation", at),
        Backend::Mysql if !is_new => {
            if is_blocking {
                scan.report("blocking-index-creation", at);
            }
            of_options(scan, table);
        }
        Backend::Postgres | Backend::Mysql | Backend::Sqlite => {}
    }
}

/// Reads `ALGORITHM = …` and `LOCK = …` at the end of MySQL's `CREATE INDEX` and `DROP INDEX`.
pub(super) fn of_options(scan: &mut Scan, rest: Reader<'_>) {
    for (word, rule, blocking) in [
        ("ALGORITHM", "copying-algorithm", &["COPY"][..]),
        ("LOCK", "blocking-lock", &["SHARED", "EXCLUSIVE"]),
    ] {
        let Some(mut value) = rest.after(&[word]) else { continue };
        let _ = value.eat(&["="]);
        if blocking.contains(&value.word()) {
            scan.report(rule, value);
        }
    }
}

/// Checks a statement with `CONCURRENTLY`.
pub(super) fn concurrently(scan: &mut Scan, at: Reader<'_>) {
    if scan.in_transaction {
        scan.report("ban-concurrent-index-creation-in-transaction", at);
    }
}

fn truncated(scan: &mut Scan, at: Reader<'_>, mut rest: Reader<'_>) {
    let _ = rest.eat(&["TABLE"]);
    let is_cascade = rest.has(&["CASCADE"]);
    for mut part in rest.parts() {
        let _ = part.eat(&["ONLY"]);
        if !scan.is_new(&part.name()) {
            let is_postgres = scan.is(Backend::Postgres);
            let rule = if is_cascade && is_postgres { "ban-truncate-cascade" } else { "truncating-table" };
            return match scan.backend {
                Backend::Sqlite => scan.report("unread-statement", at),
                Backend::Postgres | Backend::Mysql => scan.report(rule, at),
            };
        }
    }
}

/// Reads what follows `UPDATE` or `DELETE FROM`.
fn updated(scan: &mut Scan, at: Reader<'_>, mut rest: Reader<'_>) {
    rest.eat_any(&["ONLY", "LOW_PRIORITY", "QUICK", "IGNORE"]);
    if rest.eat(&["OR"]) {
        rest.skip(1);
    }
    let is_limited = rest.has(&["WHERE"]) || rest.has(&["LIMIT"]);
    let table = rest.name();
    if scan.is_new(&table) {
        return;
    }
    if !is_limited {
        scan.report("updating-all-rows", at);
    }
    if scan.is(Backend::Postgres) && scan.in_transaction && scan.altered.contains(&table) {
        scan.report("updating-in-schema-transaction", at);
    }
}

/// Reads the statement behind `WITH x AS (…)`.
fn with(scan: &mut Scan, at: Reader<'_>) {
    let mains = ["SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", "VALUES"];
    let before = at.until(&mains).0.len();
    let mut rest = at;
    rest.skip(before);
    if matches!(rest.word(), "UPDATE" | "DELETE") {
        read(scan, rest);
    }
}

fn renamed(scan: &mut Scan, at: Reader<'_>, rest: Reader<'_>) {
    for mut part in rest.parts() {
        let old = part.name();
        let _ = part.eat(&["TO"]);
        let new = part.name();
        if !scan.is_new(&old) {
            scan.report_removal("renaming-table", at, &old, None);
        }
        scan.rename(&old, new);
    }
}

fn locked(scan: &mut Scan, at: Reader<'_>, mut rest: Reader<'_>) {
    // `mysqldump` writes it for the table that it has created.
    let _ = rest.eat(&["TABLES"]) || rest.eat(&["TABLE"]);
    if !rest.parts().into_iter().all(|mut part| scan.is_new(&part.name())) {
        scan.report("locking-table", at);
    }
}

fn vacuum(scan: &mut Scan, at: Reader<'_>, rest: Reader<'_>) {
    match scan.backend {
        Backend::Sqlite => scan.report("vacuuming-database", at),
        Backend::Postgres => {
            let options = rest.inside().parts();
            let is_full = |option: &Reader<'_>| {
                option.is(&["FULL"]) && !option.is(&["FULL", "FALSE"]) && !option.is(&["FULL", "OFF"])
            };
            if rest.is(&["FULL"]) || options.iter().any(is_full) {
                scan.report("prefer-repack", at);
            }
        }
        Backend::Mysql => scan.report("unread-statement", at),
    }
}

fn reindex(scan: &mut Scan, at: Reader<'_>, mut rest: Reader<'_>) {
    if !scan.is(Backend::Postgres) {
        return;
    }
    let is_option = |option: &Reader<'_>| option.is(&["CONCURRENTLY"]) && option.0.len() < 2;
    let mut is_concurrent = rest.inside().parts().iter().any(is_option);
    let _ = rest.eat_parentheses();
    // It cannot be concurrent.
    if rest.eat(&["SYSTEM"]) {
        return scan.report("rewriting-table", at);
    }
    rest.skip(1);
    is_concurrent |= rest.eat(&["CONCURRENTLY"]);
    let name = rest.name();
    if is_concurrent {
        concurrently(scan, at);
    } else if !scan.is_new(&name) && !scan.is_new_index(&name) {
        scan.report("require-concurrent-reindex", at);
    }
}

fn refresh(scan: &mut Scan, at: Reader<'_>, mut rest: Reader<'_>) {
    let _ = rest.eat(&["MATERIALIZED", "VIEW"]);
    let is_concurrent = rest.eat(&["CONCURRENTLY"]);
    if !is_concurrent && !scan.is_new(&rest.name()) && !rest.has(&["WITH", "NO", "DATA"]) {
        scan.report("refresh-matview-non-concurrent", at);
    }
}
