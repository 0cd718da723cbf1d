//! What a command's file needs: `use manage::prelude::*;`.

pub use anyhow::{Context as _, anyhow, bail, ensure};
pub use clap::{Args, Subcommand, ValueEnum};
// Its methods; the name itself would hide `manage::database::Connection`.
pub use diesel::Connection as _;

pub use crate::{CommandError, Context, Exit, Result, command};
