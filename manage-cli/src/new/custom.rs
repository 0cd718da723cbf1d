//! The files of `--template`: a directory of the user's, with placeholders in texts and in names.

use std::fs;
use std::path::Path;

use super::NewFile;
use super::fill::fill;
use super::values::Values;
use crate::error::{Error, Result};
use crate::output::shown;

/// The ending of a file whose real name would mean something to cargo or git where the template is kept.
const ENDING: &str = ".tmpl";

/// Reads the files of a directory, and fills their placeholders. `Cargo.toml.tmpl` becomes `Cargo.toml`; what is
/// not UTF-8 stays as it is.
pub(crate) fn files(directory: &Path, values: &Values) -> Result<Vec<NewFile>> {
    let mut files: Vec<NewFile> = Vec::new();
    read(directory, "", values, &mut files)?;
    if !files.iter().any(|file| file.path == "Cargo.toml") {
        return Err(Error::usage(format!(
            "The template {} has no Cargo.toml, nor a Cargo.toml{ENDING}.",
            shown(directory)
        )));
    }
    Ok(files)
}

fn read(directory: &Path, prefix: &str, values: &Values, files: &mut Vec<NewFile>) -> Result<()> {
    let failed = |path: &Path, error| Error::io(path, "read", &error);
    let entries = fs::read_dir(directory).map_err(|error| failed(directory, error))?;
    let mut entries = entries.collect::<Result<Vec<_>, _>>().map_err(|error| failed(directory, error))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type().map_err(|error| failed(&path, error))?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            return Err(Error::usage(format!("The name of {} is not UTF-8.", shown(&path))));
        };
        // The template's own repository is no part of the project.
        if prefix.is_empty() && name == ".git" {
            continue;
        }
        let unknown = |name: String| unknown(&path, &name, values);
        let name = fill(name.strip_suffix(ENDING).unwrap_or(name), values).map_err(unknown)?;
        let new = format!("{prefix}{name}");
        if kind.is_dir() {
            read(&path, &format!("{new}/"), values, files)?;
            continue;
        }
        if !kind.is_file() {
            return Err(Error::usage(format!("{} is neither a file nor a directory.", shown(&path)))
                .hint("A template contains files and directories alone, so that it can be copied."));
        }
        if files.iter().any(|file| file.path == new) {
            return Err(Error::usage(format!("The template has two files that become {new}.")));
        }
        let content = fs::read(&path).map_err(|error| failed(&path, error))?;
        let content = match String::from_utf8(content) {
            Ok(text) => fill(&text, values).map_err(unknown)?.into_bytes(),
            Err(other) => other.into_bytes(),
        };
        files.push(NewFile { path: new, content });
    }
    Ok(())
}

fn unknown(path: &Path, name: &str, values: &Values) -> Error {
    let known: Vec<&str> = values.keys().copied().collect();
    Error::usage(format!("{} has an unknown placeholder: {{{{ {name} }}}}.", shown(path)))
        .hint(format!("The placeholders are: {}.", known.join(", ")))
}
