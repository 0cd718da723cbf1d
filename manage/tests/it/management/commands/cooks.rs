use manage::prelude::*;

/// Cook, if the kitchen is well
#[command(hidden, requires_checks = ["kitchen"])]
pub(crate) fn cooks(cx: &mut Context) -> Result<()> {
    cx.line("cooked")
}
