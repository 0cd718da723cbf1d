//! SQLite: files that come later, are locked, damaged or not ours.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use manage_test_support::{CaseName, Need, Program, Suite, Transcript, case};

use super::{LONG, says};

fn is_root_ourselves() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn database(&self, name: &str, sql: &str) -> SqliteConnection {
        let mut connection =
            SqliteConnection::establish(self.path(name).to_str().expect("UTF-8")).expect("a database");
        connection.batch_execute(sql).expect("SQL");
        connection
    }
}

fn waiter(path: &Path, options: &[&str]) -> Program {
    Program::new(env!("CARGO_BIN_EXE_manage"))
        .cwd(std::env::temp_dir())
        .env("DATABASE_URL", format!("sqlite:{}", path.display()))
        .arg("wait_for_db")
        .args(options)
}

#[track_caller]
fn ready(path: &Path, options: &[&str]) -> Transcript {
    waiter(path, options).run(LONG).expect_success()
}

#[track_caller]
fn wrong(path: &Path, words: &str) -> Transcript {
    says(waiter(path, &["--fail-fast-after", "0"]).run(LONG).expect_code(78), words)
}

const TABLE: &str = "CREATE TABLE t (x); INSERT INTO t VALUES (1)";

#[case]
fn files_that_are_there_or_could_be_made() {
    let folder = Folder::new();
    drop(folder.database("a.db", TABLE));
    ready(&folder.path("a.db"), &[]);
    ready(&folder.path("a.db"), &["--writable"]);
    ready(&folder.path("new.db"), &[]);
    ready(&folder.path("new.db"), &["--writable", "--stable-for", "0.3"]);
    assert!(!folder.path("new.db").exists(), "waiting makes no file");
    for url in ["sqlite::memory:", "file::memory:?cache=shared", "file:m?mode=memory"] {
        let program = Program::new(env!("CARGO_BIN_EXE_manage")).cwd(folder.path(""));
        program.env("DATABASE_URL", url).args(["wait_for_db", "--writable"]).run(LONG).expect_success();
    }
    let left: Vec<_> = fs::read_dir(folder.path("")).expect("a folder").flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[case]
fn files_that_could_never_be_made() {
    let folder = Folder::new();
    std::os::unix::fs::symlink(folder.path("volume/a.db"), folder.path("link.db")).expect("a link");
    wrong(&folder.path("link.db"), "volume does not exist");
    wrong(&folder.path(&"x".repeat(300)), "name too long");
    let uri = |rest: &str, path: &Path| PathBuf::from(format!("file:{rest}{}", path.display()));
    let url = |name: &Path, options: &[&str]| waiter(name, options).env("DATABASE_URL", name.as_os_str());
    let new = folder.path("new.db");
    let ran = url(&uri("//elsewhere", &new), &["--fail-fast-after", "0"]).run(LONG).expect_code(78);
    says(ran, "a URI of a file names no host");
    url(&uri("//localhost", &new), &[]).run(LONG).expect_success();
    for mode in ["ro", "rw"] {
        let name = PathBuf::from(format!("file:{}?mode={mode}&secret=hunter2", new.display()));
        let ran = url(&name, &["--once"]).run(LONG).expect_code(1);
        assert!(ran.stderr.contains("ENOENT: there is no such file"), "{ran}");
        // The part after the path may be meant for another kind of database.
        assert!(!ran.stderr.contains("hunter2"), "{ran}");
        let mut running = url(&name, &["--fail-fast-after", "0"]).spawn();
        running.wait_for_line("**Database unavailable, waiting...**", LONG);
        drop(folder.database("other.db", TABLE));
        fs::rename(folder.path("other.db"), &new).expect("a new name");
        running.wait(LONG).expect_success();
        fs::remove_file(&new).expect("it was made");
    }
}

#[case]
fn a_folder_that_comes_later() {
    let folder = Folder::new();
    let path = folder.path("volume/a.db");
    says(
        wrong(&path, "volume does not exist"),
        "Hint: Create the directory; the path comes from DATABASE_URL (environment).",
    );
    let mut running = waiter(&path, &["--timeout", "100", "--fail-fast-after", "60"]).spawn();
    running.wait_for_line("**Database unavailable, waiting...**", LONG);
    fs::create_dir(folder.path("volume")).expect("a folder");
    running.wait(LONG).expect_success();
    assert!(!path.exists());
}

#[case]
fn locked_by_another_process() {
    for (name, before, lock, is_locked) in [
        ("exclusive", "", "BEGIN EXCLUSIVE", true),
        ("immediate", "", "BEGIN IMMEDIATE; INSERT INTO t VALUES (2)", false),
        ("wal", "PRAGMA journal_mode = WAL", "BEGIN EXCLUSIVE; INSERT INTO t VALUES (2)", false),
        (
            "wal-alone",
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL",
            "BEGIN EXCLUSIVE; INSERT INTO t VALUES (2)",
            true,
        ),
        (
            "alone",
            "PRAGMA locking_mode = EXCLUSIVE",
            "BEGIN EXCLUSIVE; INSERT INTO t VALUES (2); COMMIT",
            true,
        ),
    ] {
        let folder = Folder::new();
        let path = folder.path("a.db");
        let mut holder = folder.database("a.db", &format!("{before}; {TABLE}; {lock}"));
        if !is_locked {
            ready(&path, &[]);
            continue;
        }
        let options = ["--timeout", "100", "--fail-fast-after", "0"];
        let mut running = waiter(&path, &options).spawn();
        let line = running.wait_for_line("nother process has locked the file", LONG);
        assert!(line.contains("SQLITE_BUSY"), "{name}: {line}");
        let _ = holder.batch_execute("COMMIT");
        drop(holder);
        running.wait(LONG).expect_success();
        drop(folder.database("a.db", "INSERT INTO t VALUES (3)"));
    }
}

#[case]
fn damaged_files_are_final() {
    let folder = Folder::new();
    let garbage: Vec<u8> = (0..8192_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let path = folder.path("encrypted.db");
    fs::write(&path, &garbage).expect("a file");
    wrong(&path, "the file is not an SQLite database");
    fs::write(&path, "some text, longer than a header").expect("a file");
    wrong(&path, "the file is not an SQLite database");
    drop(folder.database("corrupt.db", TABLE));
    let path = folder.path("corrupt.db");
    let good = fs::read(&path).expect("a file");
    // A right header and nonsense behind it.
    let mut bytes = good.clone();
    bytes[100..].iter_mut().zip(garbage.iter().cycle()).for_each(|(byte, odd)| *byte = *odd);
    fs::write(&path, &bytes).expect("a file");
    wrong(&path, "The file cannot be used (");
    fs::write(&path, &good[..good.len() - 4096]).expect("a file");
    wrong(&path, "The file cannot be used (");
    fs::create_dir(folder.path("folder.db")).expect("a folder");
    wrong(&folder.path("folder.db"), "it is a directory");
    wrong(&folder.path("corrupt.db/below.db"), "does not exist");
    // An empty file is an empty database.
    fs::write(folder.path("empty.db"), "").expect("a file");
    ready(&folder.path("empty.db"), &[]);
}

/// What a killed writer leaves: some of its pages, and the journal that undoes them.
#[case]
fn a_hot_journal_is_rolled_back() {
    let folder = Folder::new();
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) \
                INSERT INTO big SELECT 'before' || i, i FROM n";
    drop(folder.database("live.db", &format!("CREATE TABLE big (a TEXT, i INTEGER); {rows}")));
    // A transaction that is larger than its memory.
    let writer = folder.database("live.db", "PRAGMA cache_size = 2; BEGIN; UPDATE big SET a = 'after' || i");
    fs::copy(folder.path("live.db"), folder.path("a.db")).expect("a copy");
    fs::copy(folder.path("live.db-journal"), folder.path("a.db-journal")).expect("a copy");
    assert!(
        String::from_utf8_lossy(&fs::read(folder.path("a.db")).expect("a file")).contains("after"),
        "half of it is in the file"
    );
    ready(&folder.path("a.db"), &[]);
    let text = fs::read(folder.path("a.db")).expect("a file");
    assert!(!String::from_utf8_lossy(&text).contains("after1"), "it was rolled back");
    drop(writer);
}

#[case]
fn migrations_are_waited_for() {
    let folder = Folder::new();
    let path = folder.path("a.db");
    let ran = waiter(&path, &["--migrations", "--timeout", "0.5"]).run(LONG).expect_code(124);
    says(
        says(ran, "he database answers, but has unapplied migrations"),
        "Hint: Run the command `migrate`, or wait until another process has.",
    );
    assert!(!path.exists());
    let mut running = waiter(&path, &["--migrations", "--timeout", "100"]).spawn();
    running.wait_for_line("**Database unavailable, waiting...**", LONG);
    let migrate = Program::new(env!("CARGO_BIN_EXE_manage")).cwd(folder.path(""));
    migrate
        .env("DATABASE_URL", format!("sqlite:{}", path.display()))
        .arg("migrate")
        .run(LONG)
        .expect_success();
    running.wait(LONG).expect_success();
    waiter(&path, &["--migrations", "--once"]).run(LONG).expect_success();
}

fn as_no_superuser(suite: &mut Suite, name: &CaseName, test: fn()) {
    if is_root_ourselves() {
        suite.needs(Need::Program("runuser"), name, test);
    } else {
        suite.test(name, test);
    }
}

/// As a user who is not the superuser, to whom modes mean nothing.
#[case(as_no_superuser)]
fn files_of_somebody_else() {
    let folder = Folder::new();
    let mode = |path: &Path, mode: u32| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    };
    let is_root = is_root_ourselves();
    mode(&folder.path(""), 0o755);
    // That user may not be able to enter the directory of the build.
    let program = folder.path("manage");
    fs::copy(env!("CARGO_BIN_EXE_manage"), &program).expect("a copy");
    let run = |path: &Path, options: &[&str]| {
        let url = format!("sqlite:{}", path.display());
        let base = match is_root {
            true => Program::new("runuser").args(["-u", "nobody", "--"]).arg(&program),
            false => Program::new(&program),
        };
        let base = base.cwd("/").env("DATABASE_URL", url).arg("wait_for_db");
        base.args(["--fail-fast-after", "0"]).args(options).run(LONG)
    };
    let open = folder.path("open");
    fs::create_dir(&open).expect("a folder");
    mode(&open, 0o777);
    for name in ["unreadable.db", "readonly.db"] {
        drop(folder.database(&format!("open/{name}"), TABLE));
    }
    mode(&open.join("unreadable.db"), 0o000);
    says(run(&open.join("unreadable.db"), &[]).expect_code(78), "the file is not readable");
    mode(&open.join("readonly.db"), 0o444);
    run(&open.join("readonly.db"), &[]).expect_success();
    says(run(&open.join("readonly.db"), &["--writable"]).expect_code(78), "readonly.db is not writable");
    run(&open.join("new.db"), &["--writable"]).expect_success();
    // A directory that is read-only.
    let closed = folder.path("closed");
    fs::create_dir(&closed).expect("a folder");
    drop(folder.database("closed/a.db", TABLE));
    drop(folder.database("closed/wal.db", &format!("PRAGMA journal_mode = WAL; {TABLE}")));
    mode(&closed.join("a.db"), 0o666);
    mode(&closed.join("wal.db"), 0o666);
    mode(&closed, 0o555);
    run(&closed.join("a.db"), &[]).expect_success();
    says(run(&closed.join("a.db"), &["--writable"]).expect_code(78), "closed is not writable");
    says(run(&closed.join("new.db"), &[]).expect_code(78), "closed is not writable");
    // WAL needs a file beside the database, also to read.
    says(run(&closed.join("wal.db"), &[]).expect_code(78), "closed is not writable");
    mode(&closed, 0o000);
    let ran = run(&closed.join("a.db"), &[]).expect_code(78);
    says(ran, "closed");
    mode(&closed, 0o755);
}
