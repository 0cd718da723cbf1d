//! The program `cargo-manage`, with real projects in directories of their own.

#[cfg(unix)]
mod adopting;
#[cfg(unix)]
mod creating;
#[cfg(unix)]
mod folder;
#[cfg(unix)]
mod placing;
#[cfg(unix)]
mod refusing;
#[cfg(unix)]
mod running;
#[cfg(unix)]
mod servers;
#[cfg(unix)]
mod templates;
#[cfg(unix)]
mod tutorial;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    manage_test_support::Suite::of_cases().run()
}

#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
#[manage_test_support::case]
fn every_file_is_named() {
    let files = manage_test_support::unnamed_files(std::path::Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/it"
    )));
    assert!(files.is_empty(), "no `mod` item names {files:?}");
}
