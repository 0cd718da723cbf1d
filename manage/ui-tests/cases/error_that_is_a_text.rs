mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command]
    pub fn greet(_cx: &mut Context) -> Result<(), String> {
        Err("Nobody is there.".to_owned())
    }
}

fn main() {}
