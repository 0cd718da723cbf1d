//! `wait_for_db --writable` and SQLite: a write is tried, and the file stays as it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use manage_test_support::{Program, Transcript, case, inside, wait_until};

use super::{LONG, says};

const TABLE: &str = "CREATE TABLE t (x); INSERT INTO t VALUES (1)";
const MODES: [&str; 4] = ["DELETE", "TRUNCATE", "PERSIST", "WAL"];

fn open(path: &Path, sql: &str) -> SqliteConnection {
    let mut connection = SqliteConnection::establish(path.to_str().expect("UTF-8")).expect("a database");
    connection.batch_execute(sql).expect("SQL");
    connection
}

/// A database whose files are not in use.
fn database(folder: &Path, name: &str, mode: &str) -> PathBuf {
    let path = folder.join(name);
    drop(open(&path, &format!("PRAGMA journal_mode = {mode}; {TABLE}")));
    path
}

fn waiter(url: &str, options: &[&str]) -> Program {
    let program = Program::new(env!("CARGO_BIN_EXE_manage")).cwd(std::env::temp_dir());
    program.env("DATABASE_URL", url).args(["wait_for_db", "--writable"]).args(options)
}

fn plain(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

/// The kernel may close the files of a process a moment after its end.
fn unmount(folder: &Path) {
    wait_until(LONG, "the folder is not in use", || {
        Command::new("umount").arg(folder).status().expect("umount").success()
    });
}

/// The files and what they hold.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let paths = fs::read_dir(folder).expect("a folder").flatten().map(|file| file.path());
    let mut files: Vec<_> = paths.map(|path| (path.clone(), fs::read(&path).expect("a file"))).collect();
    files.sort();
    files
}

/// A sum of a file that this process has open as a database. Reading it here would end SQLite's locks.
fn sum(path: &Path) -> Vec<u8> {
    let ran = Command::new("cksum").arg(path).output().expect("cksum");
    assert!(ran.status.success());
    ran.stdout
}

#[case]
fn a_url_that_is_read_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = database(folder.path(), "a.db", "DELETE");
    for (query, pair) in [
        ("mode=ro", "mode=ro"),
        ("immutable=1", "immutable=1"),
        ("cache=private&immutable=true", "immutable=true"),
        ("immutable=on#x", "immutable=on"),
    ] {
        let url = format!("file:{}?{query}", path.display());
        let ran = waiter(&url, &["--fail-fast-after", "0"]).run(LONG).expect_code(78);
        let ran = says(ran, &format!("`{pair}` opens it read-only"));
        says(ran, &format!("Remove `{pair}` from DATABASE_URL (environment), or wait without --writable."));
        let once = Program::new(env!("CARGO_BIN_EXE_manage")).env("DATABASE_URL", &url).arg("wait_for_db");
        once.cwd(folder.path()).arg("--once").run(LONG).expect_success();
    }
    for query in ["mode=rw", "mode=rwc", "immutable=0"] {
        let url = format!("file:{}?{query}", path.display());
        waiter(&url, &["--once"]).run(LONG).expect_success();
    }
}

#[case]
fn nothing_is_changed() {
    for mode in MODES {
        let folder = tempfile::tempdir().expect("a folder");
        let path = database(folder.path(), "a.db", mode);
        let before = files(folder.path());
        let old = path.metadata().and_then(|file| file.modified()).expect("a time");
        waiter(&plain(&path), &["--stable-for", "0.3"]).run(LONG).expect_success();
        assert_eq!(path.metadata().and_then(|file| file.modified()).expect("a time"), old, "{mode}");
        // In these modes the journal's file stays.
        let stays = |(path, _): &(PathBuf, Vec<u8>)| {
            !["TRUNCATE", "PERSIST"].contains(&mode) || !path.to_string_lossy().ends_with("-journal")
        };
        let (before, after) =
            (before.into_iter().filter(stays), files(folder.path()).into_iter().filter(stays));
        assert!(before.eq(after), "{mode}");
        // Beside a program that uses it.
        let mut user =
            open(&path, "SELECT count(*) FROM t; PRAGMA user_version = 7; INSERT INTO t VALUES (2)");
        let before = sum(&path);
        waiter(&plain(&path), &["--once"]).run(LONG).expect_success();
        assert_eq!(sum(&path), before, "{mode}");
        user.batch_execute("INSERT INTO t VALUES (3)").expect("it goes on");
        drop(user);
        let mut user = open(&path, "");
        let sum = "SELECT CASE WHEN (SELECT sum(x) FROM t) = 6 AND (SELECT count(*) FROM sqlite_master) = 1 \
             AND (SELECT user_version FROM pragma_user_version) = 7 THEN 1 ELSE json('not so') END";
        user.batch_execute(sum).expect("what the program wrote, and nothing else");
    }
    // Neither is a file that is empty, or does not exist.
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("empty.db"), "").expect("a file");
    let before = files(folder.path());
    for name in ["empty.db", "new.db"] {
        waiter(&plain(&folder.path().join(name)), &["--once"]).run(LONG).expect_success();
    }
    assert!(before == files(folder.path()));
}

#[case]
fn another_writer_is_waited_for() {
    for mode in MODES {
        let folder = tempfile::tempdir().expect("a folder");
        let path = database(folder.path(), "a.db", mode);
        // A commit waits for those who are just reading, such as the waiter.
        let mut writer =
            open(&path, "PRAGMA busy_timeout = 10000; BEGIN IMMEDIATE; INSERT INTO t VALUES (2)");
        let mut running = waiter(
            &plain(&path),
            &["--timeout", "100", "--attempt-timeout", "0.3", "--fail-fast-after", "0"],
        )
        .spawn();
        let line = running.wait_for_line("SQLITE_BUSY", LONG);
        assert!(!line.contains("Successfully"), "{line}");
        writer.batch_execute("COMMIT").expect("a commit");
        running.wait(LONG).expect_success();
    }
}

fn mount(arguments: &[&str], folder: &Path) {
    let ran = Command::new("mount").args(arguments).arg(folder).output().expect("mount");
    assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
}

#[track_caller]
fn refused(path: &Path, words: &str) -> Transcript {
    says(waiter(&plain(path), &["--fail-fast-after", "0"]).run(LONG).expect_code(78), words)
}

#[case(inside)]
fn a_read_only_mount() {
    for mode in ["DELETE", "WAL"] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = database(folder.path(), "a.db", mode);
        let shown = folder.path().to_str().expect("UTF-8");
        mount(&["--bind", shown], folder.path());
        mount(&["-o", "remount,bind,ro"], folder.path());
        refused(&path, "a.db is not writable");
        refused(&folder.path().join("new.db"), "is not writable");
        unmount(folder.path());
        waiter(&plain(&path), &["--once"]).run(LONG).expect_success();
    }
}

#[case(inside)]
fn a_full_disk() {
    for mode in ["DELETE", "WAL"] {
        let folder = tempfile::tempdir().expect("a folder");
        mount(&["-t", "tmpfs", "-o", "size=512k", "none"], folder.path());
        let path = database(folder.path(), "a.db", mode);
        // A WAL file that has grown before has room for more.
        let mut user = open(&path, "SELECT count(*) FROM t");
        let fill = folder.path().join("fill");
        let full = |options: &[&str], path: &Path| {
            let _ = fs::write(&fill, vec![1; 1 << 20]);
            let ran = waiter(&plain(path), options).run(LONG).expect_code(1);
            says(ran, "SQLITE_FULL");
        };
        full(&["--once"], &path);
        full(&["--once"], &folder.path().join("new.db"));
        let mut running = waiter(&plain(&path), &["--timeout", "100", "--fail-fast-after", "0"]).spawn();
        running.wait_for_line("SQLITE_FULL", LONG);
        fs::remove_file(&fill).expect("removed");
        running.wait(LONG).expect_success();
        user.batch_execute("INSERT INTO t VALUES (2)").expect("it goes on");
        drop(user);
        unmount(folder.path());
    }
}
