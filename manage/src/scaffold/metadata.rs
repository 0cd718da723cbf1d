//! `cargo metadata`, of whose answer each reader takes the fields that it needs.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use serde::de::DeserializeOwned;

/// Why cargo did not answer.
#[derive(Debug)]
pub(super) enum MetadataError {
    /// There is no cargo.
    NoCargo,
    /// What it reported.
    Failed(String),
}

/// Asks cargo about the workspace of a manifest. Dependencies are not resolved, so it needs no network.
pub(super) fn metadata<T: DeserializeOwned>(cargo: &OsStr, manifest: &Path) -> Result<T, MetadataError> {
    let mut command = Command::new(cargo);
    command.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]).arg(manifest);
    let output = command.output().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => MetadataError::NoCargo,
        _ => MetadataError::Failed(error.to_string()),
    })?;
    if !output.status.success() {
        return Err(MetadataError::Failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| MetadataError::Failed(error.to_string()))
}

/// Returns whether two paths are of one file: cargo resolves links in some of its paths.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    one == other
        || std::fs::canonicalize(one)
            .is_ok_and(|one| std::fs::canonicalize(other).is_ok_and(|other| one == other))
}
