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
