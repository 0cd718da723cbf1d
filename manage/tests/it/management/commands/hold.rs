use std::time::Duration;

use manage::prelude::*;

/// Run alone for so many seconds
#[command(isolated, hidden)]
pub(crate) fn hold(cx: &mut Context, seconds: u64) -> Result<()> {
    cx.line("held")?;
    std::thread::sleep(Duration::from_secs(seconds));
    cx.line("done")
}
