#![cfg(feature = "terminal")]

use manage::prelude::*;

#[derive(Subcommand)]
pub(crate) enum What {
    /// Go there
    Go {
        /// How often
        times: u8,
    },
}

/// Ask for what is in other places
#[command(hidden, prompts_for_missing, requires_checks = "none")]
pub(crate) fn asks_more(
    cx: &mut Context,
    /// The region
    #[arg(long)]
    region: String,
    #[arg(long, num_args = 0..=1, default_missing_value = "always")] color: Option<String>,
    #[command(subcommand)] what: What,
) -> Result<()> {
    let What::Go { times } = what;
    cx.line(format_args!("{region} {color:?} {times}"))
}
