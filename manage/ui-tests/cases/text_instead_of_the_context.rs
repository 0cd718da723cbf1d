mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command]
    pub fn greet(name: &mut String) -> Result<()> {
        drop(name);
        Ok(())
    }
}

fn main() {}
