mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command]
    pub fn greet(cx: &mut Context, name: impl Into<String>) -> Result<()> {
        cx.line(name.into())
    }
}

fn main() {}
