use diesel::prelude::*;
use manage::prelude::*;

use crate::jobs;

/// Add a job
#[command]
pub fn enqueue(cx: &mut Context, text: String) -> Result<()> {
    diesel::insert_into(jobs::table).values(jobs::text.eq(text)).execute(&mut cx.connect()?)?;
    Ok(())
}
