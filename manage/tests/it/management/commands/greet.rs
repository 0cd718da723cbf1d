use manage::prelude::*;

/// Greet somebody.
///
/// As often as it is asked to.
#[command(alias = "hi")]
pub(crate) fn greet(
    cx: &mut Context,
    /// Whom to greet
    name: String,
    /// How often
    #[arg(short = 'n', long, default_value_t = 1)]
    times: u32,
    /// In capitals
    #[arg(long)]
    loudly: bool,
) -> Result<()> {
    let name = if loudly { name.to_uppercase() } else { name };
    for _ in 0..times {
        cx.success(format_args!("Hello, {name}!"))?;
    }
    Ok(())
}
