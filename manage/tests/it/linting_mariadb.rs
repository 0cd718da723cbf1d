//! What `migrate --lint` says of locks and copies on MySQL, beside what a MariaDB server does.

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use manage::database::Connection;
use manage_test_support::{TestDatabase, case};

use crate::backends::{connect, on_mariadb};
use crate::migration_files::{app, project_of};

/// What a statement does to those who write to the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// They go on.
    Online,
    /// They wait until it is done.
    Blocks,
    /// They go on; but the statement does not show it, so that it is reported.
    Unknown,
}
use Effect::{Blocks, Online, Unknown};

macro_rules! statements {
    ($(($name:literal, $sql:literal, $effect:expr)),+ $(,)?) => {
        app!("lint_mariadb", $(($name, $sql, Some("SELECT 1"), true)),+);
        const STATEMENTS: &[(&str, &str, Effect)] = &[$(($name, $sql, $effect)),+];
    };
}

statements! {
    ("2026-01-01-000001_a", "ALTER TABLE a ADD COLUMN n INT DEFAULT (1 + 1)", Online),
    ("2026-01-01-000002_a", "ALTER TABLE a ADD COLUMN n INT NOT NULL DEFAULT 0", Online),
    ("2026-01-01-000003_a", "ALTER TABLE a ADD COLUMN n DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6)", Online),
    ("2026-01-01-000004_a", "ALTER TABLE a ADD COLUMN n INT FIRST", Online),
    ("2026-01-01-000005_a", "ALTER TABLE a ADD COLUMN n INT AS (b + 1) VIRTUAL", Online),
    ("2026-01-01-000006_a", "ALTER TABLE a ADD COLUMN n INT AS (b + 1) STORED", Blocks),
    ("2026-01-01-000007_a", "ALTER TABLE a ADD COLUMN n VARCHAR(36) DEFAULT (uuid())", Blocks),
    ("2026-01-01-000008_a", "ALTER TABLE k ADD COLUMN n BIGINT AUTO_INCREMENT UNIQUE", Blocks),
    ("2026-01-01-000009_a", "ALTER TABLE a ADD COLUMN n INT REFERENCES c (id)", Blocks),
    ("2026-01-01-000010_a", "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES c (id)", Blocks),
    ("2026-01-01-000011_a", "SET foreign_key_checks = 0; ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES c (id)", Online),
    ("2026-01-01-000012_a", "ALTER TABLE a ADD CHECK (b > 0)", Blocks),
    ("2026-01-01-000013_a", "ALTER TABLE a DROP CONSTRAINT positive", Online),
    ("2026-01-01-000014_a", "ALTER TABLE a DROP PRIMARY KEY", Blocks),
    ("2026-01-01-000015_a", "ALTER TABLE a DROP PRIMARY KEY, ADD PRIMARY KEY (b)", Online),
    ("2026-01-01-000016_a", "ALTER TABLE k ADD PRIMARY KEY (b)", Online),
    ("2026-01-01-000017_a", "ALTER TABLE a MODIFY b BIGINT NOT NULL", Blocks),
    ("2026-01-01-000018_a", "ALTER TABLE a MODIFY v VARCHAR(5)", Blocks),
    ("2026-01-01-000019_a", "ALTER TABLE a MODIFY v VARCHAR(200)", Unknown),
    ("2026-01-01-000020_a", "ALTER TABLE a MODIFY b INT NULL", Unknown),
    ("2026-01-01-000021_a", "ALTER TABLE a MODIFY e ENUM('x', 'y', 'z')", Unknown),
    ("2026-01-01-000022_a", "ALTER TABLE a MODIFY e ENUM('z', 'x', 'y')", Blocks),
    ("2026-01-01-000023_a", "ALTER TABLE a MODIFY v VARCHAR(200), ALGORITHM=INSTANT", Online),
    ("2026-01-01-000024_a", "ALTER TABLE a ALTER d DROP DEFAULT", Online),
    ("2026-01-01-000025_a", "ALTER TABLE a CONVERT TO CHARACTER SET utf8mb4", Blocks),
    ("2026-01-01-000026_a", "ALTER TABLE a DEFAULT CHARACTER SET utf8mb4", Online),
    ("2026-01-01-000027_a", "ALTER TABLE a ADD FULLTEXT INDEX (v)", Blocks),
    ("2026-01-01-000028_a", "ALTER TABLE a ADD SPATIAL INDEX (g)", Blocks),
    ("2026-01-01-000029_a", "CREATE FULLTEXT INDEX i ON a (v)", Blocks),
    ("2026-01-01-000030_a", "ALTER TABLE a ADD INDEX (b)", Online),
    ("2026-01-01-000031_a", "ALTER TABLE a ADD UNIQUE (b)", Online),
    ("2026-01-01-000032_a", "CREATE UNIQUE INDEX i ON a (b)", Online),
    ("2026-01-01-000033_a", "ALTER TABLE a DROP INDEX v_index", Online),
    ("2026-01-01-000034_a", "ALTER TABLE a RENAME INDEX v_index TO other", Online),
    ("2026-01-01-000035_a", "ALTER TABLE a ENGINE = InnoDB", Online),
    ("2026-01-01-000036_a", "ALTER TABLE a ENGINE = Aria", Blocks),
    ("2026-01-01-000037_a", "ALTER TABLE a ENGINE=MyISAM", Blocks),
    ("2026-01-01-000038_a", "ALTER TABLE a FORCE", Online),
    ("2026-01-01-000039_a", "ALTER TABLE a ROW_FORMAT = COMPACT", Online),
    ("2026-01-01-000040_a", "ALTER TABLE a AUTO_INCREMENT = 100", Online),
    ("2026-01-01-000041_a", "ALTER TABLE a COMMENT 'x'", Online),
    ("2026-01-01-000042_a", "ALTER TABLE a ADD SYSTEM VERSIONING", Blocks),
    ("2026-01-01-000043_a", "ALTER TABLE versioned DROP SYSTEM VERSIONING", Blocks),
    ("2026-01-01-000044_a", "ALTER TABLE k PARTITION BY HASH (b) PARTITIONS 2", Blocks),
    ("2026-01-01-000045_a", "ALTER TABLE hashed REMOVE PARTITIONING", Blocks),
    ("2026-01-01-000046_a", "ALTER TABLE hashed COALESCE PARTITION 1", Blocks),
    ("2026-01-01-000047_a", "ALTER TABLE hashed ADD PARTITION PARTITIONS 1", Blocks),
    ("2026-01-01-000048_a", "ALTER TABLE hashed REBUILD PARTITION ALL", Blocks),
    ("2026-01-01-000049_a", "ALTER TABLE ranged REORGANIZE PARTITION p1, p2 INTO (PARTITION p12 VALUES LESS THAN (20))", Blocks),
    ("2026-01-01-000050_a", "ALTER TABLE ranged ADD PARTITION (PARTITION p3 VALUES LESS THAN (30))", Online),
    ("2026-01-01-000051_a", "ALTER TABLE ranged DROP PARTITION p1", Online),
    ("2026-01-01-000052_a", "ALTER TABLE ranged ANALYZE PARTITION ALL", Online),
}

const TABLES: &str = "\
    CREATE TABLE c (id INT PRIMARY KEY); INSERT INTO c VALUES (1), (2);
    CREATE TABLE a (id INT PRIMARY KEY, b INT NOT NULL, v VARCHAR(20), d INT DEFAULT 3, e ENUM('x', 'y'), g POINT NOT NULL, \
        INDEX v_index (v), CONSTRAINT positive CHECK (d > 0)) CHARACTER SET latin1;
    INSERT INTO a VALUES (1, 1, 'a', 3, 'x', POINT(1, 1)), (2, 2, 'b', 3, 'y', POINT(1, 2));
    CREATE TABLE k (b INT NOT NULL); INSERT INTO k VALUES (1), (2);
    CREATE TABLE versioned (id INT PRIMARY KEY) WITH SYSTEM VERSIONING; INSERT INTO versioned VALUES (1), (2);
    CREATE TABLE hashed (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 4; INSERT INTO hashed VALUES (1), (2), (3), (4);
    CREATE TABLE ranged (id INT PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION p1 VALUES LESS THAN (10), PARTITION p2 VALUES LESS THAN (20));
    INSERT INTO ranged VALUES (1), (2), (11), (12)";

/// The rules about locks and copies.
const BLOCKING: &[&str] = &[
    "adding-field-with-default",
    "adding-foreign-key-constraint",
    "adding-serial-column",
    "blocking-index-creation",
    "changing-column-type",
    "constraint-missing-not-valid",
    "dropping-primary-key",
    "rewriting-table",
];

#[derive(QueryableByName)]
struct Status {
    #[diesel(sql_type = Text, column_name = Value)]
    value: String,
}

/// Creates the tables again, in a session that has just begun.
fn with_tables(database: &TestDatabase) -> Connection {
    let mut connection = connect(database);
    for table in ["a", "c", "k", "versioned", "hashed", "ranged"] {
        connection.batch_execute(&format!("DROP TABLE IF EXISTS {table}")).expect("dropped");
    }
    connection.batch_execute(TABLES).expect("tables");
    connection
}

/// Returns how many rows the session has written, by INSERT or by a copy of a table.
fn rows_written(connection: &mut Connection) -> u64 {
    let status: Status = diesel::sql_query("SHOW SESSION STATUS LIKE 'Handler_write'")
        .get_result(connection)
        .expect("a status");
    status.value.parse().expect("a number")
}

/// Returns whether the server blocks writes during a statement: it copies the rows one by one, or refuses to let
/// others write.
fn blocks(database: &TestDatabase, sql: &str) -> bool {
    let mut connection = with_tables(database);
    let before = rows_written(&mut connection);
    connection.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    if rows_written(&mut connection) > before + 1 {
        return true;
    }
    // The grammar has no place for it beside a change of partitions.
    if sql.contains(" PARTITION ") || sql.contains("ALGORITHM") {
        return false;
    }
    let separator = if sql.starts_with("CREATE") { ' ' } else { ',' };
    let online = format!("{sql}{separator} ALGORITHM=INPLACE{separator} LOCK=NONE");
    with_tables(database).batch_execute(&online).is_err()
}

#[case(on_mariadb)]
fn the_rules_on_locks_are_true() {
    let database = TestDatabase::mariadb();
    let ran = project_of(&["lint_mariadb"], &database).run("migrate --lint --format json");
    let report: serde_json::Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.all()));
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for finding in report["findings"].as_array().expect("findings") {
        let migration = finding["migration"].as_str().expect("a name");
        found.entry(migration).or_default().push(finding["rule"].as_str().expect("a rule"));
    }
    let mut wrong = Vec::new();
    for (name, sql, effect) in STATEMENTS {
        let rules = found.get(name).map(Vec::as_slice).unwrap_or_default();
        let is_reported = rules.iter().any(|rule| BLOCKING.contains(rule));
        let does_block = blocks(&database, sql);
        if does_block != (*effect == Blocks) || is_reported != (*effect != Online) {
            wrong.push(format!(
                "{sql}: expected {effect:?}, the server blocks: {does_block}, reported: {rules:?}"
            ));
        }
        if rules.contains(&"unread-statement") {
            wrong.push(format!("{sql} is not read"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
