//! Finds out which packages of the workspace were selected when the running program was built.

use std::sync::mpsc::{Sender, channel};

use super::cargo::{Building, Outcome};
use super::origin::Selection;
use super::{Origin, Report};

/// What is heard of a trial.
enum Heard {
    Compiles,
    Ended(Outcome),
}

/// Returns the way to build the program for which cargo has nothing to do, since that is how it was built. Of
/// the others cargo would first compile dependencies again, with other features.
pub(super) fn find(origin: &Origin) -> Option<Selection> {
    origin.selections.iter().find(|selection| has_nothing_to_do(origin, selection)).cloned()
}

fn has_nothing_to_do(origin: &Origin, selection: &Selection) -> bool {
    let (said, heard) = channel();
    let ended: Sender<Heard> = said.clone();
    let report = move |report| {
        if let Report::Line(line) = report
            && line.trim_start().starts_with("Compiling ")
        {
            let _ = said.send(Heard::Compiles);
        }
    };
    let done = move |outcome| drop(ended.send(Heard::Ended(outcome)));
    let Ok(building) = Building::start(&origin.cargo, selection, false, report, done) else { return false };
    match heard.recv() {
        Ok(Heard::Ended(outcome)) => matches!(outcome, Outcome::Built { .. }),
        Ok(Heard::Compiles) | Err(_) => {
            building.cancel();
            // Its lock is released before another cargo asks for it.
            while let Ok(Heard::Compiles) = heard.recv() {}
            false
        }
    }
}
