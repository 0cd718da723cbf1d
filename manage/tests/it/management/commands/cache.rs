use manage::completion;
use manage::prelude::*;

#[derive(Subcommand)]
pub(crate) enum Action {
    /// Remove what has expired
    #[command(visible_alias = "clean")]
    Clear {
        /// The region to clear; all of them without one
        #[arg(add = completion::values(regions))]
        region: Option<String>,
        /// What to remove
        #[arg(long, default_value = "expired")]
        kind: Kind,
    },
    /// Count what there is
    Count {
        /// Only what is so old
        #[arg(short, long, value_name = "DAYS", add = completion::values(broken))]
        older: Option<u32>,
        /// A label, which nobody can guess
        #[arg(long, add = completion::values(panics))]
        label: Option<String>,
    },
    /// Show the inside
    #[command(hide = true)]
    Dump,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Kind {
    /// What is too old
    Expired,
    /// All there is
    Everything,
}

/// Look after the cache
#[command(requires_checks = "none")]
pub(crate) fn cache(cx: &mut Context, #[command(subcommand)] action: Action) -> Result<()> {
    match action {
        Action::Clear { region, kind } => {
            cx.line(format_args!("clear {region:?} {kind:?} {}", cx.verbosity()))
        }
        Action::Count { older, label } => cx.line(format_args!("count {older:?} {label:?}")),
        Action::Dump => cx.line("dump"),
    }
}

fn regions(cx: &Context) -> Result<Vec<(String, String)>> {
    // It goes nowhere: at the prompt it would be taken for a value.
    cx.line("noise")?;
    let file = cx.settings()?.name().to_owned();
    let region = |name: &str| (name.to_owned(), format!("A region of {file}"));
    Ok(vec![region("front page"), region("pages"), region("it's")])
}

fn broken(_: &Context) -> Result<Vec<String>> {
    bail!("The cache\nis on fire.")
}

fn panics(_: &Context) -> Result<Vec<String>> {
    panic!("nobody expects it")
}
