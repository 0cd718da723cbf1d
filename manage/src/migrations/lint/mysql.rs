//! What only MySQL and MariaDB have in an `ALTER TABLE` or a `CREATE INDEX`.

use super::scan::Scan;
use super::tokens::Reader;

/// Reports `ALGORITHM = COPY` and a `LOCK` that blocks. Returns whether the server is to refuse a copy.
pub(super) fn states_algorithm(scan: &mut Scan, parts: &[Reader<'_>]) -> bool {
    let mut is_online = false;
    for part in parts {
        let mut rest = *part;
        let (is_algorithm, is_lock) = (rest.eat(&["ALGORITHM"]), rest.eat(&["LOCK"]));
        let _ = rest.eat(&["="]);
        match rest.word() {
            "COPY" if is_algorithm => scan.report("copying-algorithm", *part),
            "INSTANT" | "NOCOPY" | "INPLACE" if is_algorithm => is_online = true,
            "SHARED" | "EXCLUSIVE" if is_lock => scan.report("blocking-lock", *part),
            _ => {}
        }
    }
    is_online
}

pub(super) fn is_option(part: Reader<'_>) -> bool {
    matches!(part.word(), "ALGORITHM" | "LOCK")
}

/// Reads an action that only MySQL has. Returns false for another one.
pub(super) fn read(
    scan: &mut Scan,
    table: &str,
    part: Reader<'_>,
    parts: &[Reader<'_>],
    is_online: bool,
) -> bool {
    let mut rest = part;
    if rest.eat(&["ADD"]) {
        return addition(scan, part, rest, parts, is_online);
    }
    if rest.eat(&["MODIFY"]) {
        let _ = rest.eat(&["COLUMN"]);
        rest.eat_if_exists();
        definition(scan, part, is_online);
    } else if rest.eat(&["CHANGE"]) {
        let _ = rest.eat(&["COLUMN"]);
        rest.eat_if_exists();
        let (old, new) = (rest.name(), rest.name());
        if old == new {
            definition(scan, part, is_online);
        } else {
            scan.report_removal("renaming-column", part, table, Some(old));
        }
    } else if rest.eat(&["DROP"]) {
        if rest.is(&["PRIMARY", "KEY"]) {
            let is_replaced = parts.iter().any(|part| part.is(&["ADD", "PRIMARY", "KEY"]));
            scan.report(if is_replaced { "replacing-primary-key" } else { "dropping-primary-key" }, part);
            return true;
        }
        if rest.is(&["SYSTEM"]) && !is_online {
            scan.report("rewriting-table", part);
        }
        return ["INDEX", "KEY", "PARTITION", "PERIOD", "SYSTEM"].contains(&rest.word());
    } else if is_rewriting(rest) {
        if !is_online {
            scan.report("rewriting-table", part);
        }
    } else {
        return is_harmless(rest) || names_partitions(parts);
    }
    true
}

/// Returns whether what is behind a comma is one more partition.
fn names_partitions(parts: &[Reader<'_>]) -> bool {
    const VERBS: [&str; 7] = ["DROP", "REORGANIZE", "REBUILD", "OPTIMIZE", "ANALYZE", "CHECK", "REPAIR"];
    parts.first().is_some_and(|first| VERBS.iter().any(|verb| first.is(&[verb, "PARTITION"])))
}

fn definition(scan: &mut Scan, part: Reader<'_>, is_online: bool) {
    if !is_online {
        scan.report("changing-column-type", part);
    }
}

fn addition(
    scan: &mut Scan,
    part: Reader<'_>,
    mut rest: Reader<'_>,
    parts: &[Reader<'_>],
    is_online: bool,
) -> bool {
    match rest.word() {
        "FULLTEXT" | "SPATIAL" => scan.report("blocking-index-creation", part),
        "SYSTEM" if !is_online => scan.report("rewriting-table", part),
        // Partitions by hash: all rows move.
        "PARTITION" if rest.has(&["PARTITIONS"]) && !is_online => scan.report("rewriting-table", part),
        "INDEX" | "KEY" | "VECTOR" | "PARTITION" | "PERIOD" | "SYSTEM" => {}
        "PRIMARY" => {
            let is_new = parts.iter().any(|part| part.is(&["DROP", "PRIMARY", "KEY"]));
            if !is_new && !rest.eat(&["PRIMARY", "KEY"]) {
                scan.report("unread-statement", part);
            }
        }
        // The server refuses what would copy: only what the running version inserts remains.
        _ if is_online && super::columns::is_constraint(rest) => {}
        _ => return false,
    }
    true
}

/// Returns whether an action copies the rows, and blocks writes meanwhile.
fn is_rewriting(mut rest: Reader<'_>) -> bool {
    const REWRITING: [&str; 6] = ["CONVERT", "PARTITION", "REMOVE", "COALESCE", "REORGANIZE", "REBUILD"];
    if rest.eat(&["ENGINE"]) {
        let _ = rest.eat(&["="]);
        // InnoDB builds its own tables again while others write.
        return rest.word() != "INNODB";
    }
    REWRITING.contains(&rest.word()) || rest.is(&["WITH", "SYSTEM"]) || rest.is(&["WITHOUT", "SYSTEM"])
}

/// Returns whether an action changes only what is known about a table, or is done while others write.
fn is_harmless(rest: Reader<'_>) -> bool {
    const HARMLESS: [&str; 22] = [
        "ENGINE",
        "AUTO_INCREMENT",
        "COMMENT",
        "DEFAULT",
        "CHARACTER",
        "CHARSET",
        "COLLATE",
        "ROW_FORMAT",
        "KEY_BLOCK_SIZE",
        "STATS_PERSISTENT",
        "STATS_AUTO_RECALC",
        "STATS_SAMPLE_PAGES",
        "ENABLE",
        "DISABLE",
        "FORCE",
        "EXCHANGE",
        "ANALYZE",
        "CHECK",
        "OPTIMIZE",
        "REPAIR",
        "AVG_ROW_LENGTH",
        "MAX_ROWS",
    ];
    HARMLESS.contains(&rest.word())
}
