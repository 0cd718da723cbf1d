mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command]
    pub fn greet(cx: &mut Context, (first, last): (String, String)) -> Result<()> {
        cx.line(format_args!("{first} {last}"))
    }
}

fn main() {}
