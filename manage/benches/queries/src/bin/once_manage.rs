//! One query in a command, as a process: connect, read a row, print it, end.

use diesel::prelude::*;
use manage::prelude::*;

diesel::table! {
    items (id) {
        id -> Integer,
        title -> Text,
    }
}

/// Print one row
#[command]
pub fn once_manage(cx: &mut Context) -> Result<()> {
    let mut connection = cx.connect()?;
    let title = items::table.find(1).select(items::title).first::<String>(&mut connection)?;
    cx.out().line(title)?;
    Ok(())
}

fn main() -> std::process::ExitCode {
    manage::Program::new(&["once_manage"]).main()
}
