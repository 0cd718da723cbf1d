use manage::prelude::*;

/// Greet somebody
#[command]
pub fn greet(
    cx: &mut Context,
    /// Whom to greet
    name: String,
    /// How often
    #[arg(short = 'n', long, default_value_t = 1)]
    times: u32,
) -> Result<()> {
    if name.is_empty() {
        return Err(CommandError::new("Whom shall I greet?").hint("Write a name: greet Ada").into());
    }
    for _ in 0..times {
        cx.success(format_args!("Hello, {name}!"))?;
    }
    Ok(())
}
