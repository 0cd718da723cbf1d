//! What a project gets with the features that it chose.

use std::path::PathBuf;
use std::process::Command;

use manage_test_support::case;

/// The names of the crates that are linked into a program with these features of the framework.
fn crates(features: &str) -> Vec<String> {
    let cargo = std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from);
    let words =
        ["tree", "--offline", "--edges", "normal,features", "--prefix", "none", "--no-default-features"];
    let output = Command::new(cargo)
        .args(words)
        .args(["--package", "diesel-manage", "--features", features])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[case]
fn a_database_alone_brings_neither_chrono_nor_r2d2() {
    for features in ["sqlite", "postgres", "mysql", "postgres,testing,terminal"] {
        let crates = crates(features);
        assert!(crates.iter().any(|name| name == "diesel"), "{crates:?}");
        for name in ["chrono", "r2d2", "scheduled-thread-pool", "axum", "diffy"] {
            assert!(!crates.iter().any(|found| found == name), "{features} brings {name}");
        }
    }
    for (features, name) in
        [("sqlite,runserver", "chrono"), ("postgres,r2d2", "r2d2"), ("sqlite,schema", "diffy")]
    {
        assert!(crates(features).iter().any(|found| found == name), "{features} brings {name}");
    }
}
