mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command]
    pub fn greet(cx: &mut Context, #[arg(long, default_value_t = 1)] times: Option<u32>) -> Result<()> {
        cx.line("Hello!")
    }
}

fn main() {}
