mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command]
    pub unsafe fn greet(cx: &mut Context) -> Result<()> {
        cx.line("Hello!")
    }
}

fn main() {}
