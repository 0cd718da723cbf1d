//! Variables of the environment and of `.env` as one, and the files that `…_FILE` variables name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::envfile::{Entry, EnvFile};
use super::{Environment, Origin, Secret, SettingsError};

/// The variables in force: the environment's, and under them those of `.env`.
pub(crate) struct Variables<'a> {
    pub(crate) environment: &'a Environment,
    pub(crate) file: Option<&'a EnvFile>,
}

/// A value and where it came from.
pub(crate) struct Value {
    pub(crate) text: Secret,
    pub(crate) origin: Origin,
    /// Relative paths in the value start here.
    pub(crate) folder: PathBuf,
}

/// One source of variables.
#[derive(Clone, Copy)]
pub(crate) enum Layer {
    Environment,
    EnvFile,
}

impl Variables<'_> {
    /// The sources, the strongest first.
    pub(crate) fn layers(&self) -> [Layer; 2] {
        [Layer::Environment, Layer::EnvFile]
    }

    /// A variable, or the content of the file that the variable of this name and `_FILE` names, from the strongest
    /// source that has either.
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
                let text = read_secret(&file.folder, file.text.expose(), &file.origin.to_string())?;
                Ok(Some(Value { text, ..file }))
            }
            (direct, None) => Ok(direct),
        }
    }

    /// A variable itself.
    pub(crate) fn plain(&self, name: &str) -> Result<Option<Value>, SettingsError> {
        match self.plain_in(Layer::Environment, name)? {
            Some(value) => Ok(Some(value)),
            None => self.plain_in(Layer::EnvFile, name),
        }
    }

    /// Empty ones count as unset.
    fn plain_in(&self, layer: Layer, name: &str) -> Result<Option<Value>, SettingsError> {
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

    /// Where a variable is that is set to nothing.
    pub(crate) fn place_of_empty(&self, name: &str) -> Origin {
        match self.file {
            Some(file) if self.environment.text(name).is_none() => file.origin_of(name),
            _ => Origin::Environment(name.to_owned()),
        }
    }

    /// The names that begin so, from both places.
    pub(crate) fn names(&self, prefix: &str) -> BTreeSet<String> {
        let mut names: BTreeSet<String> = self.environment.names(prefix).into_iter().collect();
        if let Some(file) = self.file {
            names.extend(file.names(prefix).cloned());
        }
        names
    }
}

/// The content of a secret's file without all newlines at its end, as the shell's `$(< file)` has it. A carriage return before them
/// stays: it may be part of the secret, and is named where a log-in fails.
pub(crate) fn read_secret(folder: &Path, written: &str, named_by: &str) -> Result<Secret, SettingsError> {
    let path = folder.join(written);
    let is_pipe = std::fs::metadata(&path).is_ok_and(|file| !file.is_file() && !file.is_dir());
    // What is read only once is read with a limit.
    let text = if is_pipe {
        String::from_utf8(super::find::read(&path)?)
            .map_err(|_| std::io::Error::new(std::io::ErrorKind::InvalidData, "it is not valid UTF-8"))
    } else {
        std::fs::read_to_string(&path)
    };
    let text = text.map_err(|error| {
        if is_surely_a_path(written, &path) {
            return SettingsError::new(format!("Cannot read {}, which {named_by} names: {error}.", path.display()));
        }
        SettingsError::new(format!("Cannot read the file that {named_by} names: {error}.")).hint(
            "What it names is not shown, since it may be the secret itself: that belongs into the setting without `_FILE` (`_file`). \
             The path of a file is shown where its directory exists.",
        )
    })?;
    let text = text.trim_end_matches('\n');
    if text.trim_end_matches(['\r', '\n']).is_empty() {
        return Err(SettingsError::new(format!(
            "The file {}, which {named_by} names, is empty.",
            path.display()
        )));
    }
    Ok(Secret::new(text))
}

/// Whether it cannot be the secret itself, written where its file's path belongs: a password may hold a slash, too.
fn is_surely_a_path(written: &str, path: &Path) -> bool {
    let relative = ["./", "../"].iter().any(|start| written.starts_with(start));
    Path::new(written).is_absolute()
        || relative
        || (written.contains('/') && path.parent().is_some_and(Path::is_dir))
        || path.exists()
}
