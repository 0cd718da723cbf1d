mod greet {
    use manage::prelude::*;

    /// Greet somebody
    #[command]
    pub fn greet(name: String) -> Result<()> {
        println!("Hello, {name}!");
        Ok(())
    }
}

fn main() {}
