//! What a command's file usually names: `use manage::prelude::*;`.
//!
//! | | from |
//! |---|---|
//! | [`command`](macro@command), [`Context`], [`Result`], [`CommandError`], [`Exit`] | `manage` |
//! | [`Confirmation`] and [`Confirmed`], for a command that destroys something | `manage` |
//! | [`Secret`], for an argument that is not shown | `manage::settings` |
//! | [`anyhow!`](anyhow!), [`bail!`](bail!), [`ensure!`](ensure!), and the methods `.context(…)` and `.with_context(…)` of a `Result` | anyhow |
//! | the derives [`Args`](derive@Args), [`Subcommand`](derive@Subcommand) and [`ValueEnum`](derive@ValueEnum) | clap |
//! | the methods of a connection, such as `transaction`, but not the name `Connection` | Diesel |
//!
//! ```
//! # mod empty_cart {
//! use manage::prelude::*;
//!
//! /// Remove everything from a cart
//! #[command]
//! pub fn empty_cart(
//!     cx: &mut Context,
//!     cart: u32,
//!     #[command(flatten)] confirmation: Confirmation,
//! ) -> Result<()> {
//!     let confirmed: Confirmed = confirmation.ask(cx, "This removes everything from the cart.")?;
//!     remove(cart, &confirmed).with_context(|| format!("cart {cart}"))
//! }
//! # fn remove(_: u32, _: &Confirmed) -> Result<()> { Ok(()) }
//! # }
//! ```
//!
//! Queries need `use diesel::prelude::*;` besides.

pub use anyhow::{Context as _, anyhow, bail, ensure};
// The derives' code uses the crate's name.
pub use clap::{self, Args, Subcommand, ValueEnum};
// Only its methods; the name itself would hide `manage::database::Connection`.
pub use diesel::Connection as _;

pub use crate::command::Context;
pub use crate::error::{CommandError, Exit, Result};
pub use crate::interaction::{Confirmation, Confirmed};
pub use crate::settings::Secret;
// The attribute alone: `crate::command` is a module, too.
pub use manage_macros::command;
