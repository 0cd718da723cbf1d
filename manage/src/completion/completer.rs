//! A completer of an argument's values.

use std::fmt;

use clap::Arg;
use clap::builder::ArgExt;
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter};

/// Completes the values of an argument, for `#[arg(add = …)]`: see [`values`](super::values).
///
/// clap_complete's types are unstable; this one hides them.
#[derive(Clone)]
pub struct Completer(Engine);

#[derive(Clone)]
enum Engine {
    Candidates(ArgValueCandidates),
    Completer(ArgValueCompleter),
}

impl Completer {
    /// Creates a completer that returns all values and lets the engine filter them.
    pub(super) fn candidates(candidates: ArgValueCandidates) -> Self {
        Self(Engine::Candidates(candidates))
    }

    /// Creates a completer that filters the values itself.
    pub(super) fn choosing(completer: ArgValueCompleter) -> Self {
        Self(Engine::Completer(completer))
    }

    /// Registers the completers of all arguments of a parser and its subcommands with the engine.
    pub(super) fn for_engine(parser: clap::Command) -> clap::Command {
        let parser = parser.mut_args(|argument| match argument.get::<Self>().cloned() {
            Some(completer) => completer.add_to(argument),
            None => argument,
        });
        parser.mut_subcommands(Self::for_engine)
    }

    fn add_to(self, argument: Arg) -> Arg {
        match self.0 {
            Engine::Candidates(candidates) => argument.add(candidates),
            Engine::Completer(completer) => argument.add(completer),
        }
    }
}

impl ArgExt for Completer {}

impl fmt::Debug for Completer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Completer")
    }
}
