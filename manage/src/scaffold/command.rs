//! A new command's file.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::console::{echo, printable};

const TEMPLATE: &str = include_str!("../../templates/command.rs.tmpl");

/// Rust's keywords, which cannot name a module.
pub(super) const KEYWORDS: [&str; 51] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static",
    "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual",
    "where", "while", "yield",
];

/// Writes `src/management/commands/<name>.rs` of the package that `source` (its `src/lib.rs`) belongs to, and
/// returns its path. An existing file is not changed.
pub fn write_command(source: &Path, name: &str) -> Result<PathBuf, ScaffoldError> {
    if !is_name(name) {
        return Err(ScaffoldError::Name(name.to_owned()));
    }
    let folder = source.parent().unwrap_or(Path::new("")).join("management").join("commands");
    let path = folder.join(format!("{name}.rs"));
    let failed = |error| ScaffoldError::Io(path.clone(), error);
    fs::create_dir_all(&folder).map_err(failed)?;
    let mut file = File::create_new(&path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => ScaffoldError::Exists(path.clone()),
        _ => failed(error),
    })?;
    if let Err(error) = file.write_all(TEMPLATE.replace("{{ name }}", name).as_bytes()) {
        // A partial file would break the build and block a second attempt.
        let _ = fs::remove_file(&path);
        return Err(failed(error));
    }
    Ok(path)
}

/// Returns whether it can be a file, a module, a function and a command: `import_posts`.
fn is_name(name: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(fits)
        && !KEYWORDS.contains(&name)
}

/// Why there is no new file.
#[derive(Debug)]
pub enum ScaffoldError {
    /// The name cannot be a command's.
    Name(String),
    /// The file exists.
    Exists(PathBuf),
    /// The file could not be written.
    Io(PathBuf, io::Error),
}

impl fmt::Display for ScaffoldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "'{}' cannot be the name of a command.", echo(name)),
            Self::Exists(path) => write!(f, "{} already exists; it was not changed.", printable(path)),
            Self::Io(path, error) => write!(f, "{} cannot be written: {error}.", printable(path)),
        }
    }
}

impl std::error::Error for ScaffoldError {}

#[cfg(test)]
mod tests {
    use super::{ScaffoldError, is_name};

    #[test]
    fn a_name_is_a_function_of_rust() {
        for name in ["hello", "import_posts", "a1"] {
            assert!(is_name(name), "{name}");
        }
        let error = ScaffoldError::Name("postgres://bob:hunter2@db".to_owned());
        assert_eq!(error.to_string(), "'(a URL)' cannot be the name of a command.");
        for name in ["", "Hello", "import-posts", "1a", "_private", "../up", "move", "a b", "é"] {
            assert!(!is_name(name), "{name}");
        }
    }
}
