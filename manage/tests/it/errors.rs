//! What a person reads when something is wrong.

use std::io::{self, Write};

use manage::console::Output;
use manage::settings::Environment;
use manage::{Exit, Program};
use manage_test_servers::Suite;

use crate::project::Project;

pub(crate) fn add(suite: &mut Suite) {
    suite.test("errors::an_unknown_command", an_unknown_command);
    suite.test("errors::hints_stand_under_the_error", hints_stand_under_the_error);
    suite.test("errors::causes_stand_under_the_error", causes_stand_under_the_error);
    suite.test("errors::no_error_reaches_the_terminal_raw", no_error_reaches_the_terminal_raw);
    suite.test("errors::a_reader_that_has_gone_is_none", a_reader_that_has_gone_is_none);
}

fn an_unknown_command() {
    let project = Project::new();
    let ran = project.run("gret you");
    assert_eq!(ran.err, "Unknown command: 'gret'. Did you mean greet?\nType 'manage help' for usage.\n");
    assert_eq!(project.run("help gret").err, ran.err);
    assert_eq!(project.run("xyzzy").err, "Unknown command: 'xyzzy'.\nType 'manage help' for usage.\n");
}

fn hints_stand_under_the_error() {
    let ran = Project::new().run("fails command");
    assert_eq!(ran.err, "Error: There is no soup.\nHint: Cook some.\nHint: Or order it.\n");
    assert_eq!(ran.out, "");
}

fn causes_stand_under_the_error() {
    let ran = Project::new().run("fails chain");
    assert_eq!(ran.err, "Error: There is no soup.\nCaused by: cooking failed\nCaused by: the pot is empty\n");
}

fn no_error_reaches_the_terminal_raw() {
    let ran = Project::new().run("fails terminal");
    let expected = "Error: soup\\u{202e}gpj.exe\nCaused by: line one\n\tline two\\u{1b}[2J\\u{9b}31m\n\
                    Hint: \\u{2066}Cook\\rsome.\n";
    assert_eq!(ran.err, expected);
    // An argument may come from a script: a file's name that looks like a command or an option.
    for (line, shown) in [
        ("gre\u{9b}t", "'gre\\u{9b}t'"),
        ("greet --x\u{2066}y", "'--x\\u{2066}y'"),
        // clap itself drops escape sequences.
        ("greet --\u{1b}]0;x\u{7}", "error: unexpected argument"),
        ("fails \u{202e}x", "'\\u{202e}x'"),
    ] {
        let ran = Project::new().run(line);
        assert!(ran.err.contains(shown), "{ran:?}");
        assert!(!ran.err.contains(['\u{9b}', '\u{1b}', '\u{7}', '\u{202e}']), "{ran:?}");
    }
}

/// A pipe whose reader took one line and left.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn a_reader_that_has_gone_is_none() {
    let none: [(String, String); 0] = [];
    for line in ["help", "version", "greet you", "greet --help"] {
        let environment = Environment::new(none.clone(), ".");
        let exit = Program::new(&["it"]).run(line.split(' '), environment, Output::new(Closed, Closed));
        assert_eq!(exit, Exit::BROKEN_PIPE, "{line}");
    }
}
