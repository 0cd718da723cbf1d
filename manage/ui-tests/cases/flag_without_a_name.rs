mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command]
    pub fn greet(cx: &mut Context, loud: bool) -> Result<()> {
        cx.line(if loud { "HELLO!" } else { "Hello!" })
    }
}

fn main() {}
