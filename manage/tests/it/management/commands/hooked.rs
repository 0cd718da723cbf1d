use manage::prelude::*;

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Ends {
    Well,
    Chosen,
    Fails,
    Cancelled,
    Panics,
}

#[derive(Subcommand)]
pub(crate) enum Work {
    /// End in one way or another
    End {
        how: Ends,
        #[arg(long)]
        token: Option<Secret>,
    },
}

/// Be watched by hooks
#[command(hidden, alias = "looked_at")]
pub(crate) fn hooked(
    cx: &mut Context,
    #[command(subcommand)] work: Work,
    #[arg(long, default_value_t = 1)] times: u32,
) -> Result<Exit> {
    let Work::End { how, token } = work;
    cx.line(format_args!("at work {times} {}", token.as_ref().map_or("", Secret::expose)))?;
    match how {
        Ends::Well => Ok(Exit::SUCCESS),
        Ends::Chosen => Ok(Exit(7)),
        Ends::Fails => Err(CommandError::new("It broke.").exit_code(3).into()),
        Ends::Cancelled => {
            cx.check_cancelled()?;
            Ok(Exit::SUCCESS)
        }
        Ends::Panics => std::panic::resume_unwind(Box::new("oh")),
    }
}
