mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command(without = ["verbose"])]
    pub fn greet(cx: &mut Context) -> Result<()> {
        cx.line("Hello!")
    }
}

fn main() {}
