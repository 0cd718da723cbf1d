mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command]
    pub struct Greet;
}

fn main() {}
