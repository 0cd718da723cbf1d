//! Prints the public API that a file of rustdoc's JSON describes, one item a line. `.ci/public-api` calls it.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::io::Write;

/// Whether this is an implementation of another crate's trait, whose functions that trait determines.
fn implements_foreign_trait(item: &str) -> bool {
    item.split_once(" for ").is_some_and(|(head, _)| {
        head.starts_with("impl") && !head.split_whitespace().any(|word| word.starts_with("manage"))
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args_os().nth(1).ok_or("usage: public_api FILE.json")?;
    let api = public_api::Builder::from_rustdoc_json(file)
        // They are the standard library's, and follow from the rest.
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .build()?;
    let texts: BTreeMap<_, String> = api.items().map(|item| (item.id(), item.to_string())).collect();
    let mut printed = BTreeSet::new();
    let mut out = std::io::stdout().lock();
    for item in api.items() {
        let text = item.to_string();
        let determined = text.starts_with("pub fn ")
            && item
                .parent_id()
                .and_then(|id| texts.get(&id))
                .is_some_and(|parent| implements_foreign_trait(parent));
        // What is exported in two places has its functions once.
        if !determined && !text.contains("::StructuralPartialEq for ") && printed.insert(text.clone()) {
            writeln!(out, "{text}")?;
        }
    }
    Ok(out.flush()?)
}
