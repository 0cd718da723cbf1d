mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command]
    pub fn greet(_cx: &mut Context) -> String {
        "Hello!".to_owned()
    }
}

fn main() {}
