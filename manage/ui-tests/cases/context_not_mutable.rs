mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command]
    pub fn greet(cx: &Context) -> Result<()> {
        cx.line("Hello!")
    }
}

fn main() {}
