//! A new command's file.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const TEMPLATE: &str = include_str!("../../templates/command.rs.tmpl");

/// Words that Rust keeps for itself: a module cannot be called so.
const KEYWORDS: [&str; 51] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static",
    "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual",
    "where", "while", "yield",
];

/// Writes `src/management/commands/<name>.rs` of the package that `source` (its `src/lib.rs`) belongs to, and returns
/// its path. What is there already stays as it is.
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
    file.write_all(TEMPLATE.replace("{{ name }}", name).as_bytes()).map_err(failed)?;
    Ok(path)
}

/// Whether it can be a file, a module, a function and a command: `import_posts`.
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
    /// There is such a file.
    Exists(PathBuf),
    /// The file could not be written.
    Io(PathBuf, io::Error),
}

impl fmt::Display for ScaffoldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "'{name}' cannot be the name of a command."),
            Self::Exists(path) => write!(f, "{} exists already; it stays as it is.", path.display()),
            Self::Io(path, error) => write!(f, "{} cannot be written: {error}.", path.display()),
        }
    }
}

impl std::error::Error for ScaffoldError {}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn a_name_is_a_function_of_rust() {
        for name in ["hello", "import_posts", "a1"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "Hello", "import-posts", "1a", "_private", "../up", "move", "a b", "é"] {
            assert!(!is_name(name), "{name}");
        }
    }
}
