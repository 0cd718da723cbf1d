//! The combined variables of the environment and `.env`, and the files that `…_FILE` variables name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::envfile::{Entry, EnvFile};
use super::find::read_secret as read_file;
use super::{Environment, Origin, Secret, SettingsError};
use crate::console::{is_connection, printable};

/// The effective variables: those of the environment and, with lower precedence, those of `.env`.
pub(crate) struct Variables<'a> {
    pub(crate) environment: &'a Environment,
    pub(crate) file: Option<&'a EnvFile>,
    /// Whether a file that a `…_FILE` variable names may have several lines.
    pub(crate) multiline: bool,
}

/// A value and its origin.
pub(crate) struct Value {
    pub(crate) text: Secret,
    pub(crate) origin: Origin,
    /// The directory that relative paths in the value start from.
    pub(crate) folder: PathBuf,
}

/// One source of variables.
#[derive(Clone, Copy)]
pub(crate) enum Layer {
    Environment,
    EnvFile,
}

impl<'a> Variables<'a> {
    /// Combines an environment and a `.env` file. Secrets must have one line.
    pub(crate) fn new(environment: &'a Environment, file: Option<&'a EnvFile>) -> Self {
        Self { environment, file, multiline: false }
    }
}

impl Variables<'_> {
    /// Returns the sources, in descending precedence.
    pub(crate) fn layers(&self) -> [Layer; 2] {
        [Layer::Environment, Layer::EnvFile]
    }

    /// Returns a variable, or the content of the file that the variable `<NAME>_FILE` names, from the source
    /// with the highest precedence that has either.
    pub(crate) fn get(&self, name: &str) -> Result<Option<Value>, SettingsError> {
        for layer in self.layers() {
            if let Some(value) = self.get_in(layer, name)? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// The same, from one source.
    pub(crate) fn get_in(&self, layer: Layer, name: &str) -> Result<Option<Value>, SettingsError> {
        let file_name = format!("{name}_FILE");
        match (self.plain_in(layer, name)?, self.plain_in(layer, &file_name)?) {
            (Some(_), Some(file)) => {
                Err(SettingsError::new(format!("Both {name} and {} are set.", file.origin))
                    .hint(format!("Unset one of them: the value comes either from {name} or from the file.")))
            }
            (None, Some(file)) => {
                let read = if self.multiline { read_lines } else { read_secret };
                let named_by = file.origin.to_string();
                let text = read(&file.folder, file.text.expose(), &named_by, self.environment)?;
                Ok(text.map(|text| Value { text, ..file }))
            }
            (direct, None) => Ok(direct),
        }
    }

    /// Returns a variable itself, without `_FILE`.
    pub(crate) fn plain(&self, name: &str) -> Result<Option<Value>, SettingsError> {
        match self.plain_in(Layer::Environment, name)? {
            Some(value) => Ok(Some(value)),
            None => self.plain_in(Layer::EnvFile, name),
        }
    }

    /// The same, from one source. Empty variables count as unset.
    pub(crate) fn plain_in(&self, layer: Layer, name: &str) -> Result<Option<Value>, SettingsError> {
        match layer {
            Layer::Environment => {
                let origin = Origin::Environment(name.to_owned());
                let folder = self.environment.base();
                let text = self.environment.variable(name)?;
                Ok(text.map(|text| Value { text: Secret::new(text), origin, folder }))
            }
            Layer::EnvFile => {
                let Some(file) = self.file else { return Ok(None) };
                let folder = || file.path.parent().unwrap_or(Path::new("")).to_owned();
                let entry = file.get(name)?;
                Ok(entry.map(|Entry { value, origin }| Value {
                    text: Secret::new(value),
                    origin,
                    folder: folder(),
                }))
            }
        }
    }

    /// Returns the location of a variable, whatever its value.
    pub(crate) fn place_of(&self, name: &str) -> Origin {
        match self.file {
            Some(file) if self.environment.text(name).is_none() => file.origin_of(name),
            _ => Origin::Environment(name.to_owned()),
        }
    }

    /// Returns the names with this prefix, from both sources.
    pub(crate) fn names(&self, prefix: &str) -> BTreeSet<String> {
        let mut names: BTreeSet<String> = self.environment.names(prefix).into_iter().collect();
        if let Some(file) = self.file {
            names.extend(file.names(prefix).cloned());
        }
        names
    }
}

/// Returns the content of a secret's file without trailing newlines, like the shell's `$(< file)`. A carriage
/// return before them is kept: it may be part of the secret, and the error of a failed login mentions it.
/// Returns `None` if the file is passed over.
///
/// A secret is one line. A file with several lines was named by mistake or by an attacker, and the connection
/// would send its text to a server.
pub(crate) fn read_secret(
    folder: &Path,
    written: &str,
    named_by: &str,
    environment: &Environment,
) -> Result<Option<Secret>, SettingsError> {
    let Some(secret) = read_lines(folder, written, named_by, environment)? else { return Ok(None) };
    if secret.expose().trim_end_matches(['\r', '\n']).contains(['\r', '\n']) {
        let path = folder.join(written);
        let shown = path.display();
        return Err(SettingsError::new(format!(
            "The file {shown}, which {named_by} names, has more than one line, so it is no secret."
        ))
        .hint("Name a file that has the secret alone. A command of yours reads several lines with `Settings::multiline_variable`."));
    }
    Ok(Some(secret))
}

/// The same for values that may have several lines.
pub(crate) fn read_lines(
    folder: &Path,
    written: &str,
    named_by: &str,
    environment: &Environment,
) -> Result<Option<Secret>, SettingsError> {
    let path = folder.join(written);
    let text = read_file(&path, environment).and_then(|content| {
        String::from_utf8(content)
            .map_err(|_| std::io::Error::new(std::io::ErrorKind::InvalidData, "it is not valid UTF-8").into())
    });
    let text = text.map_err(|error| {
        let problem = SettingsError::new(format!("Cannot read {}: {error}.", named_file(written, &path, named_by)));
        let problem = match is_surely_a_path(written, &path) {
            true => problem,
            false => problem.hint(
                "The path of a file belongs there. It is shown only if its directory exists, since it may be the secret itself; \
                 that goes into the setting without `_FILE` (`_file`), or for a service into the variable of --for-env.",
            ),
        };
        if error.is_timeout() { problem.timed_out() } else { problem }
    });
    let Some(text) = environment.or_passed_over(text)? else { return Ok(None) };
    let text = text.trim_end_matches('\n');
    if text.trim_end_matches(['\r', '\n']).is_empty() {
        return Err(SettingsError::new(format!(
            "The file {}, which {named_by} names, is empty.",
            path.display()
        )));
    }
    Ok(Some(Secret::new(text)))
}

/// Returns the description of a file that a setting names, for the message that it cannot be read.
pub(super) fn named_file(written: &str, path: &Path, named_by: &str) -> String {
    match is_surely_a_path(written, path) {
        true => format!("{}, which {named_by} names", printable(path)),
        false => format!("the file that {named_by} names"),
    }
}

/// Returns whether the text cannot be a secret written in place of its file's path: a password may also
/// contain or begin with a slash.
pub(super) fn is_surely_a_path(written: &str, path: &Path) -> bool {
    if is_connection(written) {
        return false;
    }
    let below_root = |path: &&Path| path.parent().is_some();
    let relative = ["./", "../"].iter().any(|start| written.starts_with(start));
    let directory = path.parent().filter(below_root);
    let is_in_directory = written.contains('/') && directory.is_some_and(Path::is_dir);
    // For a missing mount, such as `/run/secrets`, at least its top directory exists, or its components have
    // the form of a path.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let is_deep =
        written.matches('/').count() >= 3 && written.chars().all(is_plain) && !written.contains("//");
    let top = path.ancestors().filter(below_root).last();
    let is_absolute = Path::new(written).is_absolute() && (is_deep || top.is_some_and(Path::is_dir));
    is_absolute || relative || is_in_directory || path.exists()
}
