use crate::cli::{find, listing, parser};
use crate::prelude::*;

/// Show the commands, or the help of one of them
#[command(requires_checks = "none")]
pub(crate) fn help(
    cx: &mut Context,
    /// The command to show the help of
    #[arg(value_name = "COMMAND")]
    name: Option<String>,
) -> Result<()> {
    let program = cx.program().clone();
    let text = match name {
        None => listing(&program, cx.out()),
        Some(name) => {
            let found = find(&program, &name)?;
            parser(&program, &found).render_long_help().to_string()
        }
    };
    Ok(cx.out().print(text)?)
}
