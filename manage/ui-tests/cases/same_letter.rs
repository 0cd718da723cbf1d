mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command]
    pub fn greet(
        cx: &mut Context,
        #[arg(short, long)] name: String,
        #[arg(short, long, default_value_t = 1)] number: u32,
    ) -> Result<()> {
        cx.line(name.repeat(number as usize))
    }
}

fn main() {}
