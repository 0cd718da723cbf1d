use std::time::Duration;

use diesel::prelude::*;
use manage::prelude::*;

use crate::jobs;

/// Do the jobs until a signal
#[command(isolated)]
pub fn work(
    cx: &mut Context,
    /// End when there is no job
    #[arg(long)]
    once: bool,
) -> Result<()> {
    // Only a signal ends a worker, so that is no failure.
    cx.cancellation().ends_well();
    let mut connection = cx.connect()?;
    while !cx.is_cancelled() {
        let job: Option<(i32, String)> = jobs::table
            .filter(jobs::done.eq(false))
            .order(jobs::id)
            .select((jobs::id, jobs::text))
            .first(&mut connection)
            .optional()?;
        match job {
            Some((id, text)) => {
                cx.line(format_args!("{text}: done"))?;
                diesel::update(jobs::table.find(id)).set(jobs::done.eq(true)).execute(&mut connection)?;
            }
            None if once => break,
            // A signal ends the pause.
            None => drop(cx.cancellation().sleep(Duration::from_secs(1))),
        }
    }
    Ok(())
}
