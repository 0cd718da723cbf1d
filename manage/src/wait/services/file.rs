//! A file that somebody makes when they are ready.

use std::path::Path;

use crate::database::{ConnectError, Reason};

pub(super) fn attempt(name: &str, path: &Path) -> Result<(), ConnectError> {
    match std::fs::metadata(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            Err(ConnectError::of_service_io(name, &error))
        }
        Err(_) => Err(ConnectError::of_service(name, Reason::NotThere, "").with_code(Some("ENOENT"))),
    }
}
