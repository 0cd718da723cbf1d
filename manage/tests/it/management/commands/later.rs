#![cfg(feature = "async")]

use manage::prelude::*;

/// Do it asynchronously
#[command(requires_checks = "none")]
pub(crate) async fn later(cx: &mut Context, value: u32) -> Result<()> {
    let doubled = tokio::task::spawn_blocking(move || value * 2).await?;
    cx.line(doubled)
}
