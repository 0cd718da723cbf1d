//! `ALTER TABLE`.

use super::scan::Scan;
use super::tokens::Reader;
use super::{columns, mysql};
use crate::settings::Backend;

/// Reads the statement after the words `ALTER TABLE`. `at` is its beginning.
pub(super) fn read(scan: &mut Scan, at: Reader<'_>, mut rest: Reader<'_>) {
    rest.eat_if_exists();
    let _ = rest.eat(&["ONLY"]);
    let table = rest.name();
    rest.eat_any(&["*", "NOWAIT"]);
    if rest.eat(&["WAIT"]) {
        rest.skip(1);
    }
    if scan.is_new(&table) {
        if rest.eat(&["RENAME", "TO"]) {
            let new = rest.name();
            scan.rename(&table, new);
        } else if rest.has(&["PRIMARY", "KEY"]) {
            scan.settle_key(&table);
        }
        return;
    }
    let parts = rest.parts();
    let is_online = scan.is(Backend::Mysql) && mysql::states_algorithm(scan, &parts);
    for part in &parts {
        if scan.is(Backend::Mysql)
            && (mysql::is_option(*part) || mysql::read(scan, &table, *part, &parts, is_online))
        {
            continue;
        }
        action(scan, at, &table, *part);
    }
    scan.altered.insert(table);
}

/// Reads `ALTER FOREIGN TABLE`: the rows are elsewhere, and are neither locked nor read.
pub(super) fn read_foreign(scan: &mut Scan, mut rest: Reader<'_>) {
    rest.eat_if_exists();
    let _ = rest.eat(&["ONLY"]);
    let table = rest.name();
    let _ = rest.eat(&["*"]);
    let parts = if scan.is_new(&table) { Vec::new() } else { rest.parts() };
    for part in parts {
        let mut rest = part;
        if rest.eat(&["DROP"]) {
            dropped(scan, part, &table, rest);
        } else if rest.eat(&["RENAME"]) {
            renamed(scan, part, &table, rest);
        } else if rest.is(&["SET", "SCHEMA"]) {
            scan.report("ban-set-schema", part);
        } else if rest.eat(&["ALTER"]) {
            let _ = rest.eat(&["COLUMN"]);
            let _ = rest.name();
            if rest.is(&["TYPE"]) || rest.is(&["SET", "DATA", "TYPE"]) {
                scan.report("changing-column-type", part);
            }
        }
    }
}

/// Reads one of the actions.
fn action(scan: &mut Scan, at: Reader<'_>, table: &str, part: Reader<'_>) {
    let mut rest = part;
    if rest.eat(&["ADD"]) {
        if columns::is_constraint(rest) {
            return columns::added_constraint(scan, part, table, rest);
        }
        // Of PostgreSQL 18: `ADD NOT NULL x`.
        if rest.is(&["NOT", "NULL"]) {
            return columns::added_constraint(scan, part, table, rest);
        }
        let _ = rest.eat(&["COLUMN"]);
        rest.eat_if_exists();
        if rest.is(&["("]) {
            for column in rest.inside().parts() {
                match columns::is_constraint(column) {
                    true => columns::added_constraint(scan, column, table, column),
                    false => columns::added(scan, column, table, column),
                }
            }
            return;
        }
        columns::added(scan, part, table, rest);
    } else if rest.eat(&["DROP"]) {
        dropped(scan, part, table, rest);
    } else if rest.eat(&["RENAME"]) {
        renamed(scan, part, table, rest);
    } else if rest.eat(&["ALTER"]) && !rest.is(&["INDEX"]) && !rest.is(&["CONSTRAINT"]) {
        let _ = rest.eat(&["COLUMN"]);
        let name = rest.name();
        column(scan, part, (table, &name), rest);
    } else if rest.eat(&["VALIDATE", "CONSTRAINT"]) {
        let name = rest.name();
        if scan.in_transaction && scan.not_valid.contains(&format!("{table}.{name}")) {
            scan.report("constraint-missing-not-valid", part);
        }
        scan.nulls.validate(table, &name);
        scan.validated.insert(table.to_owned());
    } else if rest.is(&["SET", "SCHEMA"]) {
        scan.report("ban-set-schema", part);
    } else if scan.is(Backend::Postgres) {
        partition_or_storage(scan, at, part);
    } else if part.word() != "ALTER" {
        scan.report("unread-statement", part);
    }
}

fn dropped(scan: &mut Scan, part: Reader<'_>, table: &str, mut rest: Reader<'_>) {
    if rest.eat(&["CONSTRAINT"]) || rest.eat(&["FOREIGN", "KEY"]) || rest.eat(&["CHECK"]) {
        return match scan.backend {
            Backend::Sqlite => scan.report("unread-statement", part),
            Backend::Postgres | Backend::Mysql => scan.report("ban-drop-constraint", part),
        };
    }
    let _ = rest.eat(&["COLUMN"]);
    rest.eat_if_exists();
    let column = rest.name();
    scan.report_removal("ban-drop-column", part, table, Some(column));
}

fn renamed(scan: &mut Scan, part: Reader<'_>, table: &str, mut rest: Reader<'_>) {
    if rest.is(&["CONSTRAINT"]) && scan.is(Backend::Postgres) {
        // An error of the database names it.
        return scan.report("renaming-object", part);
    }
    if rest.is(&["CONSTRAINT"]) || rest.is(&["INDEX"]) || rest.is(&["KEY"]) {
        return;
    }
    if rest.eat(&["TO"]) || rest.eat(&["AS"]) || (scan.is(Backend::Mysql) && !rest.is(&["COLUMN"])) {
        let new = rest.name();
        if !scan.is_rebuilt(table) {
            scan.report_removal("renaming-table", part, table, None);
        }
        return scan.rename(table, new);
    }
    let _ = rest.eat(&["COLUMN"]);
    let column = rest.name();
    scan.report_removal("renaming-column", part, table, Some(column));
}

/// Reads what follows `ALTER [COLUMN] name`.
fn column(scan: &mut Scan, part: Reader<'_>, (table, column): (&str, &str), rest: Reader<'_>) {
    let is_postgres = scan.is(Backend::Postgres);
    if scan.is(Backend::Sqlite) {
        scan.report("unread-statement", part);
    } else if rest.is(&["TYPE"]) || rest.is(&["SET", "DATA", "TYPE"]) {
        scan.report("changing-column-type", part);
    } else if is_postgres && rest.is(&["SET", "NOT", "NULL"]) {
        if !scan.nulls.is_checked(table, column) {
            scan.report("adding-not-nullable-field", part);
        }
    } else if is_postgres && rest.is(&["DROP", "NOT", "NULL"]) {
        scan.report("ban-drop-not-null", part);
    } else if rest.is(&["DROP", "DEFAULT"]) {
        scan.drop_default((table, column), part);
    } else if rest.is(&["SET", "DEFAULT"]) && !rest.is(&["SET", "DEFAULT", "NULL"]) {
        scan.set_default((table, column));
    } else if is_postgres && (rest.is(&["SET", "EXPRESSION"]) || rest.is(&["SET", "GENERATED", "STORED"])) {
        scan.report("rewriting-table", part);
    }
}

/// Reads the actions that only PostgreSQL has.
fn partition_or_storage(scan: &mut Scan, at: Reader<'_>, part: Reader<'_>) {
    let mut rest = part;
    if rest.eat(&["DETACH", "PARTITION"]) {
        if rest.has(&["CONCURRENTLY"]) {
            super::statements::concurrently(scan, at);
        } else if !rest.has(&["FINALIZE"]) {
            scan.report("require-concurrent-partition-detach", part);
        }
    } else if rest.eat(&["ATTACH", "PARTITION"]) {
        let partition = rest.name();
        if !scan.is_new(&partition) && !scan.validated.contains(&partition) {
            scan.report("attaching-partition", part);
        }
    } else if rest.eat(&["SET"]) {
        let moves =
            ["LOGGED", "UNLOGGED", "TABLESPACE"].contains(&rest.word()) || rest.is(&["ACCESS", "METHOD"]);
        if moves {
            scan.report("rewriting-table", part);
        }
    } else {
        const HARMLESS: [&str; 14] = [
            "RESET", "OWNER", "ENABLE", "DISABLE", "FORCE", "NO", "INHERIT", "CLUSTER", "REPLICA", "OF",
            "NOT", "OPTIONS", "ALTER", "VALIDATE",
        ];
        if !HARMLESS.contains(&part.word()) {
            scan.report("unread-statement", part);
        }
    }
}
