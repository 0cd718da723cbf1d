//! What a person reads when something is wrong.

use std::io::{self, Write};

use manage::console::Output;
use manage::settings::Environment;
use manage::{Exit, Program};
use manage_test_support::case;

use crate::project::Project;
use crate::stopping;

const SOON: std::time::Duration = std::time::Duration::from_secs(60);

#[case]
fn an_unknown_command() {
    let project = Project::new();
    let ran = project.run("gret you");
    assert_eq!(ran.err, "Unknown command: 'gret'. Did you mean greet?\nType 'manage help' for usage.\n");
    assert_eq!(project.run("help gret").err, ran.err);
    assert_eq!(project.run("xyzzy").err, "Unknown command: 'xyzzy'.\nType 'manage help' for usage.\n");
}

#[case]
fn hints_stand_under_the_error() {
    let ran = Project::new().run("fails command");
    assert_eq!(ran.err, "Error: There is no soup.\nHint: Cook some.\nHint: Or order it.\n");
    assert_eq!(ran.out, "");
}

#[case]
fn causes_stand_under_the_error() {
    let ran = Project::new().run("fails chain");
    assert_eq!(
        ran.err,
        "Error: fails: There is no soup.\nCaused by: cooking failed\nCaused by: the pot is empty\n\
         Hint: Use --traceback to see where this came from.\n"
    );
}

#[case]
fn a_foreign_error_names_the_command() {
    let project = Project::new();
    let hint = "Hint: Use --traceback to see where this came from.\n";
    let ran = project.run("fails foreign");
    assert_eq!(ran.err, format!("Error: fails: invalid digit found in string\n{hint}"));
    assert_eq!(ran.exit, Exit(1));
    let ran = project.run("fails context");
    let cause = "Caused by: invalid digit found in string";
    assert_eq!(ran.err, format!("Error: fails: The recipe cannot be read.\n{cause}\n{hint}"));
    // What a command says itself is a sentence.
    assert_eq!(project.run("fails plain").err, "Error: It broke.\n");
    assert_eq!(project.run("fails lacking").err, "Error: There is no soup 9.\n");
    // A subcommand is named, too.
    let program = Program::new(&["it"]).with_command("it", std::sync::Arc::new(Parses));
    let ran = Project::with(program).run("parses twice");
    assert_eq!(ran.err, format!("Error: parses twice: invalid float literal\n{hint}"));
}

/// A command with a subcommand, whose error is another library's.
struct Parses;

impl manage::command::Command for Parses {
    fn name(&self) -> &str {
        "parses"
    }

    fn arguments(&self, parser: manage::clap::Command) -> manage::clap::Command {
        parser.subcommand(manage::clap::Command::new("twice"))
    }

    fn run(&self, _: &mut manage::Context, _: &manage::clap::ArgMatches) -> manage::Result<Exit> {
        "soup".parse::<f64>()?;
        Ok(Exit::SUCCESS)
    }
}

#[case]
fn a_traceback_on_request() {
    let here = "commands::fails";
    let run = |line: &str| stopping::program(line).run(SOON);
    for how in ["foreign", "context"] {
        let ran = run(&format!("fails {how} --traceback")).expect_code(1);
        assert!(ran.stderr.starts_with("Error: fails: ") && ran.stderr.contains(here), "{ran}");
        assert!(!ran.stderr.contains("Hint:"), "{ran}");
    }
    let panicked = "Error: internal error (a bug in this program) at ";
    let ran = run("fails panic --traceback").expect_code(101);
    assert!(
        ran.stderr.starts_with(panicked)
            && ran.stderr.contains(": the pot exploded\n")
            && ran.stderr.contains(here),
        "{ran}"
    );
    let ran = run("fails panic").expect_code(101);
    assert!(ran.stderr.starts_with(panicked) && !ran.stderr.contains(here), "{ran}");
    assert!(ran.stderr.ends_with("Use --traceback to see where it came from.\n"), "{ran}");
    assert_eq!(ran.stderr.lines().count(), 2, "{ran}");
}

#[case]
fn unknown_colors_are_named() {
    let err = |colors: &str, line: &str| Project::new().env("MANAGE_COLORS", colors).run(line).err;
    let reported = err("eror=red;error=purple;success=red,bld", "greet you");
    let [role, color, option] = reported.lines().collect::<Vec<_>>()[..] else { panic!("{reported}") };
    assert!(
        role.starts_with("MANAGE_COLORS: There is no role “eror” in “eror=red”. Did you mean error?"),
        "{reported}"
    );
    assert!(
        color.contains("There is no color “purple” in “error=purple”. The colors are: black,"),
        "{reported}"
    );
    assert!(
        option.contains("There is no option “bld”") && option.contains("Did you mean bold?"),
        "{reported}"
    );
    assert!(err("drak", "version").contains("There is no palette “drak”. Did you mean dark?"));
    // What it knows still counts, and a good value is no matter.
    let ran = Project::new().env("MANAGE_COLORS", "success=red;eror=blue").run("greet you --force-color");
    assert_eq!(ran.out, "\u{1b}[31mHello, you!\u{1b}[0m\n");
    assert_eq!(err("light;error=yellow/blue,blink;notice=magenta", "greet you"), "");
}

#[case]
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

#[case]
fn a_reader_that_has_gone_is_none() {
    let none: [(String, String); 0] = [];
    for line in ["help", "version", "greet you", "greet --help"] {
        let environment = Environment::new(none.clone(), ".");
        let exit = Program::new(&["it"]).run(line.split(' '), environment, Output::new(Closed, Closed));
        assert_eq!(exit, Exit::BROKEN_PIPE, "{line}");
    }
}
