//! Statements that block other sessions for as long as they scan, copy or rewrite a table.

use super::{ALL, MYSQL, POSTGRES, Rule, SERVERS, SQLITE, info, rule, text};

pub(super) const RULES: &[Rule] = &[
    rule(
        "require-concurrent-index-creation",
        &[text(
            POSTGRES,
            "Writes to the table are blocked until the index is built.",
            "CREATE INDEX CONCURRENTLY, in a migration with run_in_transaction = false.",
        )],
    ),
    rule(
        "require-concurrent-index-deletion",
        &[text(
            POSTGRES,
            "It locks the table exclusively and waits for running queries, and all others wait behind it.",
            "DROP INDEX CONCURRENTLY, in a migration with run_in_transaction = false.",
        )],
    ),
    rule(
        "require-concurrent-reindex",
        &[text(
            POSTGRES,
            "Writes to the table are blocked until the index is built.",
            "REINDEX … CONCURRENTLY, in a migration with run_in_transaction = false.",
        )],
    ),
    rule(
        "require-concurrent-partition-detach",
        &[text(
            POSTGRES,
            "It locks the partitioned table exclusively.",
            "DETACH PARTITION … CONCURRENTLY, in a migration with run_in_transaction = false.",
        )],
    ),
    rule(
        "ban-concurrent-index-creation-in-transaction",
        &[text(
            POSTGRES,
            "PostgreSQL refuses CONCURRENTLY in a transaction.",
            "run_in_transaction = false in metadata.toml.",
        )],
    ),
    rule(
        "refresh-matview-non-concurrent",
        &[text(
            POSTGRES,
            "Queries of the view are blocked until it is filled again.",
            "REFRESH MATERIALIZED VIEW CONCURRENTLY, which needs a unique index.",
        )],
    ),
    rule(
        "constraint-missing-not-valid",
        &[
            text(
                POSTGRES,
                "The table is locked while all rows are checked.",
                "ADD CONSTRAINT … NOT VALID, and VALIDATE CONSTRAINT in a later migration.",
            ),
            text(
                MYSQL,
                "The table is copied to check all rows, and writes are blocked until it is done.",
                "Check new rows in the application, or run it when nobody writes.",
            ),
        ],
    ),
    rule(
        "adding-foreign-key-constraint",
        &[
            text(
                POSTGRES,
                "Writes to both tables are blocked while all rows are checked.",
                "ADD CONSTRAINT … NOT VALID, and VALIDATE CONSTRAINT in a later migration.",
            ),
            text(
                MYSQL,
                "The table is copied to check all rows, and writes are blocked until it is done.",
                "SET foreign_key_checks = 0 before it: then it is added at once, and existing rows are not checked.",
            ),
        ],
    ),
    rule(
        "adding-not-nullable-field",
        &[text(
            POSTGRES,
            "The table is locked exclusively while all rows are checked.",
            "CHECK (… IS NOT NULL) NOT VALID; in a later migration VALIDATE CONSTRAINT, SET NOT NULL, and drop the check.",
        )],
    ),
    rule(
        "adding-field-with-default",
        &[
            text(
                POSTGRES,
                "A volatile default or a stored generated column rewrites the table under an exclusive lock.",
                "Add the column without it, SET DEFAULT, and fill existing rows in batches.",
            ),
            text(
                MYSQL,
                "An expression as the default or a stored generated column copies the table and blocks writes.",
                "Add the column with a constant default or none, and fill existing rows in batches.",
            ),
        ],
    ),
    rule(
        "adding-serial-column",
        &[
            text(
                POSTGRES,
                "Numbering all rows rewrites the table under an exclusive lock.",
                "Add a plain column, fill it in batches, and then attach a sequence.",
            ),
            text(
                MYSQL,
                "Numbering all rows rebuilds the table and blocks writes.",
                "Add a plain column, fill it in batches, and run the rest when nobody writes.",
            ),
        ],
    ),
    rule(
        "adding-serial-primary-key-field",
        &[text(
            POSTGRES,
            "The table is locked exclusively until the index is built.",
            "CREATE UNIQUE INDEX CONCURRENTLY, and then ADD PRIMARY KEY USING INDEX.",
        )],
    ),
    rule(
        "dropping-primary-key",
        &[text(
            MYSQL,
            "The table is copied, and writes are blocked until it is done.",
            "Add the new primary key in the same ALTER TABLE.",
        )],
    ),
    rule(
        "disallowed-unique-constraint",
        &[text(
            POSTGRES,
            "The table is locked exclusively until the index is built.",
            "CREATE UNIQUE INDEX CONCURRENTLY, and then ADD CONSTRAINT … UNIQUE USING INDEX.",
        )],
    ),
    rule(
        "adding-exclusion-constraint",
        &[text(
            POSTGRES,
            "The table is locked exclusively until all rows are checked and the index is built.",
            "There is no other form: run it when nobody writes.",
        )],
    ),
    rule(
        "changing-column-type",
        &[
            text(
                POSTGRES,
                "Most changes rewrite the table under an exclusive lock, and the running version may not expect the type.",
                "Add a column, write both, fill it in batches, read it, and drop the old one in a later release.",
            ),
            text(
                MYSQL,
                "Most changes copy the table and block writes, and the running version may not expect the type.",
                "Write ALGORITHM=INSTANT or INPLACE, so that the server refuses to copy; otherwise use a new column.",
            ),
        ],
    ),
    rule(
        "ban-alter-domain-with-add-constraint",
        &[text(
            POSTGRES,
            "Every table with a column of the domain is locked while its rows are checked.",
            "ADD CONSTRAINT … NOT VALID, and VALIDATE CONSTRAINT in a later migration.",
        )],
    ),
    rule(
        "ban-create-domain-with-constraint",
        &[text(
            POSTGRES,
            "Adding a column of the domain rewrites the table, and a later change locks each table that has one.",
            "Put the constraint on the columns.",
        )],
    ),
    rule(
        "attaching-partition",
        &[text(
            POSTGRES,
            "The new partition is locked exclusively while all its rows are checked.",
            "Add and validate a CHECK with the partition's bounds before it.",
        )],
    ),
    rule(
        "prefer-repack",
        &[text(
            POSTGRES,
            "The table is rewritten under an exclusive lock: not even reading is possible.",
            "VACUUM without FULL, or pg_repack.",
        )],
    ),
    rule(
        "rewriting-table",
        &[
            text(
                POSTGRES,
                "The table is rewritten or moved under an exclusive lock.",
                "Create a new table and copy the rows in batches, or run it when nobody uses the table.",
            ),
            text(
                MYSQL,
                "The table is copied, and writes are blocked until it is done.",
                "Create a new table and copy the rows in batches, or run it when nobody writes.",
            ),
        ],
    ),
    rule(
        "copying-algorithm",
        &[text(
            MYSQL,
            "ALGORITHM=COPY copies the table, and writes are blocked until it is done.",
            "ALGORITHM=INSTANT or INPLACE: the server refuses what it cannot do so.",
        )],
    ),
    rule(
        "blocking-lock",
        &[text(
            MYSQL,
            "LOCK=SHARED blocks writes, and LOCK=EXCLUSIVE reads, too.",
            "LOCK=NONE: the server refuses what it cannot do so.",
        )],
    ),
    rule(
        "blocking-index-creation",
        &[text(
            MYSQL,
            "Writes to the table are blocked until a FULLTEXT or SPATIAL index is built.",
            "There is no other form: run it when nobody writes.",
        )],
    ),
    rule(
        "updating-all-rows",
        &[text(
            ALL,
            "Without WHERE each row is locked until the statement is done.",
            "Change the rows in batches, outside of migrations.",
        )],
    ),
    rule(
        "updating-in-schema-transaction",
        &[text(
            POSTGRES,
            "The lock of the ALTER TABLE before it is kept until the rows are changed.",
            "Change the rows in a migration of its own.",
        )],
    ),
    rule(
        "locking-table",
        &[text(
            SERVERS,
            "Other sessions wait until the migration is done.",
            "Leave it out: each statement takes the lock that it needs.",
        )],
    ),
    rule(
        "vacuuming-database",
        &[text(
            SQLITE,
            "The whole file is written again, and other connections cannot write.",
            "PRAGMA incremental_vacuum, or run it when nobody writes.",
        )],
    ),
    info(
        "rebuilding-table",
        &[text(
            SQLITE,
            "All rows are copied, and other connections cannot write.",
            "ALTER TABLE … ADD, DROP or RENAME COLUMN, if that is all that changes.",
        )],
    ),
];
