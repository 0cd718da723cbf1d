use std::time::Duration;

use manage::prelude::*;

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Ends {
    /// As an error.
    Check,
    /// Of its own.
    Well,
    /// With an exit code.
    Chosen,
    /// With another error.
    Fails,
    /// After some work.
    Slowly,
    /// Not at all.
    Never,
}

/// Work until it is asked to stop
#[command(hidden, requires_checks = "none")]
pub(crate) fn polls(cx: &mut Context, ends: Ends) -> Result<Exit> {
    let cancellation = cx.cancellation();
    cx.line("working")?;
    while !cx.is_cancelled() {
        // A second signal would have to end a command that is here.
        cancellation.sleep(Duration::from_secs(3600));
    }
    cx.line("cleaning up")?;
    match ends {
        Ends::Check => cx.check_cancelled().context("The soup is half done.")?,
        Ends::Well => {}
        Ends::Slowly => {
            std::thread::sleep(Duration::from_millis(300));
            cx.line("clean")?;
        }
        Ends::Chosen => return Ok(Exit(7)),
        Ends::Fails => return Err(CommandError::new("The pot does not fit.").exit_code(9).into()),
        Ends::Never => loop {
            std::thread::sleep(Duration::from_secs(3600));
        },
    }
    Ok(Exit::SUCCESS)
}
