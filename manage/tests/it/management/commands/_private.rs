use manage::prelude::*;

/// Never a command: its name begins with an underscore
#[command]
pub(crate) fn _private(cx: &mut Context) -> Result<()> {
    cx.line("reached")
}
