//! The compile errors for likely mistakes: one for each, with the way to fix it.
//!
//! `TRYBUILD=overwrite cargo test -p manage-ui-tests` rewrites the expected texts, and the release of Rust
//! that they hold for, `cases/TOOLCHAIN`.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

#[test]
fn mistakes_are_reported() {
    let toolchain = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/TOOLCHAIN");
    let (expected, ours) = (fs::read_to_string(&toolchain).expect("a release"), release());
    if env::var_os("TRYBUILD").is_some_and(|value| value == "overwrite") {
        fs::write(&toolchain, format!("{ours}\n")).expect("written");
    } else if expected.trim_end() != ours {
        let bar = "!".repeat(78);
        // Not by a macro: what those print is not shown for a test that passes.
        let _ = writeln!(
            std::io::stderr(),
            "\n{bar}\nThe compile errors were NOT COMPARED: manage/ui-tests/cases is for Rust {}, and this is Rust {ours}.\n{bar}\n",
            expected.trim_end()
        );
        return;
    }
    trybuild::TestCases::new().compile_fail("cases/*.rs");
}

/// The compiler's release without its patch level, which changes no error: `1.95`, `1.97.0-nightly`.
fn release() -> String {
    let compiler = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(compiler).arg("--version").output().expect("rustc runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let version = text.split(' ').nth(1).expect("`rustc 1.95.0 (…)`");
    match version.rsplit_once('.') {
        Some((release, _)) if !version.contains('-') => release.to_owned(),
        _ => version.to_owned(),
    }
}
