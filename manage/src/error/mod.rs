//! How a command ends: exit codes, and the errors that choose one. The ground floor: it knows nothing of
//! ours.

mod command_error;
mod exit;
mod usage_error;

pub use command_error::CommandError;
pub use exit::{Exit, IntoError, IntoExit, Outcome};
pub use usage_error::UsageError;

/// The error of [`Result`]: anyhow's, so that `?` takes any error, with its causes and a backtrace.
///
/// ```
/// fn report(error: &manage::Error) -> String {
///     match error.downcast_ref::<std::io::Error>() {
///         Some(error) => format!("a file: {error}"),
///         None => format!("{error:#}"),
///     }
/// }
///
/// let error = std::fs::read("no-such-file").map_err(manage::Error::from).unwrap_err();
/// assert!(report(&error).starts_with("a file: "));
/// assert_eq!(report(&manage::Error::msg("It broke.").context("cooking")), "cooking: It broke.");
/// ```
///
/// An error for the user, with hints and an exit code, is a [`CommandError`].
pub type Error = anyhow::Error;

/// What commands and most functions of this library return. `?` takes any error.
pub type Result<T, E = Error> = std::result::Result<T, E>;
