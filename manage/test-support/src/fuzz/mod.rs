//! Properties that must hold for every input: tried on the inputs that are kept in a directory, and then on
//! random ones.
//!
//! `MANAGE_TEST_FUZZ_SECONDS=600` tries random inputs for so long, from a seed of the clock; without it there
//! are a few hundred, the same on each run. A failure prints the seed, and `MANAGE_TEST_SEED=…` repeats it.

mod inputs;
mod run;
mod watch;

pub use inputs::{any_text, kept, mutated, sentence};
pub use proptest;
pub(crate) use run::time;
pub use run::{FUZZ_SECONDS, Fuzz};
