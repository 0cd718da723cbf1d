use std::path::PathBuf;

use manage::prelude::*;

/// Print what it receives
///
/// Its arguments are declared by the macro; those of `derived` are the same, declared by clap's derive.
#[command(hidden, requires_checks = "none")]
#[expect(clippy::too_many_arguments, reason = "one of each form")]
pub(crate) fn plain(
    cx: &mut Context,
    /// The first one,
    /// on two lines.
    first_word: String,
    number: Option<u8>,
    #[arg(value_name = "FILE")] paths: Vec<PathBuf>,
    #[arg(long)] required: char,
    /// Up to which...
    #[arg(short, long = "until")]
    up_to_2: Option<i32>,
    #[arg(short = 'x', value_name = "TAG")] tags: Vec<String>,
    #[arg(long, default_value_t = 1.5)] ratio: f64,
    #[arg(long, default_value = "later")] r#when: String,
    #[arg(short, long)] loud: bool,
) -> Result<()> {
    cx.line(format_args!(
        "{first_word} {number:?} {paths:?} {required} {up_to_2:?} {tags:?} {ratio} {when} {loud}"
    ))
}
