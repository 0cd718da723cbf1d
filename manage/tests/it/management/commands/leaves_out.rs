use manage::prelude::*;

#[derive(Subcommand)]
pub(crate) enum Action {
    /// Do it below
    Below,
}

/// Leave out some of the common options
#[command(hidden, requires_checks = "none", without = ["verbosity", "isolated", "no-color", "-h"])]
pub(crate) fn leaves_out(
    cx: &mut Context,
    /// The host, by a letter that the help has otherwise
    #[arg(short = 'h', long)]
    host: Option<String>,
    #[command(subcommand)] action: Option<Action>,
) -> Result<()> {
    let below = matches!(action, Some(Action::Below));
    cx.line(format_args!("{} below={below} verbosity={}", host.as_deref().unwrap_or("-"), cx.verbosity()))
}
