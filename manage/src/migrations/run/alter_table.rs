//! MySQL's `ALTER TABLE`: what happens if it is run a second time. Its parts are done together or not at
//! all, so one that fails is enough.

use super::repeat::Repeat;

/// Returns what a second `ALTER TABLE` does. `parts` are its words in capitals, quoted names and other
/// characters.
pub(super) fn repeat(parts: &[&str]) -> Repeat {
    let mut codes = Vec::new();
    let mut is_silent = false;
    for change in changes(parts) {
        match Change::of(change) {
            Change::Fails(more) => codes.extend(more),
            Change::Silent => is_silent = true,
            Change::Harmless => {}
        }
    }
    match (codes.is_empty(), is_silent) {
        (false, _) => Repeat::Fails(codes),
        (true, true) => Repeat::Unclear,
        (true, false) => Repeat::Harmless,
    }
}

/// Divides the statement at its commas, without the words before and the table's name.
fn changes<'a, 'p>(parts: &'p [&'a str]) -> Vec<&'p [&'a str]> {
    let Some(table) = parts.iter().position(|part| *part == "TABLE") else { return Vec::new() };
    let mut rest = &parts[table + 1..];
    rest = rest.strip_prefix(&["IF", "EXISTS"][..]).unwrap_or(rest);
    rest = rest.get(1..).unwrap_or_default();
    if rest.first() == Some(&".") {
        rest = rest.get(2..).unwrap_or_default();
    }
    match rest {
        ["WAIT", _, others @ ..] | ["NOWAIT", others @ ..] => rest = others,
        _ => {}
    }
    let mut depth = 0_usize;
    rest.split(|part| {
        match *part {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && *part == ","
    })
    .collect()
}

/// What a part of the statement does the second time.
enum Change {
    Fails(&'static [&'static str]),
    /// It is done once more.
    Silent,
    Harmless,
}

const DUPLICATE_COLUMN: Change = Change::Fails(&["1060"]);
const DUPLICATE_KEY: Change = Change::Fails(&["1061"]);
const DUPLICATE_CONSTRAINT: Change = Change::Fails(&["1005", "1061", "1826", "3822"]);
const CANNOT_DROP: Change = Change::Fails(&["1091", "3821", "3940"]);

impl Change {
    fn of(parts: &[&str]) -> Self {
        let is_conditional = parts.windows(2).any(|pair| matches!(pair, ["IF", "EXISTS"] | ["IF", "NOT"]));
        match parts {
            ["ADD" | "DROP" | "CHANGE" | "RENAME", ..] if is_conditional => Self::Harmless,
            ["ADD", rest @ ..] => Self::of_addition(rest),
            ["DROP", "PARTITION", ..] => Self::Fails(&["1507"]),
            ["DROP", ..] => CANNOT_DROP,
            ["CHANGE", "COLUMN", old, new, ..] | ["CHANGE", old, new, ..] => {
                let bare = |name: &str| name.trim_matches('`').to_ascii_uppercase();
                if bare(old) == bare(new) { Self::Harmless } else { Self::Fails(&["1054"]) }
            }
            ["RENAME", "COLUMN", ..] => Self::Fails(&["1054"]),
            ["RENAME", "INDEX" | "KEY", ..] => Self::Fails(&["1176"]),
            ["RENAME", ..] => Self::Fails(&["1050", "1146"]),
            ["EXCHANGE" | "COALESCE" | "REORGANIZE" | "DISCARD" | "IMPORT" | "REMOVE", ..] => Self::Silent,
            _ => Self::Harmless,
        }
    }

    /// Of what follows `ADD`. An index or a constraint without a name gets a new one each time.
    fn of_addition(parts: &[&str]) -> Self {
        let is_named = |name: Option<&&str>| !matches!(name, None | Some(&("(" | "USING")));
        match parts {
            ["CONSTRAINT", rest @ ..] => match rest {
                ["PRIMARY", ..] | [_, "PRIMARY", ..] => Self::Fails(&["1068"]),
                ["FOREIGN" | "CHECK", ..] => Self::Silent,
                ["UNIQUE", rest @ ..] => Self::of_addition(&[&["UNIQUE"], rest].concat()),
                _ => DUPLICATE_CONSTRAINT,
            },
            ["PRIMARY", ..] => Self::Fails(&["1068"]),
            ["FOREIGN" | "CHECK", ..] => Self::Silent,
            ["UNIQUE" | "FULLTEXT" | "SPATIAL" | "VECTOR", "INDEX" | "KEY", rest @ ..]
            | ["UNIQUE" | "FULLTEXT" | "SPATIAL" | "VECTOR", rest @ ..]
            | ["INDEX" | "KEY", rest @ ..] => {
                if is_named(rest.first()) {
                    DUPLICATE_KEY
                } else {
                    Self::Silent
                }
            }
            ["PARTITION", "(", ..] => Self::Fails(&["1493", "1517"]),
            ["PARTITION" | "PERIOD" | "SYSTEM", ..] => Self::Silent,
            _ => DUPLICATE_COLUMN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrations::script::Script;
    use crate::settings::Backend;

    #[test]
    fn a_second_time() {
        let fails = |codes: &[&'static str]| Repeat::Fails(codes.to_vec());
        for (sql, expected) in [
            ("ALTER TABLE a ADD COLUMN x INT", fails(&["1060"])),
            ("ALTER TABLE `a` ADD `add` INT", fails(&["1060"])),
            ("ALTER TABLE s.a ADD (x INT, y INT)", fails(&["1060"])),
            ("ALTER ONLINE TABLE IF EXISTS a ADD COLUMN IF NOT EXISTS x INT", Repeat::Harmless),
            ("ALTER TABLE a ADD INDEX (x)", Repeat::Unclear),
            ("ALTER TABLE a ADD UNIQUE KEY USING BTREE (x)", Repeat::Unclear),
            ("ALTER TABLE a ADD UNIQUE i (x)", fails(&["1061"])),
            ("ALTER TABLE a ADD KEY `i` (x)", fails(&["1061"])),
            ("ALTER TABLE a ADD COLUMN x INT, ADD INDEX (x)", fails(&["1060"])),
            ("ALTER TABLE a ADD FOREIGN KEY (x) REFERENCES b (x)", Repeat::Unclear),
            (
                "ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (x) REFERENCES b (x)",
                fails(&["1005", "1061", "1826", "3822"]),
            ),
            ("ALTER TABLE a ADD CONSTRAINT UNIQUE (x)", Repeat::Unclear),
            ("ALTER TABLE a ADD PRIMARY KEY (x)", fails(&["1068"])),
            ("ALTER TABLE a DROP COLUMN x", fails(&["1091", "3821", "3940"])),
            ("ALTER TABLE a CHANGE x x BIGINT", Repeat::Harmless),
            ("ALTER TABLE a CHANGE COLUMN `x` y BIGINT", fails(&["1054"])),
            ("ALTER TABLE a RENAME COLUMN x TO y", fails(&["1054"])),
            ("ALTER TABLE a RENAME TO b", fails(&["1050", "1146"])),
            ("ALTER TABLE a MODIFY x DECIMAL(10, 2) NOT NULL, ENGINE = InnoDB", Repeat::Harmless),
            ("ALTER TABLE a CONVERT TO CHARACTER SET utf8mb4", Repeat::Harmless),
            ("ALTER TABLE a EXCHANGE PARTITION p WITH TABLE b", Repeat::Unclear),
            ("/*!40000 ALTER TABLE `a` DISABLE KEYS */", Repeat::Harmless),
        ] {
            let script = Script::new(sql, Backend::Mysql);
            assert_eq!(
                Repeat::of(&script.statements().next().expect("one"), Backend::Mysql),
                expected,
                "{sql}"
            );
        }
    }
}
