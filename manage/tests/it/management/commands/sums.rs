use manage::prelude::*;

/// Add numbers up
#[command(hidden)]
pub(crate) fn sums(
    cx: &mut Context,
    numbers: Vec<i64>,
    #[arg(long)] by: Option<i32>,
    #[arg(long, default_value_t = -1.5)] ratio: f64,
    #[arg(long, num_args = 2)] pair: Option<Vec<i8>>,
    #[arg(long)] r#type: Option<String>,
) -> Result<()> {
    let sum: i64 = numbers.iter().sum();
    cx.line(format_args!("{sum} {by:?} {ratio} {pair:?} {}", r#type.unwrap_or_default()))
}
