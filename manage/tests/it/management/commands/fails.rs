use manage::prelude::*;

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum How {
    Command,
    Plain,
    /// With a sentence on what is not there
    Lacking,
    Chain,
    /// With what a terminal would obey
    Terminal,
    /// With an error of another library
    Foreign,
    /// With such an error in a sentence
    Context,
    Panic,
}

/// Fail in one way or another
#[command(requires_checks = "none")]
pub(crate) fn fails(_cx: &mut Context, how: How) -> Result<()> {
    match how {
        How::Command => Err(CommandError::new("There is no soup.")
            .hint("Cook some.")
            .hint("Or order it.")
            .exit_code(3)
            .into()),
        How::Plain => bail!("It broke."),
        How::Foreign => Ok("many".parse::<u8>().map(drop)?),
        How::Context => Ok("many".parse::<u8>().map(drop).context("The recipe cannot be read.")?),
        How::Panic => panic!("the pot exploded"),
        How::Lacking => Ok(None::<u8>.with_context(|| format!("There is no soup {}.", 9)).map(drop)?),
        How::Chain => Err(anyhow!("the pot is empty")).context("cooking failed").context("There is no soup."),
        How::Terminal => Err(anyhow!("line one\n\tline two\x1b[2J\u{9b}31m"))
            .context(CommandError::new("soup\u{202e}gpj.exe").hint("\u{2066}Cook\rsome.")),
    }
}
