//! Projects that are made of the documents' blocks of code, by somebody who has only the documents.

use std::path::Path;

use manage_test_support::workspace;

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
