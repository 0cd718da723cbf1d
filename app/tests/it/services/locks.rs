//! POSIX locks belong to a process: closing a file by any handle drops them all.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use manage::database::{Connection, probe};
use manage::settings::{DatabaseSettings, Origin};
use manage_test_support::{Need, Program, case, needs};

use super::LONG;

#[case(needs(Need::Program("sqlite3")))]
fn another_connection_leaves_the_locks_of_the_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.db");
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).expect("a link");
    let settings = |path: &std::path::Path| {
        DatabaseSettings::sqlite("default", path.to_str().expect("UTF-8"), Origin::Code)
    };
    let mut first = Connection::open(&settings(&path)).expect("a database");
    first.batch_execute("CREATE TABLE t (x); BEGIN IMMEDIATE; INSERT INTO t VALUES (1)").expect("a lock");
    // The file of a journal holds the old content of each page, so the header is there to be read.
    drop(Connection::open(&settings(&path)).expect("a second connection"));
    drop(Connection::open(&settings(&link)).expect("a connection by another name"));
    probe(&settings(&path), Duration::from_secs(5)).expect("an answer");
    probe(&settings(&link), Duration::from_secs(5)).expect("an answer");
    let write = || Program::new("sqlite3").arg(&path).arg("INSERT INTO t VALUES (2)").run(LONG);
    let ran = write().expect_code(5);
    assert!(ran.stderr.contains("database is locked"), "{ran}");
    first.batch_execute("COMMIT").expect("a commit");
    write().expect_success();
}
