use manage::prelude::*;

/// Take names that the common options have too
#[command(requires_checks = "none", without = ["-v", "settings"])]
pub(crate) fn own_options(
    cx: &mut Context,
    /// Be verbose
    #[arg(short, long)]
    verbose: bool,
    /// The settings of the oven
    #[arg(long)]
    settings: Option<String>,
) -> Result<()> {
    cx.line(format_args!("verbose={verbose} settings={settings:?} verbosity={}", cx.verbosity()))
}
