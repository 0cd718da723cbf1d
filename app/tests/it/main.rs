//! The program, from the outside, on every kind of database. MariaDB takes part with the feature `mysql`.

#[cfg(unix)]
mod audit;
mod blog;
mod book_code;
#[cfg(unix)]
mod check_pages;
#[cfg(unix)]
mod completion;
#[cfg(unix)]
mod containers;
#[cfg(unix)]
mod delete_drafts;
mod documents;
mod from_django;
#[cfg(unix)]
mod hostile;
#[cfg(unix)]
mod import_bounds;
#[cfg(unix)]
mod import_posts;
#[cfg(unix)]
mod network;
mod postgresql_alone;
#[cfg(unix)]
mod program;
#[cfg(unix)]
mod project;
#[cfg(unix)]
mod publish;
#[cfg(unix)]
mod readme;
#[cfg(unix)]
mod rounds;
mod services;
mod waiting;
#[cfg(unix)]
mod writers;

#[cfg(unix)]
#[manage_test_support::case]
fn every_file_is_named() {
    let tests = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    assert_eq!(manage_test_support::unnamed_files(&tests), [] as [std::path::PathBuf; 0]);
}

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    manage_test_support::Suite::of_cases().run()
}

#[cfg(not(unix))]
fn main() {}
