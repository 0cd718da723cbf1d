#![cfg(feature = "terminal")]

use manage::prelude::*;

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Size {
    Small,
    Large,
    #[value(hide = true)]
    Gigantic,
}

/// Ask for what is missing
#[command(hidden, prompts_for_missing, requires_checks = "none")]
pub(crate) fn asks(
    cx: &mut Context,
    /// Who eats
    name: String,
    /// How much
    #[arg(long, required = true)]
    size: Option<Size>,
    /// The word for the cook
    #[arg(long, required = true)]
    word: Option<manage::settings::Secret>,
) -> Result<()> {
    let word = word.map(|word| word.expose().len()).unwrap_or_default();
    cx.line(format_args!("{name} eats {size:?}, by a word of {word} letters."))
}
