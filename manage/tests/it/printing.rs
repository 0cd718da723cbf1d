//! What prints with `println!`: commands, which it lets panic where it cannot write, and functions that
//! complete. And what writes to a command's streams by libraries that take a writer.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use manage_test_support::{case, only_if};

use crate::project::AS_PROGRAM;

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.env(AS_PROGRAM, "1").args(arguments).stderr(Stdio::piped());
    command
}

/// Each way to print many lines, and the first of them.
const WAYS: [(&[&str], &str); 4] = [
    (&["prints", "100000"], "line 0\n"),
    (&["writes", "csv", "100000"], "line,0\n"),
    (&["writes", "json", "100000"], "[\"line\",0]\n"),
    (&["writes", "macro", "100000"], "line 0\n"),
];

/// Whether backtraces are wanted must not change how it ends.
const BACKTRACES: [&str; 2] = ["0", "1"];

#[case(only_if(cfg!(unix)))]
fn a_reader_that_leaves_is_no_trouble() {
    for (backtrace, (way, line)) in BACKTRACES.into_iter().flat_map(|how| WAYS.map(|way| (how, way))) {
        let mut process =
            program(way).env("RUST_BACKTRACE", backtrace).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut first = String::new();
        let mut reader = BufReader::new(process.stdout.take().expect("a pipe"));
        reader.read_line(&mut first).expect("a line");
        drop(reader);
        let mut trouble = String::new();
        process.stderr.take().expect("a pipe").read_to_string(&mut trouble).expect("text");
        let code = process.wait().expect("it ends").code();
        assert_eq!((first.as_str(), trouble.as_str(), code), (line, "", Some(141)), "{way:?}");
    }
}

#[case(only_if(cfg!(target_os = "linux")))]
fn a_full_disk_is_reported() {
    for (backtrace, (way, _)) in BACKTRACES.into_iter().flat_map(|how| WAYS.map(|way| (how, way))) {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
        let ran = program(way).env("RUST_BACKTRACE", backtrace).stdout(full).output().expect("it runs");
        let reported = String::from_utf8_lossy(&ran.stderr);
        match way[0] {
            "prints" => {
                assert_eq!(
                    reported,
                    "Error: Cannot write to stdout: No space left on device (os error 28)\n"
                );
            }
            _ => assert!(reported.contains("No space left on device (os error 28)"), "{way:?}: {reported}"),
        }
        assert_eq!(ran.status.code(), Some(1));
    }
}

#[case]
fn libraries_write_to_a_stream() {
    let project = manage::testing::Project::new(manage::Program::new(&["it"]));
    for (way, expected) in
        [("csv", "line,0\nline,1\n"), ("json", "[\"line\",0]\n[\"line\",1]\n"), ("macro", "line 0\nline 1\n")]
    {
        assert_eq!(project.run(["writes", way, "2"]).expect_success().stdout, expected);
    }
    // Nothing is escaped, and what is printed otherwise comes in order.
    let called = project.call(|cx| {
        write!(cx.out(), "\x1b[1ma")?;
        cx.line("b")?;
        cx.out().write_all(&[0xff])?;
        cx.err().write_all(b"c")?;
        Ok(())
    });
    assert_eq!(called.transcript.stdout, "\x1b[1mab\n\u{fffd}");
    assert_eq!(called.transcript.stderr, "c");
    // What is formatted may write, too.
    let called = project.call(|cx| Ok(writeln!(cx.out(), "{}", Says(cx))?));
    assert_eq!(called.transcript.stdout, "within\nshown\n");
}

struct Says<'a>(&'a manage::Context);

impl std::fmt::Display for Says<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(self.0.out(), "within").map_err(|_| std::fmt::Error)?;
        f.write_str("shown")
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

#[case(only_if(cfg!(unix)))]
fn no_noise_while_completing() {
    assert_eq!(answer(&["prints", ""]), ("12\n".to_owned(), String::new()));
}

#[case(only_if(cfg!(unix)))]
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
