use manage::prelude::*;

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum How {
    Command,
    Plain,
    Chain,
}

/// Fail in one way or another
#[command(requires_checks = "none")]
pub(crate) fn fails(_cx: &mut Context, how: How) -> Result<()> {
    match how {
        How::Command => {
            Err(CommandError::new("There is no soup.").hint("Cook some.").hint("Or order it.").exit(3).into())
        }
        How::Plain => bail!("It broke."),
        How::Chain => Err(anyhow!("the pot is empty")).context("cooking failed").context("There is no soup."),
    }
}
