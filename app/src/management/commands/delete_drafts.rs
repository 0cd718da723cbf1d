use manage::database::Connection;
use manage::prelude::*;

use crate::models;

/// Delete all unpublished drafts
#[command]
pub fn delete_drafts(cx: &mut Context, #[command(flatten)] confirmation: Confirmation) -> Result<()> {
    let mut connection = cx.connect()?;
    let drafts = models::drafts(&mut connection)?;
    if drafts.is_empty() {
        return cx.notice("There are no drafts.");
    }
    let what = format!("This permanently deletes {}: {}.", count(drafts.len()), drafts.join(", "));
    let confirmed = confirmation.ask(cx, &what)?;
    let deleted = delete(&mut connection, &drafts, &confirmed)?;
    cx.success(format_args!("Deleted {}.", count(deleted)))
}

/// Nobody deletes without consent: only a confirmation makes the last argument.
fn delete(connection: &mut Connection, slugs: &[String], _: &Confirmed) -> Result<usize> {
    Ok(models::delete(connection, slugs)?)
}

fn count(drafts: usize) -> String {
    if drafts == 1 { "1 draft".to_owned() } else { format!("{drafts} drafts") }
}
