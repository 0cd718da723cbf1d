use manage::prelude::*;

/// Show the average of prices, without a check that there is one: what a panic looks like
#[command(hidden, requires_checks = "none")]
pub fn average(cx: &mut Context, prices: Vec<u32>) -> Result<()> {
    let count = u32::try_from(prices.len())?;
    cx.line(prices.iter().sum::<u32>() / count)
}
