//! Test files that no `mod` item names.

use std::fs;
use std::path::Path;

use manage_test_support::{case, unnamed_files};

#[case]
fn what_no_mod_item_names_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in [
        ("main.rs", "mod named;\n#[cfg(unix)]\nmod inner;\n// mod commented;\n"),
        ("named.rs", "mod third;\n"),
        ("commented.rs", ""),
        ("forgotten.rs", ""),
        ("data.txt", ""),
        ("inner/mod.rs", "pub(crate) mod also;\n"),
        ("inner/also.rs", ""),
        ("inner/named.rs", ""),
        ("named/third.rs", ""),
        ("named/fourth.rs", ""),
        ("unlisted/mod.rs", ""),
        ("migrations/up.sql", ""),
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    let unnamed = unnamed_files(folder.path());
    let unnamed: Vec<&Path> =
        unnamed.iter().map(|path| path.strip_prefix(folder.path()).expect("inside")).collect();
    assert_eq!(
        unnamed,
        ["commented.rs", "forgotten.rs", "inner/named.rs", "named/fourth.rs", "unlisted/mod.rs"]
            .map(Path::new)
    );
}
