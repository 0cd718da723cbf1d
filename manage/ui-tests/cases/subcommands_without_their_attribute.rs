mod greet {
    use manage::prelude::*;

    #[derive(Clone, Subcommand)]
    pub enum Action {
        /// In capitals
        Loudly,
    }

    /// Greet somebody
    #[command]
    pub fn greet(cx: &mut Context, action: Action) -> Result<()> {
        let Action::Loudly = action;
        cx.line("HELLO!")
    }
}

fn main() {}
