use manage::prelude::*;
use manage::settings::Secret;

#[derive(Subcommand, Debug)]
pub(crate) enum Way {
    /// Ship it
    Ship {
        /// Who ships it
        #[arg(long, env = "IT_CARRIER")]
        carrier: String,
        #[arg(long)]
        fast: bool,
        /// The street
        #[arg(env = "IT_STREET")]
        street: Option<String>,
    },
}

/// Read arguments from variables
#[command(hidden)]
#[expect(clippy::too_many_arguments, reason = "one of each kind")]
pub(crate) fn reads(
    cx: &mut Context,
    /// The shelf
    #[arg(long, env = "IT_SHELF")]
    shelf: Option<u16>,
    #[arg(long, conflicts_with = "shelf")] floor: bool,
    #[arg(long, env = "IT_LOUD")] loud: bool,
    #[arg(short = 'w', env = "IT_WEIGHTS", value_delimiter = ',', num_args = 1..)] weights: Vec<u32>,
    #[arg(short = 'n', env = "IT_TIMES", action = manage::clap::ArgAction::Count)] times: u8,
    /// The stamp
    #[arg(long, env = "IT_STAMP")]
    stamp: Option<Secret>,
    /// Directories
    #[arg(long, env = "PATH")]
    path: Option<String>,
    /// The room
    #[arg(env = "IT_ROOM")]
    room: String,
    #[command(subcommand)] way: Option<Way>,
) -> Result<()> {
    let stamp = stamp.as_ref().map(Secret::expose);
    let path = path.map(|path| path.len());
    cx.line(format_args!("{shelf:?} {floor} {loud} {weights:?} {times} {stamp:?} {path:?} {room} {way:?}"))
}
