//! What prints with `println!`: commands, which it lets panic where it cannot write, and functions that complete.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use manage_test_servers::Suite;

use crate::project::AS_PROGRAM;

pub(crate) fn add(suite: &mut Suite) {
    if cfg!(unix) {
        suite.test("printing::a_reader_that_leaves_is_no_trouble", a_reader_that_leaves_is_no_trouble);
    }
    if cfg!(unix) {
        suite.test("printing::no_noise_while_completing", no_noise_while_completing);
        suite.test("printing::no_prompt_hangs", no_prompt_hangs);
    }
    if cfg!(target_os = "linux") {
        suite.test("printing::a_full_disk_is_told", a_full_disk_is_told);
    }
}

fn prints() -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.env(AS_PROGRAM, "1").args(["prints", "100000"]).stderr(Stdio::piped());
    command
}

/// Whether backtraces are wanted must not change how it ends.
const BACKTRACES: [&str; 2] = ["0", "1"];

fn a_reader_that_leaves_is_no_trouble() {
    for backtrace in BACKTRACES {
        let mut process =
            prints().env("RUST_BACKTRACE", backtrace).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut first = String::new();
        let mut reader = BufReader::new(process.stdout.take().expect("a pipe"));
        reader.read_line(&mut first).expect("a line");
        drop(reader);
        let mut trouble = String::new();
        process.stderr.take().expect("a pipe").read_to_string(&mut trouble).expect("text");
        let code = process.wait().expect("it ends").code();
        assert_eq!((first.as_str(), trouble.as_str(), code), ("line 0\n", "", Some(141)));
    }
}

fn a_full_disk_is_told() {
    for backtrace in BACKTRACES {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
        let ran = prints().env("RUST_BACKTRACE", backtrace).stdout(full).output().expect("it runs");
        let told = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(told, "Error: Cannot write to stdout: No space left on device (os error 28)\n");
        assert_eq!(ran.status.code(), Some(1));
    }
}

/// The answer to a shell, and the log.
fn answer(words: &[&str]) -> (String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.env(AS_PROGRAM, "1").env("XDG_STATE_HOME", folder.path()).args(["__complete", "zsh", "manage"]);
    let ran = command.args(words).output().expect("it runs");
    assert_eq!((ran.status.code(), ran.stderr.len()), (Some(0), 0));
    let log = std::fs::read_to_string(folder.path().join("manage/completion.log")).unwrap_or_default();
    (String::from_utf8(ran.stdout).expect("text"), log)
}

fn no_noise_while_completing() {
    assert_eq!(answer(&["prints", ""]), ("12\n".to_owned(), String::new()));
}

fn no_prompt_hangs() {
    let (said, log) = answer(&["prints", "--slowly", ""]);
    assert_eq!(said, "");
    assert!(
        log.contains(": prints: no values after 2 s")
            && log.contains("takes too long")
            && log.lines().count() == 1,
        "{log}"
    );
}
