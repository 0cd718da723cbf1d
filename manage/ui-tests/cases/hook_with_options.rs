use manage::hooks::Event;
use manage::{Context, Result};

#[manage::hook(command = "migrate")]
fn audit(_cx: &Context, _event: &Event<'_>) -> Result<()> {
    Ok(())
}

fn main() {}
