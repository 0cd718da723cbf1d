//! `pg_service.conf`: parameters under the name of a service.

use std::path::{Path, PathBuf};

use super::super::variables::Variables;
use super::super::{Environment, Origin, SettingsError};
use super::Found;

/// The directories of the system's own file; libpq has one of them compiled in.
const SYSTEM: [&str; 2] = ["/etc/postgresql-common", "/etc"];

/// The parameters of a service: from the user's file, else from the system's.
pub(super) fn read(
    service: &str,
    named_by: &Origin,
    variables: Option<&Variables<'_>>,
    environment: &Environment,
) -> Result<Vec<Found>, SettingsError> {
    let files = files(variables, environment)?;
    for (path, must_exist) in &files {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must_exist => continue,
            Err(error) => {
                return Err(SettingsError::new(format!("Cannot read {}: {error}.", path.display())));
            }
        };
        if let Some(found) = section(path, &text, service, &environment.base())? {
            return Ok(found);
        }
    }
    let files: Vec<String> = files.iter().map(|(path, _)| path.display().to_string()).collect();
    // The name is not repeated: it may be a secret that was put there by mistake.
    Err(SettingsError::new(format!("{named_by}: The service is not defined."))
        .hint(format!("Define it as `[name]` in one of {}.", files.join(", "))))
}

/// The files to look into, and whether it is an error that one is not there.
fn files(
    variables: Option<&Variables<'_>>,
    environment: &Environment,
) -> Result<Vec<(PathBuf, bool)>, SettingsError> {
    let variable = |name: &str| match variables {
        Some(variables) => Ok(variables.plain(name)?.map(|value| value.folder.join(value.text.expose()))),
        None => Ok(environment.text(name).filter(|value| !value.is_empty()).map(PathBuf::from)),
    };
    let mut files = Vec::new();
    match variable("PGSERVICEFILE")? {
        Some(path) => files.push((path, true)),
        None => files.extend(
            environment.text("HOME").map(|home| (PathBuf::from(home).join(".pg_service.conf"), false)),
        ),
    }
    match variable("PGSYSCONFDIR")? {
        Some(folder) => files.push((folder.join("pg_service.conf"), false)),
        None => files.extend(SYSTEM.map(|folder| (Path::new(folder).join("pg_service.conf"), false))),
    }
    Ok(files)
}

/// The parameters of a section; none where there is no such section.
fn section(
    path: &Path,
    text: &str,
    service: &str,
    folder: &Path,
) -> Result<Option<Vec<Found>>, SettingsError> {
    let mut found: Option<Vec<Found>> = None;
    for (i, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            if found.is_some() {
                break;
            }
            if name.strip_suffix(']') == Some(service) {
                found = Some(Vec::new());
            }
            continue;
        }
        let Some(found) = &mut found else { continue };
        let origin = Origin::File(path.to_owned(), i + 1);
        let Some((name, value)) = line.split_once('=') else {
            return Err(SettingsError::new(format!("{origin}: The line is not name=value.")));
        };
        if name == "service" {
            return Err(SettingsError::new(format!("{origin}: A service cannot name another one.")));
        }
        let (name, value) = (name.to_owned(), value.to_owned());
        found.push(Found { name, value, origin, folder: folder.to_owned() });
    }
    Ok(found)
}
