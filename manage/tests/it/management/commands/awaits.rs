#![cfg(feature = "async")]

use manage::prelude::*;

/// Serve until it is asked to stop
#[command(hidden, requires_checks = "none")]
pub(crate) async fn awaits(
    cx: &mut Context,
    /// Being stopped is no trouble
    #[arg(long)]
    well: bool,
) -> Result<()> {
    let stopped = cx.cancelled();
    if well {
        cx.cancellation().ends_well();
    }
    // A task of its own, on another thread of the runtime.
    let task = tokio::spawn(cx.cancelled());
    cx.line("serving")?;
    let signal = stopped.await;
    assert_eq!(task.await?, signal);
    cx.line(format_args!("stopped by {}", signal.name()))
}
