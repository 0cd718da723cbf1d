use std::time::Duration;

use manage::prelude::*;

/// Hold a key for so many seconds
#[command(hidden)]
pub(crate) fn hold_key(cx: &mut Context, key: String, seconds: u64) -> Result<()> {
    let guard = cx.isolate(&key)?;
    cx.line("held")?;
    std::thread::sleep(Duration::from_secs(seconds));
    drop(guard);
    // It is free again while the command goes on.
    drop(cx.isolate_within(&key, Duration::from_secs(20))?);
    cx.line("done")
}
