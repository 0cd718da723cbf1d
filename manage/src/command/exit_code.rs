//! The exit code of a program that ends with an error.

use crate::cancellation::Cancelled;
use crate::console::BrokenOutput;
use crate::error::{CommandError, Exit, UsageError};
use crate::settings::SettingsError;

impl Exit {
    /// Returns the exit code of a program that ends with this error: that of a [`CommandError`], 2 for a
    /// [`UsageError`], 78 for a [`SettingsError`], 141 for a broken pipe, 130 or 143 after a signal, and 1
    /// for any other.
    pub fn of(error: &anyhow::Error) -> Self {
        if error.chain().any(BrokenOutput::is_cause) {
            return Self::BROKEN_PIPE;
        }
        if let Some(error) = error.downcast_ref::<clap::Error>() {
            return if error.use_stderr() { Self::USAGE } else { Self::SUCCESS };
        }
        if let Some(error) = error.downcast_ref::<UsageError>() {
            return error.code();
        }
        if let Some(error) = error.downcast_ref::<SettingsError>() {
            return CommandError::from(error.clone()).code();
        }
        let chosen = error.downcast_ref::<CommandError>().map_or(Self::FAILURE, CommandError::code);
        match error.chain().find_map(|cause| cause.downcast_ref::<Cancelled>()) {
            Some(cancelled) if chosen == Self::FAILURE => cancelled.signal.exit_code(),
            _ => chosen,
        }
    }
}
