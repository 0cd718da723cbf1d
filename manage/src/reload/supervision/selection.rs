//! Finds out which packages of the workspace were selected when the running program was built.

use std::sync::mpsc::{Sender, channel};

use super::cargo::{Building, Outcome};
use super::origin::Selection;
use super::{Origin, Report};

/// What cargo says of a package of which it has to compile something.
const DIRTY: &str = "Dirty ";

/// What is heard of a trial.
enum Heard {
    /// Of which package cargo has to compile something, and why.
    Dirty(String),
    Compiles,
    Ended(Outcome),
}

/// What the trials have shown.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// How the program was built.
    pub(super) selection: Option<Selection>,
    /// The package that cargo compiles each time, and the path that it misses.
    pub(super) missing: Option<String>,
}

/// Returns the way to build the program for which cargo has nothing to do, since that is how it was built. Of
/// the others cargo would first compile dependencies again, with other features.
pub(super) fn find(origin: &Origin) -> Found {
    let mut found = Found::default();
    for selection in &origin.selections {
        if has_nothing_to_do(origin, selection, &mut found.missing) {
            found.selection = Some(selection.clone());
            break;
        }
    }
    found
}

fn has_nothing_to_do(origin: &Origin, selection: &Selection, missing: &mut Option<String>) -> bool {
    // Only then does cargo say why it has something to do.
    let mut selection = selection.clone();
    selection.arguments.push("--verbose".into());
    let (said, heard) = channel();
    let ended: Sender<Heard> = said.clone();
    let report = move |report| {
        let Report::Line(line) = report else { return };
        let line = line.trim_start();
        if line.starts_with("Compiling ") {
            let _ = said.send(Heard::Compiles);
        } else if let Some(why) = line.strip_prefix(DIRTY) {
            let _ = said.send(Heard::Dirty(why.to_owned()));
        }
    };
    let done = move |outcome| drop(ended.send(Heard::Ended(outcome)));
    let Ok(building) = Building::start(&origin.cargo, &selection, false, report, done) else { return false };
    loop {
        match heard.recv() {
            Ok(Heard::Ended(outcome)) => return matches!(outcome, Outcome::Built { .. }),
            Ok(Heard::Dirty(why)) => *missing = missing.take().or_else(|| of_missing(&why)),
            Ok(Heard::Compiles) | Err(_) => break,
        }
    }
    building.cancel();
    // Its lock is released before another cargo asks for it.
    while let Ok(Heard::Compiles | Heard::Dirty(_)) = heard.recv() {}
    false
}

/// Returns cargo's words, if a path that a build script names does not exist.
fn of_missing(why: &str) -> Option<String> {
    why.ends_with("` is missing").then(|| why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_missing_path_is_one() {
        let missing = "shop v0.1.0 (/home/me/shop): the file `seeds` is missing";
        assert_eq!(of_missing(missing).as_deref(), Some(missing));
        assert_eq!(of_missing("shop v0.1.0 (/home/me/shop): the file `src/lib.rs` has changed (1 s)"), None);
    }
}
