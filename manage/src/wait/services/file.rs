//! A file or directory that another process creates when it is ready. It need not be readable.

use std::io::ErrorKind;
use std::path::Path;

use crate::database::{ConnectError, Reason};

pub(super) fn attempt(name: &str, path: &Path) -> Result<(), ConnectError> {
    match std::fs::metadata(path) {
        Ok(_) => Ok(()),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Err(ConnectError::of_service(name, Reason::NotThere, "").with_code(Some("ENOENT")))
        }
        Err(error) => Err(ConnectError::of_service_io(name, &error)),
    }
}
