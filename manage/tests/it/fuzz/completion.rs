//! Questions of the shells' scripts: an answer whatever is on the line, and candidates that stay on theirs.

use manage_test_support::case;
use manage_test_support::fuzz::proptest::prelude::*;
use manage_test_support::fuzz::{any_text, mutated, sentence};

use super::target;
use crate::project::Project;

const TOKENS: &[&str] = &[
    "manage ",
    " ",
    "  ",
    "\t",
    "\n",
    "'",
    "\"",
    "\\",
    "\\ ",
    "$",
    "`",
    "=",
    ":",
    "@",
    ",",
    "--",
    "-",
    "--database",
    "--database=",
    "--settings ",
    "--settings=/nowhere ",
    "--format=",
    "-v",
    "-v 3",
    "-vv",
    "--help",
    "help ",
    "check ",
    "check --tag ",
    "migrate ",
    "showmigrations ",
    "wait_for_db ",
    "--for ",
    "runserver ",
    "completion ",
    "startcommand ",
    "queries ",
    "default",
    "bash",
    "é",
    "글",
    "~/",
    "~",
    "#",
    "*",
    "!",
    "{",
    "\u{1b}",
    "__complete ",
    "-- ",
    "\u{feff}",
    "x",
];

const BREAKS: [&str; 3] = [" \t\n\"'@><=;|&(:", "", "é="];

#[case]
fn completed_lines() {
    let target = target("completed_lines");
    let lines =
        prop_oneof![3 => mutated(target.examples(), TOKENS), 3 => sentence(TOKENS, 10), 1 => any_text(40)];
    let project = Project::new();
    target.texts(lines, |line| {
        let line = line.replace('\0', "");
        let words: Vec<&str> = line.split(' ').collect();
        for breaks in BREAKS {
            answered(&project, &["__complete", "bash", &line, breaks])?;
        }
        for shell in ["zsh", "fish", "powershell", "elvish"] {
            answered(&project, &[&["__complete", shell], words.as_slice()].concat())?;
        }
        Ok(())
    });
}

fn answered(project: &Project, words: &[&str]) -> Result<(), String> {
    let ran = project.run_words(words);
    if ran.exit != manage::Exit::SUCCESS || !ran.err.is_empty() {
        return Err(format!("{words:?}: {}", ran.all()));
    }
    match ran.out.lines().find(|line| line.contains(|c: char| c.is_control() && c != '\t')) {
        Some(line) => Err(format!("{words:?}: a control character in {line:?}")),
        None => Ok(()),
    }
}
