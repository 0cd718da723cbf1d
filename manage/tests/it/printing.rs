//! Commands that print with `println!`, which panics where it cannot write.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use manage_test_servers::Suite;

use crate::project::AS_PROGRAM;

pub(crate) fn add(suite: &mut Suite) {
    if cfg!(unix) {
        suite.test("printing::a_reader_that_leaves_is_no_trouble", a_reader_that_leaves_is_no_trouble);
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
