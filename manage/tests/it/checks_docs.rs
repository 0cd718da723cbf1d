//! docs/guide/checks.md is true: its table lists what the checks can say, and its session is what they say.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use manage::__private::internals::CATALOG;
use manage::clap::ArgMatches;
use manage::command::Command;
use manage::prelude::*;
use manage::{Exit, Program};
use manage_test_support::{case, only_if};

use crate::project::Project;

fn docs() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/checks.md");
    std::fs::read_to_string(path).expect("docs/guide/checks.md")
}

#[case]
fn the_table_is_the_code() {
    let docs = docs();
    let (_, table) = docs.split_once("## Messages of the built-in checks").expect("the table");
    let row = |line: &str| {
        let cells: Vec<String> = line.split('|').map(|cell| cell.trim().replace('`', "")).collect();
        assert_eq!(cells.len(), 8, "{line}");
        assert!(!cells[5].is_empty() && !cells[6].is_empty(), "{line}");
        cells[1..5].to_vec()
    };
    let rows: Vec<Vec<String>> = table.lines().filter(|line| line.starts_with("| `")).map(row).collect();
    let written: BTreeSet<&Vec<String>> = rows.iter().collect();
    assert_eq!(written.len(), rows.len(), "a row is duplicated");
    let in_code: Vec<Vec<String>> = CATALOG
        .iter()
        .map(|entry| {
            let only_with = match (entry.deploy, entry.tag) {
                (true, _) => "--deploy",
                (false, "database") => "--database",
                _ => "",
            };
            [entry.id, &entry.level.name().to_lowercase(), entry.tag, only_with].map(str::to_owned).to_vec()
        })
        .collect();
    assert_eq!(written, in_code.iter().collect());
}

/// A message that is made without the catalogue would be in no table.
#[case]
fn every_id_of_the_code_is_in_the_catalog() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/checks");
    let mut files = vec![folder];
    let mut sources = Vec::new();
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(
                std::fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").path()),
            );
        } else if !path.ends_with("catalog.rs") {
            let text = std::fs::read_to_string(&path).expect("a source");
            let code = text.split("#[cfg(test)]").next().unwrap_or_default().lines();
            // The examples of the documentation are a project's own.
            let code: Vec<&str> = code.filter(|line| !line.trim_start().starts_with("//")).collect();
            sources.push(code.join("\n"));
        }
    }
    assert!(sources.len() > 8, "the sources are there");
    for kind in
        ["Message::debug(", "Message::info(", "Message::warning(", "Message::error(", "Message::critical("]
    {
        assert!(!sources.iter().any(|text| text.contains(kind)), "{kind}");
    }
    let ids: BTreeSet<&str> = CATALOG.iter().map(|entry| entry.id).collect();
    assert_eq!(ids.len(), CATALOG.len(), "an id is duplicated");
}

struct Nothing;

impl Command for Nothing {
    fn name(&self) -> &str {
        "nothing"
    }

    fn run(&self, _: &mut Context, _: &ArgMatches) -> Result<Exit> {
        Ok(Exit::SUCCESS)
    }
}

#[case(only_if(cfg!(all(feature = "runserver", feature = "postgres"))))]
fn the_session_is_true() {
    let docs = docs();
    let (_, rest) = docs.split_once("```console\n$ manage ").expect("a session");
    let (session, rest) = rest.split_once("```").expect("its end");
    let (line, output) = session.split_once('\n').expect("a line and its output");
    // The variables that the sentence below it names.
    let sentence =
        rest.split("\n\n").find(|text| text.contains("This example uses ")).expect("the variables");
    let pairs = sentence.split('`').filter_map(|part| part.split_once('='));
    let program = Program::new(&["shop"]).with_command("shop", Arc::new(Nothing));
    let project = pairs.fold(Project::with(program), |project, (name, value)| project.env(name, value));
    let ran = project.run(line);
    assert_eq!(format!("{}{}", ran.out, ran.err), output);
}
