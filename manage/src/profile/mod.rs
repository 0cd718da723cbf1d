//! `--profile`: where a command spent its time.
//!
//! `collector` adds up; `recorder` is what each connection tells of its statements; `statement` makes their text fit to be
//! shown; `report` writes it all down. Without `--profile` nothing of it runs.

mod collector;
mod recorder;
mod report;
mod statement;

pub(crate) use collector::{Part, Profile, time};
