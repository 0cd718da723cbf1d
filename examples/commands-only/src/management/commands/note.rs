use diesel::prelude::*;
use manage::prelude::*;

use crate::notes;

#[derive(Subcommand)]
pub enum Action {
    /// Add a note
    Add { text: String },
    /// List all notes
    List,
}

/// Keep notes
#[command]
pub fn note(cx: &mut Context, #[command(subcommand)] action: Action) -> Result<()> {
    let mut connection = cx.connect()?;
    match action {
        Action::Add { text } => {
            diesel::insert_into(notes::table).values(notes::text.eq(text)).execute(&mut connection)?;
            cx.success("Added.")
        }
        Action::List => {
            for (id, text) in notes::table.order(notes::id).load::<(i32, String)>(&mut connection)? {
                cx.line(format_args!("{id}. {text}"))?;
            }
            Ok(())
        }
    }
}
