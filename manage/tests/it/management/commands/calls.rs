#![cfg(feature = "async")]

use std::time::Duration;

use manage::prelude::*;

/// Call itself, or `calls_now`, until the depth is 0
#[command(hidden, requires_checks = "none")]
pub(crate) async fn calls(
    cx: &mut Context,
    depth: u8,
    /// Through `.run()`, which blocks
    #[arg(long)]
    blocking: bool,
) -> Result<Exit> {
    // Something that needs the runtime's own sockets and timers.
    tokio::time::sleep(Duration::from_millis(1)).await;
    cx.line(format_args!("async {depth}"))?;
    if depth == 0 {
        return Ok(Exit(7));
    }
    let next = (depth - 1).to_string();
    let call = cx.call(if depth.is_multiple_of(2) { "calls" } else { "calls_now" }).arg(next);
    if blocking { call.arg("--blocking").run() } else { call.await }
}
