//! `DROP`, and `ALTER` of what is not a table.

use super::scan::Scan;
use super::statements::{concurrently, of_options};
use super::tokens::Reader;
use crate::settings::Backend;

/// Reads what follows `DROP`.
pub(super) fn dropped(scan: &mut Scan, at: Reader<'_>, mut rest: Reader<'_>) {
    if rest.eat(&["TEMPORARY", "TABLE"]) {
        return;
    }
    if rest.eat(&["INDEX"]) {
        return index(scan, at, rest);
    }
    if rest.eat(&["TABLE"]) || rest.eat(&["FOREIGN", "TABLE"]) {
        rest.eat_if_exists();
        for mut part in rest.parts() {
            let table = part.name();
            scan.settle_key(&table);
            if scan.is_rebuilt(&table) {
                scan.report_rebuild(at, &table);
            } else if !scan.is_new(&table) {
                scan.report_removal("ban-drop-table", at, &table, None);
            }
        }
        return;
    }
    let _ = rest.eat(&["MATERIALIZED"]);
    let rule = match rest.word() {
        "VIEW" => "ban-drop-view",
        "SCHEMA" if scan.is(Backend::Mysql) => "ban-drop-database",
        "DATABASE" => "ban-drop-database",
        "SCHEMA" => "ban-drop-schema",
        "FUNCTION" | "PROCEDURE" | "ROUTINE" | "AGGREGATE" => "ban-drop-function",
        "TYPE" => "ban-drop-type",
        "DOMAIN" => "ban-drop-domain",
        "SEQUENCE" => "ban-drop-sequence",
        "EXTENSION" => "ban-drop-extension",
        // Triggers, policies, rules, roles and the like.
        _ => return,
    };
    rest.skip(1);
    rest.eat_if_exists();
    if !scan.is_new(&rest.name()) {
        scan.report(rule, at);
    }
}

fn index(scan: &mut Scan, at: Reader<'_>, mut rest: Reader<'_>) {
    match scan.backend {
        Backend::Postgres => {
            let is_concurrent = rest.eat(&["CONCURRENTLY"]);
            rest.eat_if_exists();
            if is_concurrent {
                concurrently(scan, at);
            } else if !rest.parts().into_iter().all(|mut part| scan.is_new_index(&part.name())) {
                scan.report("require-concurrent-index-deletion", at);
            }
        }
        Backend::Mysql => of_options(scan, rest),
        Backend::Sqlite => {}
    }
}

/// Reads what follows `ALTER`, if it is not a table.
pub(super) fn altered(scan: &mut Scan, at: Reader<'_>, mut rest: Reader<'_>) {
    if !scan.is(Backend::Postgres) {
        return other(scan, at, rest);
    }
    let _ = rest.eat(&["MATERIALIZED"]);
    let kind = rest.word();
    rest.skip(1);
    rest.eat_if_exists();
    let name = rest.name();
    let _ = rest.eat_parentheses();
    if scan.is_new(&name) || scan.is_new_index(&name) {
        return;
    }
    const IN_SCHEMA: [&str; 9] =
        ["VIEW", "SEQUENCE", "TYPE", "DOMAIN", "FUNCTION", "PROCEDURE", "ROUTINE", "AGGREGATE", "EXTENSION"];
    // Nobody names a trigger or a policy but a migration.
    let is_used =
        IN_SCHEMA.contains(&kind) || matches!(kind, "SCHEMA" | "ROLE" | "USER" | "GROUP" | "DATABASE");
    if IN_SCHEMA.contains(&kind) && rest.is(&["SET", "SCHEMA"]) {
        scan.report("ban-set-schema", at);
    } else if is_used && rest.is(&["RENAME", "TO"]) {
        scan.report("renaming-object", at);
    } else if kind == "TYPE" && rest.is(&["ALTER", "ATTRIBUTE"]) {
        scan.report("changing-column-type", at);
    } else if rest.is(&["RENAME", "VALUE"]) {
        scan.report("renaming-enum-value", at);
    } else if kind == "DOMAIN" && (rest.is(&["ADD"]) || rest.is(&["SET", "NOT", "NULL"])) {
        if !rest.has(&["NOT", "VALID"]) {
            scan.report("ban-alter-domain-with-add-constraint", at);
        }
    } else if (kind == "TYPE" && (rest.is(&["DROP", "ATTRIBUTE"]) || rest.is(&["RENAME", "ATTRIBUTE"])))
        || (kind == "VIEW" && rest.is(&["RENAME"]))
        || (kind == "DOMAIN" && rest.is(&["RENAME", "CONSTRAINT"]))
    {
        scan.report("renaming-object", at);
    } else {
        known(scan, at, kind);
    }
}

/// Of MySQL and MariaDB: databases, views, routines, events, users, sequences.
fn other(scan: &mut Scan, at: Reader<'_>, mut rest: Reader<'_>) {
    if rest.eat(&["DEFINER", "="]) {
        rest = rest.after(&["VIEW"]).unwrap_or(rest);
        if rest.is_empty() {
            scan.report("unread-statement", at);
        }
        return;
    }
    known(scan, at, rest.word());
}

fn known(scan: &mut Scan, at: Reader<'_>, kind: &str) {
    const KNOWN: [&str; 36] = [
        "AGGREGATE",
        "ALGORITHM",
        "COLLATION",
        "CONVERSION",
        "DATABASE",
        "DEFAULT",
        "DOMAIN",
        "EVENT",
        "EXTENSION",
        "FOREIGN",
        "FUNCTION",
        "GROUP",
        "INDEX",
        "INSTANCE",
        "LANGUAGE",
        "LARGE",
        "OPERATOR",
        "POLICY",
        "PROCEDURE",
        "PUBLICATION",
        "ROLE",
        "ROUTINE",
        "RULE",
        "SCHEMA",
        "SEQUENCE",
        "SERVER",
        "SQL",
        "STATISTICS",
        "SUBSCRIPTION",
        "SYSTEM",
        "TABLESPACE",
        "TEXT",
        "TRIGGER",
        "TYPE",
        "USER",
        "VIEW",
    ];
    if !KNOWN.contains(&kind) {
        scan.report("unread-statement", at);
    }
}
