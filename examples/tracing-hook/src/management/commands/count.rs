use manage::prelude::*;

/// Count
#[command]
pub fn count(cx: &mut Context, to: u32) -> Result<()> {
    for number in 1..=to {
        tracing::info!(number, "counting");
    }
    cx.line(to)
}
