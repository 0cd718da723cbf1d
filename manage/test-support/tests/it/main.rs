//! The servers, the suite and the program runner, tried on themselves.

#[cfg(unix)]
mod ends;
#[cfg(unix)]
mod files;
#[cfg(unix)]
mod hostile;
#[cfg(unix)]
mod inside;
#[cfg(unix)]
mod mariadb;
#[cfg(unix)]
mod postgres;
#[cfg(unix)]
mod program;
#[cfg(unix)]
mod properties;
#[cfg(unix)]
mod proxy;
#[cfg(unix)]
mod suite;
#[cfg(unix)]
mod tls;

/// Which other program than the tests this one shall be, for the tests that start it.
#[cfg(unix)]
const ROLE: &str = "MANAGE_TEST_ROLE";

#[cfg(unix)]
#[manage_test_support::case]
fn every_file_is_named() {
    let tests = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    assert_eq!(manage_test_support::unnamed_files(&tests), [] as [std::path::PathBuf; 0]);
}

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    match std::env::var(ROLE).as_deref() {
        Ok("holder") => return ends::hold(),
        Ok("small suite") => return suite::small(),
        Ok("building suite") => return suite::building(),
        Ok("hanging suite") => return suite::hanging(),
        _ => {}
    }
    manage_test_support::Suite::of_cases().run()
}

#[cfg(not(unix))]
fn main() {}
