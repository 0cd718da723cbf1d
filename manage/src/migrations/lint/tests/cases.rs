//! Unsafe and safe forms. A text that begins with `~` is a migration without a transaction.

use crate::settings::Backend::{self, Mysql, Postgres, Sqlite};

mod breaking;

pub(super) struct Case {
    pub(super) rule: &'static str,
    pub(super) backend: Backend,
    pub(super) unsafe_sql: &'static str,
    /// Line and column.
    pub(super) place: (usize, usize),
    pub(super) safe_sql: &'static [&'static str],
}

const fn case(
    rule: &'static str,
    backend: Backend,
    unsafe_sql: &'static str,
    place: (usize, usize),
    safe_sql: &'static [&'static str],
) -> Case {
    Case { rule, backend, unsafe_sql, place, safe_sql }
}

/// Returns all cases.
pub(super) fn cases() -> impl Iterator<Item = &'static Case> {
    CASES.iter().chain(breaking::CASES)
}

const CASES: &[Case] = &[
    case(
        "require-concurrent-index-creation",
        Postgres,
        "-- a comment\n  CREATE UNIQUE INDEX IF NOT EXISTS i ON a (lower(b));",
        (2, 3),
        &[
            "~CREATE INDEX CONCURRENTLY i ON a (b)",
            "CREATE TABLE a (b INT); CREATE INDEX ON a (b)",
            "CREATE INDEX i ON ONLY a (b)",
        ],
    ),
    case(
        "require-concurrent-index-deletion",
        Postgres,
        "DROP INDEX IF EXISTS i",
        (1, 1),
        &["~DROP INDEX CONCURRENTLY IF EXISTS i"],
    ),
    case(
        "require-concurrent-reindex",
        Postgres,
        "REINDEX TABLE a",
        (1, 1),
        &["~REINDEX TABLE CONCURRENTLY a", "~REINDEX (CONCURRENTLY) INDEX i"],
    ),
    case(
        "require-concurrent-partition-detach",
        Postgres,
        "ALTER TABLE a DETACH PARTITION a_1",
        (1, 15),
        &["~ALTER TABLE a DETACH PARTITION a_1 CONCURRENTLY", "ALTER TABLE a DETACH PARTITION a_1 FINALIZE"],
    ),
    case(
        "ban-concurrent-index-creation-in-transaction",
        Postgres,
        "CREATE INDEX CONCURRENTLY i ON a (b)",
        (1, 1),
        &["~CREATE INDEX CONCURRENTLY i ON a (b)"],
    ),
    case(
        "refresh-matview-non-concurrent",
        Postgres,
        "REFRESH MATERIALIZED VIEW v",
        (1, 1),
        &[
            "~REFRESH MATERIALIZED VIEW CONCURRENTLY v",
            "CREATE MATERIALIZED VIEW v AS SELECT 1; REFRESH MATERIALIZED VIEW v",
        ],
    ),
    case(
        "constraint-missing-not-valid",
        Postgres,
        "ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0)",
        (1, 15),
        &["ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0) NOT VALID", "ALTER TABLE a VALIDATE CONSTRAINT c"],
    ),
    case(
        "constraint-missing-not-valid",
        Postgres,
        "ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0) NOT VALID;\nALTER TABLE a VALIDATE CONSTRAINT c",
        (2, 15),
        &["~ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0) NOT VALID;\nALTER TABLE a VALIDATE CONSTRAINT c"],
    ),
    case(
        "constraint-missing-not-valid",
        Mysql,
        "ALTER TABLE a ADD CHECK (b > 0)",
        (1, 15),
        &["ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0) NOT ENFORCED"],
    ),
    case(
        "adding-foreign-key-constraint",
        Postgres,
        "ALTER TABLE a\n    ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES c (id)",
        (2, 5),
        &["ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES c (id) NOT VALID"],
    ),
    case(
        "adding-foreign-key-constraint",
        Mysql,
        "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES c (id)",
        (1, 15),
        &["SET foreign_key_checks = 0; ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES c (id)"],
    ),
    case(
        "adding-not-nullable-field",
        Postgres,
        "ALTER TABLE a ALTER COLUMN b SET NOT NULL",
        (1, 15),
        &["ALTER TABLE a VALIDATE CONSTRAINT c; ALTER TABLE a ALTER b SET NOT NULL, DROP CONSTRAINT c"],
    ),
    case(
        "adding-field-with-default",
        Postgres,
        "ALTER TABLE a ADD COLUMN b UUID NOT NULL DEFAULT gen_random_uuid()",
        (1, 15),
        &[
            "ALTER TABLE a ADD COLUMN b TIMESTAMPTZ NOT NULL DEFAULT now()",
            "ALTER TABLE a ADD COLUMN b VARCHAR(20) DEFAULT 'x'::character varying(20) CHECK (f(b))",
            "ALTER TABLE a ADD COLUMN b UUID; ALTER TABLE a ALTER COLUMN b SET DEFAULT gen_random_uuid()",
        ],
    ),
    case(
        "adding-field-with-default",
        Postgres,
        "ALTER TABLE a ADD COLUMN b INT GENERATED ALWAYS AS (c + 1) STORED",
        (1, 15),
        &["ALTER TABLE a ADD COLUMN b INT GENERATED ALWAYS AS (c + 1) VIRTUAL"],
    ),
    case(
        "adding-field-with-default",
        Mysql,
        "ALTER TABLE a ADD COLUMN b BINARY(16) DEFAULT (uuid_to_bin(uuid()))",
        (1, 15),
        &[
            "ALTER TABLE a ADD COLUMN b DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6)",
            "ALTER TABLE a ADD b INT DEFAULT 0 NOT NULL",
            "ALTER TABLE a ADD b INT AS (c + 1) VIRTUAL",
        ],
    ),
    case(
        "adding-serial-column",
        Postgres,
        "ALTER TABLE a ADD b BIGSERIAL",
        (1, 15),
        &["ALTER TABLE a ADD b BIGINT"],
    ),
    case(
        "adding-serial-column",
        Mysql,
        "ALTER TABLE a ADD b BIGINT AUTO_INCREMENT UNIQUE",
        (1, 15),
        &["ALTER TABLE a ADD b BIGINT"],
    ),
    case(
        "adding-serial-primary-key-field",
        Postgres,
        "ALTER TABLE a ADD PRIMARY KEY (b)",
        (1, 15),
        &["ALTER TABLE a ADD CONSTRAINT k PRIMARY KEY USING INDEX i"],
    ),
    case(
        "dropping-primary-key",
        Mysql,
        "ALTER TABLE a DROP PRIMARY KEY",
        (1, 15),
        &["ALTER TABLE a DROP PRIMARY KEY, ADD PRIMARY KEY (b)"],
    ),
    case(
        "replacing-primary-key",
        Mysql,
        "ALTER TABLE a DROP PRIMARY KEY, ADD PRIMARY KEY (b)",
        (1, 15),
        &["ALTER TABLE a ADD PRIMARY KEY (b)"],
    ),
    case(
        "disallowed-unique-constraint",
        Postgres,
        "ALTER TABLE a ADD CONSTRAINT u UNIQUE (b)",
        (1, 15),
        &["ALTER TABLE a ADD CONSTRAINT u UNIQUE USING INDEX i"],
    ),
    case(
        "adding-exclusion-constraint",
        Postgres,
        "ALTER TABLE a ADD CONSTRAINT e EXCLUDE USING gist (b WITH &&)",
        (1, 15),
        &["CREATE TABLE a (b INT4RANGE, EXCLUDE USING gist (b WITH &&))"],
    ),
    case(
        "changing-column-type",
        Postgres,
        "ALTER TABLE a ADD c INT, ALTER b SET DATA TYPE BIGINT USING b::BIGINT",
        (1, 26),
        &["ALTER TABLE a ALTER COLUMN b SET DEFAULT 1"],
    ),
    case(
        "changing-column-type",
        Mysql,
        "ALTER TABLE `a` MODIFY COLUMN `b` BIGINT NOT NULL",
        (1, 17),
        &["ALTER TABLE a MODIFY b VARCHAR(200), ALGORITHM=INSTANT", "ALTER TABLE a ALTER b SET DEFAULT 1"],
    ),
    case(
        "ban-alter-domain-with-add-constraint",
        Postgres,
        "ALTER DOMAIN d ADD CONSTRAINT c CHECK (value > 0)",
        (1, 1),
        &["ALTER DOMAIN d ADD CONSTRAINT c CHECK (value > 0) NOT VALID"],
    ),
    case(
        "ban-create-domain-with-constraint",
        Postgres,
        "CREATE DOMAIN d AS TEXT CHECK (value <> '')",
        (1, 1),
        &["CREATE DOMAIN d AS TEXT DEFAULT 'x'"],
    ),
    case(
        "attaching-partition",
        Postgres,
        "ALTER TABLE a ATTACH PARTITION b FOR VALUES IN (1)",
        (1, 15),
        &["CREATE TABLE b (LIKE a); ALTER TABLE a ATTACH PARTITION b FOR VALUES IN (1)"],
    ),
    case(
        "prefer-repack",
        Postgres,
        "VACUUM (ANALYZE, FULL) a",
        (1, 1),
        &["VACUUM ANALYZE a", "VACUUM (FULL false) a"],
    ),
    case("prefer-repack", Postgres, "CLUSTER a USING i", (1, 1), &["ALTER TABLE a CLUSTER ON i"]),
    case(
        "rewriting-table",
        Postgres,
        "ALTER TABLE a SET UNLOGGED",
        (1, 15),
        &["ALTER TABLE a SET (fillfactor = 70)"],
    ),
    case(
        "rewriting-table",
        Mysql,
        "ALTER TABLE a CONVERT TO CHARACTER SET utf8mb4",
        (1, 15),
        &["ALTER TABLE a DEFAULT CHARACTER SET utf8mb4"],
    ),
    case(
        "copying-algorithm",
        Mysql,
        "ALTER TABLE a ADD b INT, ALGORITHM = COPY",
        (1, 26),
        &["ALTER TABLE a ADD b INT, ALGORITHM=INSTANT"],
    ),
    case(
        "blocking-lock",
        Mysql,
        "CREATE INDEX i ON a (b) LOCK=EXCLUSIVE",
        (1, 30),
        &["CREATE INDEX i ON a (b) ALGORITHM=INPLACE LOCK=NONE"],
    ),
    case(
        "blocking-lock",
        Mysql,
        "ALTER TABLE a ADD INDEX (b), LOCK=SHARED",
        (1, 30),
        &["ALTER TABLE a ADD INDEX (b), LOCK=DEFAULT"],
    ),
    case(
        "blocking-index-creation",
        Mysql,
        "CREATE FULLTEXT INDEX i ON a (b)",
        (1, 1),
        &["CREATE INDEX i ON a (b)", "CREATE TABLE a (b TEXT); CREATE FULLTEXT INDEX i ON a (b)"],
    ),
    case(
        "updating-all-rows",
        Postgres,
        "UPDATE a SET b = (SELECT 1 WHERE true)",
        (1, 1),
        &["UPDATE a SET b = 1 WHERE b = 0"],
    ),
    case(
        "updating-all-rows",
        Postgres,
        "WITH x AS (SELECT 1 WHERE true)\nDELETE FROM a",
        (2, 1),
        &["WITH x AS (SELECT 1) DELETE FROM a USING x WHERE true"],
    ),
    case(
        "updating-all-rows",
        Mysql,
        "DELETE FROM a",
        (1, 1),
        &["DELETE FROM a LIMIT 1000", "DELETE FROM a WHERE b = 0"],
    ),
    case(
        "updating-all-rows",
        Sqlite,
        "UPDATE OR IGNORE a SET b = 1",
        (1, 1),
        &["UPDATE a SET b = 1 WHERE b IS NULL"],
    ),
    case(
        "updating-in-schema-transaction",
        Postgres,
        "ALTER TABLE a ADD b INT;\nUPDATE a SET b = 1 WHERE c",
        (2, 1),
        &[
            "~ALTER TABLE a ADD b INT;\nUPDATE a SET b = 1 WHERE c",
            "ALTER TABLE x ADD b INT;\nUPDATE a SET b = 1 WHERE c",
        ],
    ),
    case(
        "locking-table",
        Postgres,
        "LOCK TABLE a IN EXCLUSIVE MODE",
        (1, 1),
        &["CREATE TABLE a (b INT); LOCK TABLE a"],
    ),
    case(
        "locking-table",
        Mysql,
        "LOCK TABLES `a` WRITE",
        (1, 1),
        &["CREATE TABLE `a` (b INT); LOCK TABLES `a` WRITE; UNLOCK TABLES"],
    ),
    case("vacuuming-database", Sqlite, "~VACUUM", (1, 1), &["PRAGMA incremental_vacuum"]),
    case(
        "rebuilding-table",
        Sqlite,
        "CREATE TABLE b (x INT);\nDROP TABLE a;\nALTER TABLE b RENAME TO a",
        (2, 1),
        &["CREATE TABLE b (x INT)"],
    ),
    case(
        "unread-statement",
        Postgres,
        "SELECT 1;\nDO $$ BEGIN EXECUTE 'DROP TABLE a'; END $$",
        (2, 1),
        &["SELECT f()"],
    ),
    case("unread-statement", Mysql, "CALL p()", (1, 1), &["INSERT INTO a VALUES (1)"]),
    case("unread-statement", Sqlite, "ALTER TABLE a FROBNICATE b", (1, 15), &["ALTER TABLE a ADD b"]),
];

/// Statements of the usual dumps and migrations that no rule reports.
pub(super) const SILENT: &[(Backend, &str)] = &[
    (Postgres, ""),
    (Postgres, "-- nothing\n;;"),
    (Postgres, "ALTER TABLE ONLY a ALTER COLUMN b SET STATISTICS 100, OWNER TO x, ENABLE ROW LEVEL SECURITY"),
    (
        Postgres,
        "ALTER TABLE a ADD COLUMN key TEXT, ADD COLUMN IF NOT EXISTS \"check\" INT DEFAULT 0 NOT NULL",
    ),
    (
        Postgres,
        "ALTER INDEX i SET (fillfactor = 70); ALTER TYPE t ADD VALUE IF NOT EXISTS 'x'; ALTER ROLE r SET x = 1",
    ),
    (
        Postgres,
        "SELECT pg_catalog.set_config('search_path', '', false); COMMENT ON TABLE a IS 'DROP TABLE a'",
    ),
    (Postgres, "GRANT SELECT ON a TO b; CREATE TRIGGER t AFTER UPDATE ON a EXECUTE FUNCTION f(); COMMIT"),
    (
        Mysql,
        "ALTER TABLE a ADD COLUMN IF NOT EXISTS x INT AFTER y, ADD KEY k (x), ENGINE=InnoDB, COMMENT = 'x'",
    ),
    (Mysql, "/*!40000 ALTER TABLE `a` DISABLE KEYS */; DROP INDEX i ON a; OPTIMIZE TABLE a; UNLOCK TABLES"),
    (Mysql, "ALTER DATABASE d CHARACTER SET utf8mb4; SET @x = 1; ALTER TABLE a ALTER INDEX i INVISIBLE"),
    (
        Sqlite,
        "PRAGMA foreign_keys = OFF; CREATE INDEX i ON a (b); DROP INDEX i; REINDEX; INSERT OR REPLACE INTO a VALUES (1)",
    ),
    (Sqlite, "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; UPDATE c SET d = 1; END"),
];
