//! A URL or a password among the arguments of a command, where no setting is meant.

use std::sync::Arc;

use manage::clap::ArgMatches;
use manage::command::Command;
use manage::prelude::*;
use manage_test_support::case;

use super::{TEXTS, shows_none};
use crate::project::{AS_PROGRAM, Project};

/// A command of a project's that repeats its arguments.
struct Complains;

impl Command for Complains {
    fn name(&self) -> &str {
        "complains"
    }

    fn arguments(&self, parser: manage::clap::Command) -> manage::clap::Command {
        parser
            .arg(manage::clap::Arg::new("what").required(true))
            .arg(manage::clap::Arg::new("feed").long("feed").default_value("-"))
    }

    fn run(&self, _: &mut Context, matches: &ArgMatches) -> Result<Exit> {
        let (what, feed): (&String, &String) =
            (matches.get_one("what").unwrap(), matches.get_one("feed").unwrap());
        let cause = anyhow_like(format!("{feed:?} cannot be had"));
        Err(CommandError::new(format!("There is no {what}."))
            .hint(format!("Is it {what}?"))
            .caused_by(cause)
            .into())
    }
}

fn anyhow_like(text: String) -> CommandError {
    CommandError::new(text)
}

#[case]
fn in_what_a_command_says_of_its_arguments() {
    let project = || Project::with(manage::Program::new(&["it"]).with_command("it", Arc::new(Complains)));
    for text in TEXTS.iter().filter(|text| !text.contains(['%', '\n'])) {
        for words in [vec!["complains", text], vec!["complains", "x", "--feed", text]] {
            let ran = project().run_words(&words);
            shows_none(&ran.err, "There is no ", &words);
            assert_eq!(ran.exit.0, 1);
        }
        let option = format!("--feed={text}");
        shows_none(&project().run_words(&["complains", "x", &option]).err, "cannot be had", text);
    }
    // A URL without a password may be what the command is about.
    let ran = project().run_words(&["complains", "https://example.org/feed.xml"]);
    assert!(ran.err.contains("There is no https://example.org/feed.xml."), "{}", ran.err);
}

#[cfg(unix)]
#[case]
fn as_a_program_to_become() {
    for text in TEXTS {
        let program = manage_test_support::Program::new(std::env::current_exe().expect("this program"));
        let words = ["wait_for_db", "--no-database", "--for", "file:///etc/passwd", "--once", "--", text];
        let ended = program.env(AS_PROGRAM, "1").args(words).spawn().wait(crate::backends::LONG);
        shows_none(&ended.expect_code(127).to_string().replace(text, ""), "Cannot run ", &text);
    }
}

#[case]
fn as_the_folder_of_the_reference() {
    for text in TEXTS {
        let project = Project::new();
        let ran = project.run_words(&["help", "--output", text]);
        shows_none(&ran.err, "--output is not the path of a directory: ", &text);
        assert_eq!(ran.exit.0, 1);
        let made = std::fs::read_dir(project.folder()).expect("a folder").count();
        assert_eq!(made, 0, "{text}");
    }
    // A directory may be called so where it is named in full.
    let project = Project::new();
    let folder = project.folder().join("bob:x@docs");
    let ran = project.run_words(&["help", "--output", &folder.display().to_string()]);
    assert!(ran.exit.0 == 0 && folder.is_dir(), "{}", ran.all());
}
