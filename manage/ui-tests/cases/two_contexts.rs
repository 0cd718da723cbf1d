mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command]
    pub fn greet(cx: &mut Context, other: &mut Context) -> Result<()> {
        other.line("Hello!")?;
        cx.line("Hello!")
    }
}

fn main() {}
