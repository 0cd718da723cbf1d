//! Which processes have cargo's lock of a build directory.

use std::path::Path;

/// Returns the command lines of other processes that have a lock on a file below `target` named
/// `.cargo-lock`, as `/proc/locks` lists them.
#[cfg(target_os = "linux")]
pub(super) fn holders(directory: &Path) -> Vec<String> {
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    let Ok(lock) = fs::metadata(directory.join(".cargo-lock")) else { return Vec::new() };
    let inode = format!(":{}", lock.ino());
    let locks = fs::read_to_string("/proc/locks").unwrap_or_default();
    // `1: FLOCK  ADVISORY  WRITE 4711 fe:00:1234567 0 EOF`; those who wait have `->` after the number.
    let processes = locks.lines().filter(|line| !line.contains("->")).filter_map(|line| {
        let mut words = line.split_whitespace().skip(4);
        let process = words.next()?;
        words.next()?.ends_with(&inode).then(|| process.to_owned())
    });
    processes
        .filter_map(|process| {
            let command = fs::read(format!("/proc/{process}/cmdline")).ok()?;
            // Such as `cargo check`: the rest is long, and may have what nobody is to read.
            let words: Vec<_> =
                command.split(|byte| *byte == 0).take(2).map(String::from_utf8_lossy).collect();
            let name = words[0].rsplit('/').next().unwrap_or_default();
            let command = words.get(1).filter(|word| !word.is_empty() && !word.starts_with('-'));
            let command = command.map(|word| format!(" {word}")).unwrap_or_default();
            Some(format!("process {process}, {name}{command}"))
        })
        .collect()
}

/// Elsewhere the operating system does not say.
#[cfg(not(target_os = "linux"))]
pub(super) fn holders(_: &Path) -> Vec<String> {
    Vec::new()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_holder_is_named() {
        let folder = tempfile::tempdir().expect("a directory");
        let lock = std::fs::File::create(folder.path().join(".cargo-lock")).expect("a file");
        assert_eq!(holders(folder.path()), [""; 0]);
        lock.lock().expect("nobody has it");
        let [holder] = &holders(folder.path())[..] else { panic!("one has it") };
        assert!(holder.starts_with(&format!("process {}, manage-", std::process::id())), "{holder}");
    }
}
