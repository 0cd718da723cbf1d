//! The list of commands that rustfmt reads: it follows `mod` items and never looks into a macro.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::Write as _;
use std::path::Path;

const HEAD: &str =
    "//! Lets `cargo fmt` find the commands. The build keeps this list; it is never compiled.\n";

/// Brings `mod.rs` beside the directory of the commands up to date, where `src/lib.rs` declares it.
///
/// Only a list of ours is replaced. A directory that cannot be written, as in a container's build, keeps its
/// old list: it matters to rustfmt alone.
pub(crate) fn update(package: &Path, commands: &Path, names: &[String]) {
    let (Some(parent), Some(directory)) = (commands.parent(), commands.file_name()) else { return };
    let list = parent.join("mod.rs");
    let is_current = match fs::read_to_string(&list) {
        Ok(text) if text.starts_with(HEAD) => modules(&text) == names.iter().map(String::as_str).collect(),
        Ok(_) => return,
        Err(_) => !declares(package, parent),
    };
    if is_current {
        return;
    }
    let modules: String = names.iter().map(|name| format!("    mod {name};\n")).collect();
    let directory = directory.to_string_lossy();
    let text = match modules.as_str() {
        "" => format!("{HEAD}\nmod {directory} {{}}\n"),
        modules => format!("{HEAD}\nmod {directory} {{\n{modules}}}\n"),
    };
    if fs::create_dir_all(parent).is_err() {
        return;
    }
    // Renamed into place: the library and its tests are compiled at the same time. Only a file that this call
    // creates is written to, so no link is followed.
    let number = RandomState::new().build_hasher().finish();
    let new = parent.join(format!("mod.rs.{number:016x}"));
    let Ok(mut file) = File::create_new(&new) else { return };
    let written = file.write_all(text.as_bytes());
    if let Ok(old) = fs::metadata(&list) {
        let _ = file.set_permissions(old.permissions());
    }
    if written.and_then(|()| fs::rename(&new, &list)).is_err() {
        let _ = fs::remove_file(&new);
    }
}

/// Returns the modules of a list, in any order: rustfmt has an order of its own.
fn modules(list: &str) -> BTreeSet<&str> {
    list.lines().filter_map(|line| line.trim().strip_prefix("mod ")?.strip_suffix(';')).collect()
}

/// Returns whether the package's library names the list as a module.
fn declares(package: &Path, parent: &Path) -> bool {
    let Some(name) = parent.file_name().and_then(|name| name.to_str()) else { return false };
    let library = fs::read_to_string(package.join("src/lib.rs")).unwrap_or_default();
    library.lines().any(|line| line.trim().ends_with(&format!("mod {name};")))
}
