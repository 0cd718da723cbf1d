use diesel::dsl::sum;
use diesel::prelude::*;
use manage::prelude::*;

use crate::invoices;

/// Print the sum of all invoices
#[command]
pub fn revenue(cx: &mut Context) -> Result<()> {
    let cents: Option<i64> = invoices::table.select(sum(invoices::cents)).first(&mut cx.connect()?)?;
    let cents = cents.unwrap_or(0);
    cx.line(format_args!("{}.{:02}", cents / 100, cents % 100))
}
