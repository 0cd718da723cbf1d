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
        let is_other = ["INDEX", "KEY", "PARTITION", "PERIOD", "SYSTEM"].contains(&rest.word());
        return is_other;
    } else if rest.is(&["CONVERT"]) || rest.is(&["PARTITION"]) || rest.is(&["REMOVE"]) {
        if !is_online {
            scan.report("rewriting-table", part);
        }
    } else {
        return is_harmless(rest);
    }
    true
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

/// Returns whether an action changes only what is known about a table, or is done while others write.
fn is_harmless(rest: Reader<'_>) -> bool {
    const HARMLESS: [&str; 29] = [
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
        "COALESCE",
        "REORGANIZE",
        "EXCHANGE",
        "ANALYZE",
        "CHECK",
        "OPTIMIZE",
        "REBUILD",
        "REPAIR",
        "DISCARD",
        "IMPORT",
        "AVG_ROW_LENGTH",
        "MAX_ROWS",
        "WITH",
        "WITHOUT",
    ];
    HARMLESS.contains(&rest.word())
}
