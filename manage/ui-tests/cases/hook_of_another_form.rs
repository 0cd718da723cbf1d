use manage::{Context, Result};

#[manage::hook]
fn audit(_cx: &Context) -> Result<()> {
    Ok(())
}

fn main() {}
