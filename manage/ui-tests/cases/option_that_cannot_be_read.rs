mod greet {
    use manage::prelude::*;

    #[derive(Clone)]
    pub enum Tone {
        Kind,
        Cold,
    }

    /// Greet somebody
    #[command]
    pub fn greet(cx: &mut Context, #[arg(long)] tone: Option<Tone>) -> Result<()> {
        cx.line(if matches!(tone, Some(Tone::Cold)) { "Hm." } else { "Hello!" })
    }
}

fn main() {}
