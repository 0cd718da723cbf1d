//! The Rust version that the packages ask for is enough for every crate of Cargo.lock, and the documents name
//! it.
//!
//! What our own code uses of the standard library is compared by clippy's `incompatible_msrv`.

use std::path::{Path, PathBuf};
use std::process::Command;

use manage_test_support::case;
use serde_json::Value;

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// `1.89` and `1.89.0` are one version.
fn version(text: &str) -> [u32; 3] {
    let mut version = [0; 3];
    for (number, part) in version.iter_mut().zip(text.split('.')) {
        *number = part.parse().unwrap_or_else(|_| panic!("{text} is a version"));
    }
    version
}

/// What the workspace asks for.
fn ours() -> String {
    env!("CARGO_PKG_RUST_VERSION").to_owned()
}

/// The crates of all features and platforms; without a network, those of this platform, which cargo has.
fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from);
    let host = || {
        let output = Command::new("rustc").args(["--print", "host-tuple"]).output().expect("rustc runs");
        String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
    };
    let run = |more: &[&str]| {
        let words = ["metadata", "--locked", "--format-version", "1", "--all-features"];
        let mut command = Command::new(&cargo);
        command.args(words).args(more).current_dir(workspace());
        command.output().expect("cargo runs")
    };
    let mut output = run(&[]);
    if !output.status.success() {
        output = run(&["--offline", "--filter-platform", &host()]);
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The packages that need a newer Rust than this, and how many say what they need.
fn newer(metadata: &Value, ours: &str) -> (Vec<String>, usize) {
    let packages = metadata["packages"].as_array().expect("packages");
    let named: Vec<(&Value, &str)> =
        packages.iter().filter_map(|package| Some((package, package["rust_version"].as_str()?))).collect();
    // Only the feature `squawk` brings them, which says so.
    let is_squawks =
        |package: &Value| package["name"].as_str().is_some_and(|name| name.starts_with("squawk-"));
    let newer =
        named.iter().filter(|(package, theirs)| version(theirs) > version(ours) && !is_squawks(package));
    let text = |(package, theirs): &(&Value, &str)| {
        let (name, version) = (package["name"].as_str(), package["version"].as_str());
        format!("{} {} needs Rust {theirs}", name.unwrap_or_default(), version.unwrap_or_default())
    };
    (newer.map(text).collect(), named.len())
}

#[case]
fn no_crate_needs_a_newer_rust() {
    let metadata = metadata();
    let (newer_ones, count) = newer(&metadata, &ours());
    assert!(
        newer_ones.is_empty(),
        "Cargo.toml asks for Rust {}, but {}. Choose older versions of them or of what needs them \
         (`cargo update -p NAME --precise VERSION`), or raise `rust-version`.",
        ours(),
        newer_ones.join(", ")
    );
    // That the comparison can fail: nearly all crates say what they need, and ours need more than Rust 1.31.
    assert!(count > 150, "{count} crates say which Rust they need");
    assert!(newer(&metadata, "1.31").0.iter().any(|text| text.starts_with("diesel-manage ")));
}

#[case]
fn the_documents_name_it() {
    let ours = ours();
    let sentences = [
        ("README.md", format!("Rust {ours} and a C")),
        ("docs/tutorial.md", format!("Rust {ours} and a C")),
        ("docs/limits.md", format!("The minimum is Rust {ours}")),
        ("CONTRIBUTING.md", format!("**Rust {ours}** is what")),
    ];
    for (document, sentence) in sentences {
        let text = std::fs::read_to_string(workspace().join(document)).expect(document);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(&sentence), "{document} has “{sentence}”");
    }
}

#[case]
fn versions_are_compared_as_numbers() {
    assert_eq!(version("1.89"), version("1.89.0"));
    assert!(version("1.100") > version("1.89.1") && version("1.89.1") > version("1.89"));
}
