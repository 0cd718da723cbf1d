mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command]
    pub fn greets(cx: &mut Context) -> Result<()> {
        cx.line("Hello!")
    }
}

fn main() {}
