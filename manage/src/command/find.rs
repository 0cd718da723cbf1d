//! Finds a command by its name.

use super::Program;
use crate::command::{Duplicate, RegisteredCommand, UnknownCommand};
use crate::error::{CommandError, Result};

/// Finds a command by its name, or returns an [`UnknownCommand`].
pub(crate) fn find(program: &Program, name: &str) -> Result<RegisteredCommand> {
    let found = program
        .registry()
        .find(name)
        .map_err(|duplicate| CommandError::new(duplicate.to_string()).hint(Duplicate::HINT))?;
    Ok(found.ok_or_else(|| UnknownCommand::new(program, name))?.validate()?)
}
