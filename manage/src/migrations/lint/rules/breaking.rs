//! Statements that break the version of the program that is still running, lose data, or fail with rows.

use super::{ALL, MYSQL, POSTGRES, Rule, SERVERS, SQLITE, info, rule, text};

/// Objects that others use by their names.
const DROPPED: &str = "The running version, or another client, may still use it.";
const DROP_LATER: &str = "Release a version that does not use it, and drop it in a later release.";

pub(super) const RULES: &[Rule] = &[
    rule(
        "renaming-column",
        &[text(
            ALL,
            "The running version still uses the old name.",
            "Add a column, write both, fill it in batches, read it, and drop the old one in a later release.",
        )],
    ),
    rule(
        "renaming-table",
        &[text(
            ALL,
            "The running version still uses the old name.",
            "Create a view of the new name, or a new table that both versions write, and drop the old one later.",
        )],
    ),
    rule(
        "renaming-object",
        &[text(
            POSTGRES,
            "The running version, or another client, may still use the old name.",
            "Create it under the new name, and drop the old one in a later release.",
        )],
    ),
    rule(
        "renaming-enum-value",
        &[text(
            POSTGRES,
            "The running version cannot load rows with the new name, and still writes the old one.",
            "ADD VALUE, change the rows in batches, and stop using the old one.",
        )],
    ),
    rule(
        "ban-drop-column",
        &[text(
            ALL,
            "The running version still selects the column, and its data is lost.",
            "Remove it from schema.rs, release that, and drop it in a later release.",
        )],
    ),
    rule(
        "ban-drop-table",
        &[text(
            ALL,
            "The running version may still use the table, and its data is lost.",
            "Remove it from schema.rs, release that, and drop it in a later release.",
        )],
    ),
    rule("ban-drop-database", &[text(SERVERS, "All its data is lost.", "Drop it by hand, after a backup.")]),
    rule(
        "ban-drop-schema",
        &[text(POSTGRES, "The running version may still use what it contains.", DROP_LATER)],
    ),
    rule("ban-drop-view", &[text(ALL, DROPPED, DROP_LATER)]),
    rule("ban-drop-function", &[text(SERVERS, DROPPED, DROP_LATER)]),
    rule("ban-drop-type", &[text(POSTGRES, DROPPED, DROP_LATER)]),
    rule("ban-drop-domain", &[text(POSTGRES, DROPPED, DROP_LATER)]),
    rule("ban-drop-sequence", &[text(SERVERS, DROPPED, DROP_LATER)]),
    rule("ban-drop-extension", &[text(POSTGRES, DROPPED, DROP_LATER)]),
    rule(
        "ban-set-schema",
        &[text(
            POSTGRES,
            "The running version no longer finds the object.",
            "Create a new one, write both, and drop the old one in a later release.",
        )],
    ),
    rule(
        "adding-required-field",
        &[
            text(
                POSTGRES,
                "It fails if the table has rows, and inserts of the running version fail.",
                "Add it with a constant default, or without NOT NULL.",
            ),
            text(
                MYSQL,
                "Inserts of the running version fail, and existing rows get an empty value or zero.",
                "Add it with a constant default, or without NOT NULL.",
            ),
            text(
                SQLITE,
                "Inserts of the running version fail, and SQLite refuses ADD COLUMN if the table has rows.",
                "Add it with a constant default, or without NOT NULL.",
            ),
        ],
    ),
    rule(
        "adding-column-to-empty-table",
        &[text(
            SQLITE,
            "SQLite refuses CURRENT_TIMESTAMP, an expression or a stored generated column if the table has rows.",
            "Add the column with a constant default or none, and fill the rows with UPDATE.",
        )],
    ),
    rule(
        "adding-json-field",
        &[text(
            POSTGRES,
            "Values of json cannot be compared, so queries with DISTINCT or GROUP BY fail.",
            "Use jsonb.",
        )],
    ),
    rule(
        "ban-drop-not-null",
        &[text(
            POSTGRES,
            "The running version does not expect NULL and cannot load such rows.",
            "Release a version with Nullable in schema.rs, and drop NOT NULL in a later release.",
        )],
    ),
    rule(
        "ban-drop-default",
        &[text(
            SERVERS,
            "Inserts of the running version may rely on it.",
            "Release a version that always writes the column, and drop the default in a later release.",
        )],
    ),
    rule(
        "ban-drop-constraint",
        &[text(
            SERVERS,
            "The running version may rely on what it guarantees.",
            "Release a version that does not, and drop it in a later release.",
        )],
    ),
    rule(
        "ban-truncate-cascade",
        &[text(
            POSTGRES,
            "It also deletes all rows of every table that refers to this one.",
            "Name each table, or delete rows in batches.",
        )],
    ),
    rule(
        "truncating-table",
        &[text(
            SERVERS,
            "All rows are lost, and the table is locked exclusively.",
            "Delete rows in batches, outside of migrations.",
        )],
    ),
    rule(
        "missing-down",
        &[text(
            ALL,
            "The migration cannot be reverted: it has no down.sql, or one without a statement.",
            "Write the down.sql, or mark the migration with the reason.",
        )],
    ),
    rule(
        "replacing-primary-key",
        &[text(
            MYSQL,
            "The table is rebuilt, and the running version loads and updates rows by the old key.",
            "Release a version that works with both keys first.",
        )],
    ),
    rule(
        "identifier-too-long",
        &[text(
            POSTGRES,
            "PostgreSQL cuts the name to 63 bytes: two long names may be the same, and schema.rs has another.",
            "Use a shorter name.",
        )],
    ),
    info(
        "missing-primary-key",
        &[text(
            SERVERS,
            "Diesel needs a primary key for update, delete and find, and replication to find rows.",
            "Add a primary key, also one of several columns.",
        )],
    ),
];
