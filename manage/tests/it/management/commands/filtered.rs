use manage::prelude::*;

#[derive(Args)]
pub(crate) struct Filter {
    /// Only those after this year
    #[arg(long)]
    after: Option<u16>,
}

#[derive(Subcommand)]
pub(crate) enum Action {
    /// List them
    List,
    /// Remove one
    Remove {
        /// Which one
        id: u32,
    },
}

/// Take clap's groups and subcommands
#[command(requires_checks = "none")]
pub(crate) fn filtered(
    cx: &mut Context,
    #[command(flatten)] filter: Filter,
    #[command(subcommand)] action: Action,
) -> Result<()> {
    let action = match action {
        Action::List => "list".to_owned(),
        Action::Remove { id } => format!("remove {id}"),
    };
    cx.line(format_args!("after {:?}: {action}", filter.after))
}
