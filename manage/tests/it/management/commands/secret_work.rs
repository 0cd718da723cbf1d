use manage::prelude::*;

/// Do what is not in the listing
#[command(hidden)]
pub(crate) fn secret_work(cx: &mut Context) -> Result<()> {
    cx.line("done")
}
