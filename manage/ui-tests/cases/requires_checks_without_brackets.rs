mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command(requires_checks = "settings")]
    pub fn greet(cx: &mut Context) -> Result<()> {
        cx.line("Hello!")
    }
}

fn main() {}
