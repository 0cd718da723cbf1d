//! What a command's file needs: `use manage::prelude::*;`.

pub use anyhow::{Context as _, anyhow, bail, ensure};
// The derives' code names the crate itself.
pub use clap::{self, Args, Subcommand, ValueEnum};
// Its methods; the name itself would hide `manage::database::Connection`.
pub use diesel::Connection as _;

pub use crate::settings::Secret;
pub use crate::{CommandError, Context, Exit, Result, command};
