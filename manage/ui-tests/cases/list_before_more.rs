mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command]
    pub fn greet(cx: &mut Context, names: Vec<String>, greeting: String) -> Result<()> {
        cx.line(format_args!("{greeting} {}", names.join(", ")))
    }
}

fn main() {}
