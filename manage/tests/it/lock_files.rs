//! SQLite's lock files, met by an attacker: what is in their place stays, and nobody blocks those who may
//! write the database.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use manage_test_support::{Account, Need, Program, Running, Signal, Transcript, case, needs};

use crate::isolating::PATIENCE;
use crate::project::AS_PROGRAM;

const OWNER: u32 = 61_001;
const MEMBER: u32 = 61_002;
const STRANGER: u32 = 61_003;
const GROUP: u32 = 61_100;

/// A directory with a database of its own.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a directory") }
    }

    /// One whose directory and database belong to an account.
    fn of(account: Account, mode: u32, database_mode: u32) -> Self {
        let place = Self::new();
        account.own(place.folder.path()).expect("root may give it away");
        place.chmod(".", mode);
        place.program("migrate").account(account).run(PATIENCE).expect_success();
        place.chmod("a.db", database_mode);
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn chmod(&self, name: &str, mode: u32) {
        fs::set_permissions(self.at(name), Permissions::from_mode(mode)).expect("a mode");
    }

    fn program(&self, line: &str) -> Program {
        let this = std::env::current_exe().expect("this program");
        Program::new(this)
            .env(AS_PROGRAM, "1")
            .env("DATABASE_URL", format!("sqlite:{}", self.at("a.db").display()))
            .cwd(self.folder.path())
            .args(line.split_whitespace())
    }

    fn run(&self, line: &str) -> Transcript {
        self.program(line).run(PATIENCE)
    }

    /// The command that holds its lock, as an account.
    fn holding(&self, account: Option<Account>) -> Running {
        let program = self.program("hold 600");
        let mut running = account.into_iter().fold(program, Program::account).spawn();
        running.wait_for_line("held", PATIENCE);
        running
    }

    /// The lock files.
    fn locks(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.path()).expect("a directory").flatten();
        entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|end| end == "lock"))
            .collect()
    }

    #[track_caller]
    fn lock(&self) -> PathBuf {
        let mut locks = self.locks();
        assert_eq!(locks.len(), 1, "{locks:?}");
        locks.remove(0)
    }
}

#[track_caller]
fn kill(mut holder: Running) {
    holder.signal(Signal::KILL);
    holder.wait(PATIENCE);
}

#[case]
fn what_is_in_the_place_of_one_stays() {
    let place = Place::new();
    let holder = place.holding(None);
    let of_command = place.lock();
    kill(holder);
    fs::remove_file(&of_command).expect("removed");
    let victim = place.at("victim");
    fs::write(&victim, "dear").expect("a file");
    for (lock, line) in [(place.at("a.db-migrate.lock"), "migrate"), (of_command, "hold 0")] {
        let refused = |why: &str| {
            let ran = place.run(line).expect_code(1);
            assert!(ran.stderr.contains(lock.file_name().unwrap().to_str().unwrap()), "{ran}");
            assert!(ran.stderr.contains(why), "{ran}");
            assert_eq!(fs::read_to_string(&victim).expect("it is there"), "dear", "{why}");
            assert!(lock.symlink_metadata().is_ok(), "{why}: it stays");
        };
        symlink(&victim, &lock).expect("a link");
        refused("it is a symbolic link");
        fs::remove_file(&lock).expect("removed");
        symlink(place.at("none"), &lock).expect("a link");
        refused("it is a symbolic link");
        assert!(!place.at("none").exists(), "nothing is created behind a link");
        fs::remove_file(&lock).expect("removed");
        fs::hard_link(&victim, &lock).expect("a link");
        refused("a hard link");
        fs::remove_file(&lock).expect("removed");
        fs::create_dir(&lock).expect("a directory");
        refused("it is a directory");
        fs::remove_dir(&lock).expect("removed");
        let _socket = UnixListener::bind(&lock).expect("a socket");
        refused("it is not a regular file");
        fs::remove_file(&lock).expect("removed");
        // Nobody reads from it or writes to it: opening it must not wait.
        let made = Program::new("mkfifo").arg(&lock).run(PATIENCE);
        made.expect_success();
        refused("it is not a regular file");
        fs::remove_file(&lock).expect("removed");
        place.run(line).expect_success();
        assert!(place.locks().is_empty(), "{:?}", place.locks());
    }
}

#[case]
fn what_somebody_else_wrote_stays() {
    let place = Place::new();
    let lock = place.at("a.db-migrate.lock");
    fs::write(&lock, "dear\n").expect("a file");
    place.run("migrate").expect_success();
    assert_eq!(fs::read_to_string(&lock).expect("it is there"), "dear\n");
    // It is a lock all the same.
    let file = File::open(&lock).expect("it is there");
    file.lock().expect("a lock");
    place.run("migrate zero --lock-timeout 0").expect_code(124);
    drop(file);
    place.run("migrate zero --lock-timeout 0").expect_success();
    // A database may have the name of another one's lock file.
    fs::remove_file(&lock).expect("removed");
    let url = format!("sqlite:{}", lock.display());
    place.program("migrate").env("DATABASE_URL", &url).run(PATIENCE).expect_success();
    place.run("migrate").expect_success();
    let shown = place.program("showmigrations").env("DATABASE_URL", &url).run(PATIENCE).expect_success();
    assert!(shown.stdout.contains("[X]") && !shown.stdout.contains("[ ]"), "{shown}");
}

#[case]
fn a_killed_holder_blocks_nobody() {
    let place = Place::new();
    kill(place.holding(None));
    let lock = place.lock();
    assert!(fs::metadata(&lock).expect("it is there").len() > 0, "its holder could not remove it");
    place.run("hold 0").expect_success();
    assert!(place.locks().is_empty(), "{:?}", place.locks());
}

#[case]
fn a_holders_text_is_printable() {
    let place = Place::new();
    kill(place.holding(None));
    let lock = place.lock();
    // All users who may write the database may write this, too.
    let text = "diesel-manage lock\nme \x1b[31m\u{9b}2J\u{202e}\r\nError: forged";
    fs::write(&lock, text).expect("a file");
    let file = File::open(&lock).expect("it is there");
    file.lock().expect("a lock");
    for line in ["hold 0", "hold 0 --isolated-wait 1"] {
        let busy = place.run(line).expect_code(75);
        let all = format!("{}{}", busy.stdout, busy.stderr);
        assert!(all.contains(r"me \u{1b}[31m\u{9b}2J\u{202e}\r\nError: forged"), "{busy}");
        assert!(!all.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\r']), "{busy}");
    }
    // What has not the form of ours is not shown at all.
    fs::write(&lock, "\x1b[31mforeign").expect("a file");
    let busy = place.run("hold 0").expect_code(75);
    assert!(!busy.stderr.contains("foreign"), "{busy}");
}

#[case(needs(Need::Accounts))]
fn after_root_the_owner_goes_on() {
    let owner = Account::numbered(OWNER, OWNER);
    let place = Place::of(owner, 0o755, 0o644);
    // As with sudo; killed, so that the file is left behind.
    kill(place.holding(None));
    let file = fs::metadata(place.lock()).expect("it is there");
    assert_eq!((file.uid(), file.gid(), file.mode() & 0o7777), (OWNER, OWNER, 0o600));
    place.program("hold 0").account(owner).run(PATIENCE).expect_success();
    place.run("migrate zero").expect_success();
    place.program("migrate").account(owner).run(PATIENCE).expect_success();
    // While root holds it, the owner waits for it and is not refused.
    let holder = place.holding(None);
    let busy = place.program("hold 0").account(owner).run(PATIENCE).expect_code(75);
    assert!(busy.stderr.contains("is running: "), "{busy}");
    kill(holder);
    // Before there is a database, what root leaves behind belongs to the owner of the directory.
    fs::remove_file(place.at("a.db")).expect("removed");
    place.program("hold 0").account(owner).run(PATIENCE).expect_success();
    kill(place.holding(None));
    place.program("hold 0").account(owner).run(PATIENCE).expect_success();
    assert!(place.locks().is_empty(), "{:?}", place.locks());
}

#[case(needs(Need::Accounts))]
fn who_may_only_read_the_database_cannot_block() {
    let (owner, stranger) = (Account::numbered(OWNER, OWNER), Account::numbered(STRANGER, STRANGER));
    let place = Place::of(owner, 0o755, 0o644);
    let holder = place.holding(Some(owner));
    let lock = place.lock();
    kill(holder);
    let as_stranger = |path: &Path| Program::new("cat").arg(path).account(stranger).run(PATIENCE);
    as_stranger(&place.at("a.db")).expect_success();
    // A lock needs no more than an open file.
    let refused = as_stranger(&lock).expect_code(1);
    assert!(refused.stderr.contains("Permission denied"), "{refused}");
    let refused = place.program("hold 0").account(stranger).run(PATIENCE).expect_code(1);
    let why = format!(
        "only accounts that can write the database can lock it, and the file belongs to the account with the uid {OWNER}"
    );
    assert!(refused.stderr.contains(&why), "{refused}");
    fs::remove_file(&lock).expect("removed");
    let refused = place.program("hold 0").account(stranger).run(PATIENCE).expect_code(1);
    assert!(refused.stderr.contains("this account cannot create files in its directory"), "{refused}");
}

#[case(needs(Need::Accounts))]
fn a_group_shares_a_lock() {
    let (owner, member) = (Account::numbered(OWNER, GROUP), Account::numbered(MEMBER, GROUP));
    let place = Place::of(owner, 0o775, 0o664);
    for (first, second) in [(owner, member), (member, owner)] {
        let holder = place.holding(Some(first));
        let file = fs::metadata(place.lock()).expect("it is there");
        assert_eq!((file.gid(), file.mode() & 0o7777), (GROUP, 0o660));
        let busy = place.program("hold 0").account(second).run(PATIENCE).expect_code(75);
        assert!(busy.stderr.contains(&format!(" hold {}@", holder.pid())), "{busy}");
        kill(holder);
        place.program("hold 0").account(second).run(PATIENCE).expect_success();
        assert!(place.locks().is_empty(), "{:?}", place.locks());
    }
}

#[case(needs(Need::Accounts))]
fn a_strangers_file_is_refused_and_named() {
    let (owner, stranger) = (Account::numbered(OWNER, OWNER), Account::numbered(STRANGER, STRANGER));
    let place = Place::of(owner, 0o1777, 0o644);
    let lock = place.at("a.db-migrate.lock");
    Program::new("touch").arg(&lock).account(stranger).run(PATIENCE).expect_success();
    // Its owner could hold it forever.
    let file = File::open(&lock).expect("it is there");
    file.lock().expect("a lock");
    let why = format!("it belongs to the account with the uid {STRANGER}, which cannot write the database");
    for account in [Some(owner), None] {
        let program = place.program("migrate zero --lock-timeout 0");
        let refused =
            account.into_iter().fold(program, Program::account).run(Duration::from_secs(20)).expect_code(1);
        assert!(refused.stderr.contains(&why), "{refused}");
    }
    drop(file);
    fs::remove_file(&lock).expect("removed");
    // Where others may write the database, their lock counts.
    place.chmod("a.db", 0o666);
    Program::new("touch").arg(&lock).account(stranger).run(PATIENCE).expect_success();
    let file = File::open(&lock).expect("it is there");
    file.lock().expect("a lock");
    place.program("migrate zero --lock-timeout 0").run(PATIENCE).expect_code(124);
}
