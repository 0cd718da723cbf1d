mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command]
    pub fn greet(cx: &mut Context, name String) -> Result<()> {
        cx.line(name)
    }
}

fn main() {}
