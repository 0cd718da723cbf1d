//! The version of Rust that a project selects.

use std::fs;
use std::path::Path;

use super::DeployError;

/// Returns the version that `rust-toolchain.toml` (or `rust-toolchain`) selects; `None` inside if it selects
/// the current stable release, and `None` if there is no such file.
pub(super) fn toolchain(workspace: &Path) -> Result<Option<Option<String>>, DeployError> {
    for directory in workspace.ancestors() {
        for name in ["rust-toolchain", "rust-toolchain.toml"] {
            let path = directory.join(name);
            let Ok(text) = fs::read_to_string(&path) else { continue };
            let channel = channel(&text).unwrap_or_default();
            let is_version = channel.starts_with(|c: char| c.is_ascii_digit())
                && channel.chars().all(|c| c.is_ascii_digit() || c == '.');
            return match channel.as_str() {
                "stable" => Ok(Some(None)),
                _ if is_version => Ok(Some(Some(channel))),
                _ => Err(DeployError::Toolchain(path, channel)),
            };
        }
    }
    Ok(None)
}

/// Returns the channel, from either form of the file.
fn channel(text: &str) -> Option<String> {
    match text.parse::<toml::Table>() {
        Ok(file) => file.get("toolchain")?.get("channel")?.as_str().map(str::to_owned),
        Err(_) => text.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_channel_is_a_release() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("rust-toolchain.toml");
        let read = |text: &str| {
            fs::write(&path, text).expect("a file");
            toolchain(folder.path())
        };
        let version = |text: &str| Some(Some(text.to_owned()));
        assert_eq!(read("[toolchain]\nchannel = \"1.89.0\"\n").expect("a version"), version("1.89.0"));
        assert_eq!(read("1.90\n").expect("a version"), version("1.90"));
        assert_eq!(read("[toolchain]\nchannel = \"stable\"\n").expect("a version"), Some(None));
        for other in ["[toolchain]\nchannel = \"nightly-2026-01-01\"\n", "[toolchain]\npath = \"/opt\"\n", ""]
        {
            let error = read(other).expect_err(other);
            assert!(matches!(error, DeployError::Toolchain(..)), "{error}");
        }
    }
}
