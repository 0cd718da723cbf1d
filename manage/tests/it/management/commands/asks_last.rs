#![cfg(feature = "terminal")]

use manage::prelude::*;

/// Ask for what follows a list
#[command(hidden, prompts_for_missing, requires_checks = "none")]
pub(crate) fn asks_last(
    cx: &mut Context,
    #[arg(long, num_args = 1..)] tags: Vec<String>,
    /// The key
    #[arg(short)]
    key: String,
    /// The name
    name: String,
) -> Result<()> {
    cx.line(format_args!("{tags:?} {key} {name}"))
}
