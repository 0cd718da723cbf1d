use manage::prelude::*;

/// Print by Rust's own means
#[command(hidden, requires_checks = "none")]
#[expect(clippy::disallowed_macros, reason = "that is what it is for")]
pub(crate) fn prints(_cx: &mut Context, lines: u32) -> Result<()> {
    for line in 0..lines {
        println!("line {line}");
    }
    Ok(())
}
