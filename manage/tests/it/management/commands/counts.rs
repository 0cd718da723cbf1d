#![cfg(feature = "terminal")]

use manage::prelude::*;

/// Count
#[command(hidden, prompts_for_missing, requires_checks = "none", without = ["-h"])]
pub(crate) fn counts(
    cx: &mut Context,
    /// Who counts
    who: String,
    /// How far
    #[arg(long, short = 'h')]
    upto: u8,
    #[command(flatten)] _confirmation: Confirmation,
) -> Result<()> {
    cx.line(format_args!("{who} counts to {upto}."))
}
