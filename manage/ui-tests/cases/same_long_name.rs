mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command]
    pub fn greet(
        cx: &mut Context,
        #[arg(long)] name: String,
        #[arg(long = "name")] other: String,
    ) -> Result<()> {
        cx.line(name + &other)
    }
}

fn main() {}
