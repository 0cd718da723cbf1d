//! clap's messages about wrong arguments.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::console::{echo, printable};
use crate::error::UsageError;

/// Returns the error of a call from code. `program` and `command` are needed for the hint about the command's
/// help.
pub(crate) fn usage_error(error: &clap::Error, program: &str, command: &str) -> UsageError {
    let text = match error.kind() {
        // For a missing subcommand clap shows the help instead.
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "a subcommand is required\n\nFor more information, try '--help'.".to_owned()
        }
        _ => usage_text(error),
    };
    let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
    // The user called another command.
    let text = text.replace("try '--help'.", &format!("try '{program} help {command}'."));
    UsageError::new(error.kind(), format!("{command}: {text}"))
}

/// Returns clap's message. It repeats what it does not understand: a misplaced URL may contain a password.
pub(crate) fn usage_text(error: &clap::Error) -> String {
    let is_typed = |kind| match kind {
        ContextKind::InvalidSubcommand | ContextKind::InvalidValue => true,
        // In other errors it is the argument's name.
        ContextKind::InvalidArg => error.kind() == ErrorKind::UnknownArgument,
        _ => false,
    };
    let repeated = error.context().filter(|(kind, _)| is_typed(*kind));
    let repeated = repeated.filter_map(|(_, value)| match value {
        ContextValue::String(value) if echo(value) != printable(value) => Some(value),
        _ => None,
    });
    repeated.fold(error.render().to_string(), |text, value| text.replace(value.as_str(), &echo(value)))
}
