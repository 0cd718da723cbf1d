use std::time::Duration;

use manage::prelude::*;

/// Work and ask nobody
#[command(hidden, requires_checks = "none")]
pub(crate) fn never_asks(cx: &mut Context) -> Result<()> {
    cx.line("working")?;
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}
