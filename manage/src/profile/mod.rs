//! `--profile`: where a command spent its time.
//!
//! `totals` adds up, for the command that `collector` knows; `taking` begins and ends a profile; `recorder` is what each connection tells of its statements; `statement` makes their text fit to be
//! shown; `report` writes it all down. Without `--profile` nothing of it runs.

mod collector;
mod recorder;
mod report;
mod statement;
mod taking;
mod totals;

pub(crate) use collector::{Part, time};
pub(crate) use taking::Profile;
