//! Confirmation of destructive operations.

use crate::command::Context;
use crate::error::{CommandError, Result};

/// A proof of confirmation. Only [`Confirmation::ask`] creates one: a destructive function takes a
/// `&Confirmed`, so it cannot be called without confirmation.
#[derive(Debug)]
pub struct Confirmed(());

/// The option `--force`, for destructive commands.
///
/// ```
/// # mod delete_articles {
/// use manage::prelude::*;
///
/// /// Delete all articles
/// #[command]
/// pub fn delete_articles(cx: &mut Context, #[command(flatten)] confirmation: Confirmation) -> Result<()> {
///     let confirmed = confirmation.ask(cx, "This deletes all articles.")?;
///     delete_all(&confirmed)
/// }
///
/// fn delete_all(_: &Confirmed) -> Result<()> {
///     Ok(())
/// }
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct Confirmation {
    /// Do it without confirmation; in production this permits it, but still prompts unless --noinput is given
    #[arg(long)]
    pub force: bool,
}

impl Confirmation {
    /// Prompts for confirmation, after a sentence that describes what will be lost.
    ///
    /// With `--force` or `--noinput` there is no prompt. In production (`MANAGE_ENV=production`) `--force` is
    /// required, and in addition a confirmation at the prompt, or `--noinput`.
    ///
    /// # Errors
    ///
    /// A [`CommandError`] with the exit code 1 if the user does not confirm, if a prompt is needed and there
    /// is no terminal, or if `--force` is missing in production.
    pub fn ask(self, cx: &Context, what: &str) -> Result<Confirmed> {
        let production = cx.is_production()?;
        if production && !self.force {
            return Err(CommandError::new(format!("{what} In production this needs --force."))
                .hint("MANAGE_ENV is `production`. Is this the database that you mean?")
                .into());
        }
        if cx.takes_no_input() || (self.force && !production) {
            return Ok(Confirmed(()));
        }
        if !cx.can_ask() {
            let consent = if production { "--noinput beside --force" } else { "--noinput or --force" };
            return Err(CommandError::new(format!("{what} Cannot ask for confirmation without a terminal."))
                .hint(format!("Consent with {consent}."))
                .into());
        }
        cx.warning(what)?;
        if sure(cx)? {
            Ok(Confirmed(()))
        } else {
            Err(CommandError::new("Not confirmed: nothing was done.").into())
        }
    }
}

#[cfg(feature = "terminal")]
fn sure(cx: &Context) -> Result<bool> {
    cx.confirm("Are you sure?")
}

/// Without this feature it cannot prompt, which was already reported.
#[cfg(not(feature = "terminal"))]
fn sure(_: &Context) -> Result<bool> {
    Ok(false)
}
