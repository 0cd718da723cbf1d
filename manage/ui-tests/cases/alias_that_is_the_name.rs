mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command(alias = "greet")]
    pub fn greet(cx: &mut Context) -> Result<()> {
        cx.line("Hello!")
    }
}

fn main() {}
