//! Arguments that do not fit a command.

use std::fmt;

use clap::error::{ContextValue, ErrorKind};

use super::Exit;

/// The arguments of a call do not fit the command. Its text is clap's, behind the command's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageError {
    kind: ErrorKind,
    text: String,
}

impl UsageError {
    /// `program` and `command` are what leads to the command's help.
    pub(crate) fn new(error: &clap::Error, program: &str, command: &str) -> Self {
        let text = match error.kind() {
            // Of a subcommand that is missing clap shows the help instead.
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                "a subcommand is required\n\nFor more information, try '--help'.".to_owned()
            }
            _ => usage_text(error),
        };
        let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
        // Whoever reads this called another command.
        let text = text.replace("try '--help'.", &format!("try '{program} help {command}'."));
        Self { kind: error.kind(), text: format!("{command}: {text}") }
    }

    /// What does not fit, in clap's terms.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The exit code of a command line that has it: 2.
    pub fn exit_code(&self) -> Exit {
        Exit::USAGE
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for UsageError {}

/// What clap says. It repeats what it does not understand: a URL may hold a password, wherever it was put by mistake.
pub(crate) fn usage_text(error: &clap::Error) -> String {
    let repeated = error.context().filter_map(|(_, value)| match value {
        ContextValue::String(value) if value.contains("://") => Some(value),
        _ => None,
    });
    repeated.fold(error.render().to_string(), |text, value| text.replace(value.as_str(), "(a URL)"))
}
