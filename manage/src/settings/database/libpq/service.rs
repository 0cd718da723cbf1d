//! `pg_service.conf`: parameters under the name of a service.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::ServiceEntry;
use crate::console::{echo, printable};
use crate::settings::find::SettingsPath;
use crate::settings::variables::{Variables, named_file};
use crate::settings::{Environment, Origin, SettingsError, find};

/// The directories of the system-wide file; libpq has one of them compiled in.
const SYSTEM: [&str; 2] = ["/etc/postgresql-common", "/etc"];

/// Returns the parameters of a service: from the user's file, otherwise from the system-wide one.
pub(super) fn read(
    service: &str,
    named_by: &Origin,
    variables: Option<&Variables<'_>>,
    environment: &Environment,
) -> Result<Vec<ServiceEntry>, SettingsError> {
    let files = files(variables, environment)?;
    for (path, named) in &files {
        let is_missing = || std::fs::metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound);
        if named.is_none() && is_missing() {
            continue;
        }
        let shown = match named {
            Some((written, named_by)) => named_file(written, path, named_by),
            None => printable(path).into_owned(),
        };
        let file = SettingsPath { path: path.clone(), named: Some(shown) };
        let Some(bytes) = find::read(&file, environment)? else { continue };
        let text = String::from_utf8(bytes).map_err(|_| {
            SettingsError::new(format!("Cannot read {}: it is not valid UTF-8.", printable(path)))
        })?;
        if let Some(found) = section(path, &text, service, &environment.base())? {
            return Ok(found);
        }
    }
    let files: Vec<_> = files.iter().map(|(path, _)| echo(path)).collect();
    // The name is not repeated: it may be a misplaced secret.
    Err(SettingsError::new(format!("{named_by}: The service is not defined."))
        .hint(format!("Define it as `[name]` in one of {}.", files.join(", "))))
}

/// A file to search. If a variable names it, it must exist: how the path was written, and the variable.
type File = (PathBuf, Option<(String, String)>);

/// Returns the files to search.
fn files(variables: Option<&Variables<'_>>, environment: &Environment) -> Result<Vec<File>, SettingsError> {
    let variable = |name: &str| {
        let value = match variables {
            Some(variables) => {
                let value = variables.plain(name)?;
                value.map(|value| (value.text.expose().to_owned(), value.folder, value.origin))
            }
            None => {
                let value = environment.text(name).filter(|value| !value.is_empty());
                value.map(|value| (value, PathBuf::new(), Origin::Environment(name.to_owned())))
            }
        };
        Ok(value.map(|(written, folder, origin)| (folder.join(&written), (written, origin.to_string()))))
    };
    let mut files = Vec::new();
    match variable("PGSERVICEFILE")? {
        Some((path, named)) => files.push((path, Some(named))),
        None => files.extend(
            environment.text("HOME").map(|home| (PathBuf::from(home).join(".pg_service.conf"), None)),
        ),
    }
    match variable("PGSYSCONFDIR")? {
        Some((folder, _)) => files.push((folder.join("pg_service.conf"), None)),
        None => files.extend(SYSTEM.map(|folder| (Path::new(folder).join("pg_service.conf"), None))),
    }
    Ok(files)
}

/// Returns the parameters of a section, or none if there is no such section.
fn section(
    path: &Path,
    text: &str,
    service: &str,
    folder: &Path,
) -> Result<Option<Vec<ServiceEntry>>, SettingsError> {
    let mut found: Option<Vec<ServiceEntry>> = None;
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
        found.push(ServiceEntry { name, value, origin, folder: folder.to_owned() });
    }
    Ok(found)
}
