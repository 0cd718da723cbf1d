mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command]
    pub fn greet() -> Result<()> {
        Ok(())
    }
}

fn main() {}
