use manage::prelude::*;

use super::greet::greet;

/// Call another command, which is to call a function
#[command(hidden)]
pub(crate) fn twice(cx: &mut Context, name: String) -> Result<()> {
    greet(cx, name.clone(), 1, false)?;
    greet(cx, name, 1, true)
}
