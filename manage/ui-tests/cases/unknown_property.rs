mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command(hide)]
    pub fn greet(cx: &mut Context) -> Result<()> {
        cx.line("Hello!")
    }
}

fn main() {}
