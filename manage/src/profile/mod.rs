//! `--profile`: where a command spent its time.
//!
//! `totals` adds up the times of the command in `collector`; `taking` begins and ends a profile; `recorder`
//! records the statements of each connection; `statement` removes values from their text; `report` formats
//! the result. Without `--profile` none of it runs.

mod collector;
mod connecting;
mod recorder;
mod report;
mod statement;
mod taking;
mod totals;

pub(crate) use collector::{Part, time};
pub(crate) use connecting::setting_up;
pub(crate) use taking::Profile;
