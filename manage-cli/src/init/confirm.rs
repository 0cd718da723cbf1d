//! A question to the user.

use std::io::{self, IsTerminal as _, Write as _};

use crate::error::{Error, Result};

/// Asks, and returns whether the answer is yes. Without a terminal it is an error.
pub(crate) fn confirm(question: &str) -> Result<bool> {
    if !io::stdin().is_terminal() {
        return Err(Error::usage(
            "There is no terminal to ask whether to make these changes. Nothing was changed.",
        )
        .hint("--yes makes them without asking; --dry-run only prints them."));
    }
    let failed = |error: io::Error| Error::new(format!("The question cannot be asked: {error}."));
    let mut stderr = io::stderr();
    stderr.write_all(question.as_bytes()).and_then(|()| stderr.flush()).map_err(failed)?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(failed)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
