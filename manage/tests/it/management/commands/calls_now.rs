#![cfg(feature = "async")]

use manage::prelude::*;

/// The same as `calls`, not async
#[command(hidden, requires_checks = "none")]
pub(crate) fn calls_now(cx: &mut Context, depth: u8, #[arg(long)] blocking: bool) -> Result<Exit> {
    cx.line(format_args!("sync {depth}"))?;
    if depth == 0 {
        return Ok(Exit(7));
    }
    if depth.is_multiple_of(2) {
        return manage::block_on(super::calls::calls(cx, depth - 1, blocking));
    }
    let next = (depth - 1).to_string();
    cx.call("calls").arg(next).args(blocking.then_some("--blocking")).run()
}
