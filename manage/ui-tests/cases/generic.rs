mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command]
    pub fn greet<T: std::fmt::Display>(cx: &mut Context, name: T) -> Result<()> {
        cx.line(name)
    }
}

fn main() {}
