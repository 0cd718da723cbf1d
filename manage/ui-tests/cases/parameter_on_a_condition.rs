mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command]
    pub fn greet(cx: &mut Context, #[cfg(unix)] user: String) -> Result<()> {
        cx.line("Hello!")
    }
}

fn main() {}
