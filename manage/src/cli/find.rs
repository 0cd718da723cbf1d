//! The command of a name.

use crate::command::{CommandError, Found, UnknownCommand};
use crate::{Program, Result};

/// The command of a name, or an [`UnknownCommand`].
pub(crate) fn find(program: &Program, name: &str) -> Result<Found> {
    let found = program.registry().find(name).map_err(|duplicate| {
        CommandError::new(duplicate.to_string()).hint("Rename one of the two files and its function.")
    })?;
    Ok(found.ok_or_else(|| UnknownCommand::new(program, name))?.accepted()?)
}
