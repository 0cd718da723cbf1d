mod greet {
    use manage::prelude::*;

    pub struct Greeter;

    impl Greeter {
        /// Greet somebody
        #[command]
        pub fn greet(&self, cx: &mut Context) -> Result<()> {
            cx.line("Hello!")
        }
    }
}

fn main() {}
