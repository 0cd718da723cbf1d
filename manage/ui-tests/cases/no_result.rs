mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command]
    pub fn greet(cx: &mut Context) {
        let _ = cx.line("Hello!");
    }
}

fn main() {}
