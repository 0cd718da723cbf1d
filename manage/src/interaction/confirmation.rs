//! Consent to work that destroys something.

use crate::{CommandError, Context, Result};

/// Somebody agreed. Only [`Confirmation::ask`] makes one: a function that destroys something takes a `&Confirmed`, and so cannot be
/// called without.
#[derive(Debug)]
pub struct Confirmed(());

/// The option `--force`, for a command that destroys something.
///
/// ```
/// # mod delete_articles {
/// use manage::prelude::*;
/// use manage::{Confirmation, Confirmed};
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
    /// Do it without being asked; in production this permits it, and it is asked all the same, unless --noinput is given
    #[arg(long)]
    pub force: bool,
}

impl Confirmation {
    /// Asks for consent, after a sentence that says what will be lost.
    ///
    /// `--force` or `--noinput` is consent. In production (`MANAGE_ENV=production`) `--force` is needed, and beside it a person who
    /// says yes, or `--noinput`. Where there is neither, nor a terminal, it is an error that says so.
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
            return Err(CommandError::new(format!("{what} There is nobody to ask: this is no terminal."))
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

/// Without the feature nobody can be asked, which was told before.
#[cfg(not(feature = "terminal"))]
fn sure(_: &Context) -> Result<bool> {
    Ok(false)
}
