//! Finds the settings files, and opens those that are trusted.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::reading::{self, ReadError, SETTINGS_LIMIT};
use super::{Environment, SettingsError};

/// A settings file.
#[derive(Clone, Debug)]
pub(super) struct SettingsPath {
    pub(super) path: PathBuf,
    /// Its name in errors, if the user named it: an unreadable path may be a misplaced secret.
    pub(super) named: Option<String>,
}

/// Returns the nearest file or named pipe of this name in these directories.
///
/// A dangling link of this name is an error: otherwise settings would be silently lost.
pub(super) fn nearest(directories: &[PathBuf], name: &str) -> Result<Option<SettingsPath>, SettingsError> {
    for directory in directories {
        let path = directory.join(name);
        if is_usable(&path)? {
            return Ok(Some(SettingsPath { path, named: None }));
        }
    }
    Ok(None)
}

fn is_usable(path: &Path) -> Result<bool, SettingsError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => match is_empty(path) {
            true => Err(SettingsError::new(format!("{} is an empty directory, not a file.", path.display()))
                .hint("Docker makes such a directory where the file of a bind mount is missing: remove it, and make the file.")),
            // Python's virtual environments are often named `.env`.
            false => Ok(false),
        },
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::read_link(path) {
            Ok(target) => Err(SettingsError::new(format!(
                "{} is a symbolic link to {}, which does not exist.",
                path.display(),
                target.display()
            ))
            .hint("Make that file, or remove the link.")),
            Err(_) => Ok(false),
        },
        // A parent directory without permission cannot be part of this project.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(false),
        Err(error) => Err(SettingsError::new(format!("Cannot read {}: {error}.", path.display()))),
    }
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

/// Returns the content of a settings file. A discovered file must be trusted; a file that the user named need
/// not be. A cautious environment passes over untrusted files in both cases.
pub(super) fn read(file: &SettingsPath, environment: &Environment) -> Result<Option<Vec<u8>>, SettingsError> {
    if environment.is_cautious() && !reading::is_regular(&file.path) {
        return environment.or_passed_over(Err(failed(file, &ReadError::NoFile("missing or special"))));
    }
    if file.named.is_some() && !environment.is_cautious() {
        return reading::read(&file.path, SETTINGS_LIMIT).map(Some).map_err(|error| failed(file, &error));
    }
    read_trusted(file, environment)
}

#[cfg(unix)]
fn read_trusted(file: &SettingsPath, environment: &Environment) -> Result<Option<Vec<u8>>, SettingsError> {
    use super::trust::owners::{OpenError, open};
    let opened = match open(&file.path, environment) {
        Ok(opened) => opened,
        Err(OpenError::Read(error)) => return Err(failed(file, &error)),
        Err(OpenError::Untrusted(error)) => return environment.or_passed_over(Err(error)),
    };
    reading::content(&file.path, opened, SETTINGS_LIMIT).map(Some).map_err(|error| failed(file, &error))
}

#[cfg(not(unix))]
fn read_trusted(file: &SettingsPath, _: &Environment) -> Result<Option<Vec<u8>>, SettingsError> {
    reading::read(&file.path, SETTINGS_LIMIT).map(Some).map_err(|error| failed(file, &error))
}

fn failed(file: &SettingsPath, error: &ReadError) -> SettingsError {
    let shown = file.named.clone().unwrap_or_else(|| file.path.display().to_string());
    let said = SettingsError::new(format!("Cannot read {shown}: {error}."));
    match error {
        ReadError::OutOfTime(_) => said.hint(NO_WRITER).timed_out(),
        ReadError::Unwritten(_) => said.hint(NO_WRITER),
        _ => said,
    }
}

const NO_WRITER: &str = "Start the program that writes it, such as the secret manager, or remove the pipe.";

/// Returns the content of a secret's file. A cautious environment requires a trusted file. Otherwise any
/// owner is allowed, because a trusted setting names the file.
pub(super) fn read_secret(path: &Path, environment: &Environment) -> Result<Vec<u8>, ReadError> {
    read_named(path, reading::SECRET_LIMIT, environment)
}

/// Returns the content of a password file, by the same rules.
pub(super) fn read_passfile(path: &Path, environment: &Environment) -> Result<Vec<u8>, ReadError> {
    read_named(path, SETTINGS_LIMIT, environment)
}

fn read_named(path: &Path, limit: u64, environment: &Environment) -> Result<Vec<u8>, ReadError> {
    #[cfg(unix)]
    if environment.is_cautious() {
        use super::trust::owners::{OpenError, open};
        if !reading::is_regular(path) {
            return Err(ReadError::NoFile("a pipe or a device, or missing"));
        }
        return match open(path, environment) {
            Ok(file) => reading::content(path, file, limit),
            Err(OpenError::Read(error)) => Err(error),
            Err(OpenError::Untrusted(_)) => Err(ReadError::NoFile("what others may have written")),
        };
    }
    let _ = environment;
    reading::read(path, limit)
}
