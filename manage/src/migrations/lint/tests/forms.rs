//! Migrations of several statements, and other forms of one, with everything that is reported of them.

use super::found;
use crate::settings::Backend::{self, Mysql, Postgres, Sqlite};

/// A migration, with the rules and lines that are reported. A text that begins with `~` is a migration without a
/// transaction.
type Form = (Backend, &'static str, &'static [(&'static str, usize)]);

const FORMS: &[Form] = &[
    // Statements that open and end transactions.
    (
        Postgres,
        "~BEGIN;\nCREATE INDEX CONCURRENTLY i ON a (b);\nCOMMIT;\nCREATE INDEX CONCURRENTLY j ON a (b);",
        &[("ban-concurrent-index-creation-in-transaction", 2)],
    ),
    (
        Postgres,
        "~START TRANSACTION;\nALTER TABLE a ADD CONSTRAINT c CHECK (b > 0) NOT VALID;\nEND;\nBEGIN;\n\
         ALTER TABLE a VALIDATE CONSTRAINT c;\nUPDATE a SET d = 1 WHERE d = 0;\nCOMMIT",
        &[("updating-in-schema-transaction", 6)],
    ),
    (
        Postgres,
        "~BEGIN;\nALTER TABLE a ADD CONSTRAINT c CHECK (b > 0) NOT VALID;\nSAVEPOINT s;\nROLLBACK TO s;\n\
         ALTER TABLE a VALIDATE CONSTRAINT c;\nCOMMIT",
        &[("constraint-missing-not-valid", 5)],
    ),
    // A validated check allows its own column.
    (
        Postgres,
        "~ALTER TABLE a ADD CONSTRAINT c CHECK (b IS NOT NULL) NOT VALID;\n\
         ALTER TABLE a VALIDATE CONSTRAINT c;\nALTER TABLE a ALTER b SET NOT NULL, ALTER d SET NOT NULL",
        &[("adding-not-nullable-field", 3)],
    ),
    (
        Postgres,
        "~ALTER TABLE a ADD CONSTRAINT c CHECK (b IS NOT NULL OR d) NOT VALID;\n\
         ALTER TABLE a VALIDATE CONSTRAINT c;\nALTER TABLE a ALTER b SET NOT NULL",
        &[("adding-not-nullable-field", 3)],
    ),
    (
        Postgres,
        "~ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES d (e) NOT VALID;\n\
         ALTER TABLE a VALIDATE CONSTRAINT f;\nALTER TABLE a ALTER b SET NOT NULL",
        &[("adding-not-nullable-field", 3)],
    ),
    // The rows of a foreign table are elsewhere.
    (
        Postgres,
        "ALTER FOREIGN TABLE a ALTER b SET NOT NULL, ADD c INT NOT NULL, ADD CHECK (b > 0);\n\
         ALTER FOREIGN TABLE IF EXISTS a DROP COLUMN b;\nALTER FOREIGN TABLE a RENAME b TO c;\n\
         ALTER FOREIGN TABLE a SET SCHEMA s;\nALTER FOREIGN TABLE a ALTER COLUMN b TYPE TEXT;\n\
         ALTER TYPE t ALTER ATTRIBUTE b TYPE TEXT",
        &[
            ("ban-drop-column", 2),
            ("renaming-column", 3),
            ("ban-set-schema", 4),
            ("changing-column-type", 5),
            ("changing-column-type", 6),
        ],
    ),
    // Names that others use.
    (
        Postgres,
        "ALTER ROUTINE f(INT) RENAME TO g;\nALTER AGGREGATE f(INT) RENAME TO g;\n\
         ALTER TABLE a RENAME CONSTRAINT b TO c;\nALTER DOMAIN d RENAME CONSTRAINT b TO c;\n\
         ALTER ROLE r RENAME TO s;\nALTER TRIGGER t ON a RENAME TO u;\nALTER INDEX i RENAME TO j",
        &[
            ("renaming-object", 1),
            ("renaming-object", 2),
            ("renaming-object", 3),
            ("renaming-object", 4),
            ("renaming-object", 5),
        ],
    ),
    (
        Postgres,
        "ALTER EXTENSION x SET SCHEMA s;\nALTER ROUTINE f SET SCHEMA s;\nALTER AGGREGATE f(INT) SET SCHEMA s",
        &[("ban-set-schema", 1), ("ban-set-schema", 2), ("ban-set-schema", 3)],
    ),
    // It cannot be concurrent.
    (Postgres, "~REINDEX SYSTEM d", &[("rewriting-table", 1)]),
    // A default that is only for the rows that exist, or that is replaced.
    (
        Postgres,
        "ALTER TABLE a ADD b INT DEFAULT 0, ADD c INT DEFAULT 0 NOT NULL;\n\
         ALTER TABLE a ALTER b DROP DEFAULT;\nALTER TABLE a ALTER c DROP DEFAULT;\n\
         ALTER TABLE a ALTER d DROP DEFAULT",
        &[("adding-required-field", 3), ("ban-drop-default", 4)],
    ),
    (
        Postgres,
        "ALTER TABLE a ALTER b DROP DEFAULT;\nALTER TABLE a ALTER c DROP DEFAULT;\n\
         ALTER TABLE a ALTER b SET DEFAULT 1;\nALTER TABLE a ALTER c SET DEFAULT NULL",
        &[("ban-drop-default", 2)],
    ),
    // Others see the table between two statements.
    (
        Postgres,
        "~ALTER TABLE a ALTER b DROP DEFAULT;\nALTER TABLE a ALTER b SET DEFAULT 1",
        &[("ban-drop-default", 1)],
    ),
    (
        Mysql,
        "ALTER TABLE a ALTER b DROP DEFAULT;\nALTER TABLE a ALTER b SET DEFAULT 1",
        &[("ban-drop-default", 1)],
    ),
    // Functions that give the same for all rows.
    (Postgres, "ALTER TABLE a ADD b FLOAT DEFAULT (pi()), ADD c TEXT DEFAULT lpad('x', 3)", &[]),
    (Postgres, "ALTER TABLE a ADD b FLOAT DEFAULT random()", &[("adding-field-with-default", 1)]),
    // A copy of a table with a column that the running version does not fill.
    (
        Sqlite,
        "CREATE TABLE new_a (id INTEGER NOT NULL PRIMARY KEY, b INT NOT NULL, c INT NOT NULL, d INT NOT NULL DEFAULT 1);\n\
         INSERT INTO new_a (id, b, c) SELECT id, b,\n  1 FROM a;\nDROP TABLE a;\nALTER TABLE new_a RENAME TO a",
        &[("adding-required-field", 3), ("rebuilding-table", 4)],
    ),
    (
        Sqlite,
        "ALTER TABLE a RENAME TO a_old;\nCREATE TABLE a (id INTEGER PRIMARY KEY, b INT NOT NULL, c INT NOT NULL);\n\
         INSERT INTO a SELECT id, b,\n  coalesce(c, 0) FROM a_old;\nDROP TABLE a_old",
        &[("adding-required-field", 4), ("rebuilding-table", 5)],
    ),
    (
        Sqlite,
        "CREATE TABLE new_a (id INTEGER PRIMARY KEY, b TEXT NOT NULL, c TEXT NOT NULL);\n\
         INSERT INTO new_a SELECT id,\n  CURRENT_TIMESTAMP,\n  'c' FROM a;\n\
         DROP TABLE a;\nALTER TABLE new_a RENAME TO a",
        &[("adding-required-field", 3), ("adding-required-field", 4), ("rebuilding-table", 5)],
    ),
    (
        Sqlite,
        "CREATE TABLE new_a (id INTEGER PRIMARY KEY, b INT NOT NULL);\nINSERT INTO new_a SELECT * FROM a;\n\
         DROP TABLE a;\nALTER TABLE new_a RENAME TO a",
        &[("rebuilding-table", 3)],
    ),
    (
        Sqlite,
        "CREATE TABLE new_a (id INTEGER PRIMARY KEY, c INT NOT NULL);\n\
         INSERT INTO new_a (id, c) SELECT \"a\".\"id\", b AS c FROM a;\n\
         DROP TABLE a;\nALTER TABLE new_a RENAME TO a",
        &[("rebuilding-table", 3)],
    ),
];

#[test]
fn migrations_are_read_in_order() {
    for (backend, text, expected) in FORMS {
        let (sql, in_transaction) = super::transaction(text);
        let places = found(sql, *backend, in_transaction);
        let places: Vec<(&str, usize)> = places.iter().map(|(rule, line, _)| (*rule, *line)).collect();
        assert_eq!(places, *expected, "{backend}: {sql}");
    }
}
