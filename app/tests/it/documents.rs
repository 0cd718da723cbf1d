//! Projects that are made of the documents' blocks of code, by somebody who has only the documents.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use manage_test_support::Program;

/// A cold build of the framework and a new program.
pub(crate) const BUILD: Duration = Duration::from_secs(1200);

/// A block of code, without its indent.
pub(crate) struct Block {
    /// The word behind the fence: `rust`.
    pub(crate) language: String,
    /// The file that its first line names.
    pub(crate) file: Option<PathBuf>,
    pub(crate) text: String,
}

pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// The blocks of a Markdown file of this workspace, in their order.
pub(crate) fn blocks(document: &str) -> Vec<Block> {
    let text = std::fs::read_to_string(workspace().join(document)).expect("a document");
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(indent) = line.find("```") else { continue };
        let body: Vec<&str> = lines
            .by_ref()
            .take_while(|line| !line.trim_start().starts_with("```"))
            .map(|line| line.get(indent..).unwrap_or_default())
            .collect();
        let first = body.first().copied().unwrap_or_default();
        let named = first.strip_prefix("// ").or(first.strip_prefix("# "));
        let file = named.and_then(|rest| rest.split([' ', ',']).next()).filter(|name| name.contains('.'));
        blocks.push(Block {
            language: line[indent + 3..].trim().to_owned(),
            file: file.map(PathBuf::from),
            text: body.join("\n") + "\n",
        });
    }
    blocks
}

/// The line of a Cargo.toml that depends on the framework as it is here.
pub(crate) fn dependency() -> String {
    format!("diesel-manage = {{ path = {:?} }}", workspace().join("manage").display().to_string())
}

/// Writes a file of a project, and the directories above it.
pub(crate) fn write(project: &Path, name: &Path, text: &str) {
    let path = project.join(name);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    std::fs::write(path, text).expect("a file");
}

/// For one project at a time: they share a target directory, and each has a program `manage` in it.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Cargo in a project's directory, with a target directory that such projects share.
pub(crate) fn cargo(folder: &Path, words: &[&str]) -> Program {
    let target = workspace().join("target").join("readme");
    let mut program = Program::new(std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from))
        .args(words)
        .cwd(folder)
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_PROFILE_DEV_DEBUG", "0");
    // Where the toolchain and the registry are.
    for (name, value) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let is_cargos = name.starts_with("CARGO_HOME")
            || name.starts_with("CARGO_REGISTR")
            || name.starts_with("CARGO_HTTP");
        if is_cargos
            || name.starts_with("RUSTUP_")
            || name.ends_with("_proxy")
            || name.starts_with("SSL_CERT")
        {
            program = program.env(name, value);
        }
    }
    program
}
