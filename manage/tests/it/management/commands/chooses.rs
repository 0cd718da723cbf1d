use manage::prelude::*;

/// End with an exit code of its own
#[command(requires_checks = "none")]
pub(crate) fn chooses(_cx: &mut Context, code: u8) -> Result<Exit> {
    Ok(Exit(code))
}
