mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command]
    pub fn greet(cx: &mut Context, greeting: Option<String>, name: String) -> Result<()> {
        cx.line(format_args!("{} {name}", greeting.unwrap_or_default()))
    }
}

fn main() {}
