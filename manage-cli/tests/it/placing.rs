//! Where a new project goes: nothing is overwritten, and nothing is written in part.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use manage_test_support::{Program, case};

use crate::folder::Folder;

#[case]
fn a_name_that_is_not_one_of_a_crate_is_refused() {
    for (name, why) in [
        ("Shop", "does not begin with a lower-case letter"),
        ("2shop", "does not begin with a lower-case letter"),
        ("my.shop", "'.' is not allowed in it"),
        ("my shop", "' ' is not allowed in it"),
        ("async", "a word of Rust's"),
        ("std", "a crate that the project uses"),
        ("core", "a crate that the project uses"),
        ("test", "a crate that the project uses"),
        ("manage", "a crate that the project uses"),
        ("diesel", "a crate that the project uses"),
        ("diesel-manage", "a crate that the project uses"),
        ("con", "a device on Windows"),
    ] {
        let folder = Folder::new();
        let ran = folder.run("", &["new", name]).expect_code(2);
        assert!(
            ran.stderr.starts_with(&format!("Error: '{name}' cannot be the name of a project: ")),
            "{ran}"
        );
        assert!(ran.stderr.contains(why) && ran.stderr.contains("--name"), "{ran}");
        assert!(folder.files().is_empty() && !folder.path(name).exists(), "{name}");
        // The directory may be called that.
        folder.run("", &["new", name, "--name", "shop", "--minimal"]).expect_success();
        assert!(folder.read(&format!("{name}/Cargo.toml")).contains("name = \"shop\""));
    }
}

#[case]
fn what_exists_is_not_overwritten() {
    let folder =
        Folder::with(&[("shop/Cargo.toml", "[package]\n"), ("full/b", ""), ("full/a", ""), ("file", "")]);
    std::os::unix::fs::symlink("nowhere", folder.path("link")).expect("a link");
    let before = folder.files();
    for (name, message) in [
        (
            "shop",
            "Error: shop exists and is not empty: it contains Cargo.toml. Nothing was changed.\nHint: Inside it, `cargo manage init`",
        ),
        (
            "full",
            "Error: full exists and is not empty: it contains a, b. Nothing was changed.\nHint: Choose another directory",
        ),
        ("file", "Error: file exists, as a file. Nothing was changed."),
        ("link", "Error: link exists, as a link to nothing. Nothing was changed."),
    ] {
        let ran = folder.run("", &["new", name]).expect_code(1);
        assert!(ran.stderr.starts_with(message), "{ran}");
    }
    for name in [".", "..", "/"] {
        folder.run("", &["new", name]).expect_code(2);
    }
    assert_eq!(folder.files(), before);
    // An empty directory is no obstacle, nor are missing ones above.
    std::fs::create_dir(folder.path("empty")).expect("a directory");
    for name in ["empty", "a/b/deep"] {
        folder.run("", &["new", name, "--minimal"]).expect_success();
        assert!(folder.path(name).join("src/lib.rs").is_file());
    }
    // Nothing else is left.
    let names: Vec<_> =
        std::fs::read_dir(folder.path("")).expect("entries").flatten().map(|e| e.file_name()).collect();
    assert!(names.iter().all(|name| !name.to_string_lossy().starts_with('.')), "{names:?}");
}

#[case]
fn the_umask_is_honoured() {
    for (umask, directory, file) in [("077", 0o700, 0o600), ("002", 0o775, 0o664), ("027", 0o750, 0o640)] {
        let folder = Folder::new();
        let line = format!("umask {umask}; exec \"$0\" new shop");
        let program = Program::new("sh").args(["-c", &line, env!("CARGO_BIN_EXE_cargo-manage")]);
        program.cwd(folder.path("")).run(Duration::from_secs(60)).expect_success();
        let mode = |name: &str| {
            std::fs::metadata(folder.path(name)).expect("it exists").permissions().mode() & 0o777
        };
        let modes = [mode("shop"), mode("shop/src/bin"), mode("shop/Cargo.toml"), mode("shop/src/lib.rs")];
        assert_eq!(modes, [directory, directory, file, file], "{umask}: {modes:?}");
    }
}

#[case]
fn in_a_workspace_it_becomes_a_member() {
    let workspace = "# Ours.\n[workspace]\nresolver = \"3\"\nmembers = [\n    \"one\", # the first\n]\nexclude = [\"old\"]\n";
    let package =
        |name: &str| format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    let folder = Folder::with(&[
        ("Cargo.toml", workspace),
        ("one/Cargo.toml", &package("one")),
        ("one/src/lib.rs", ""),
    ]);
    let ran = folder.run("one", &["new", "../shop", "--database", "postgres"]).expect_success();
    assert!(ran.stdout.contains("Added \"shop\" to the members of the workspace in "), "{ran}");
    let expected =
        workspace.replace("    \"one\", # the first\n", "    \"one\", # the first\n    \"shop\",\n");
    assert_eq!(folder.read("Cargo.toml"), expected);
    // Cargo ignores the profiles of a member, and warns.
    assert!(!folder.read("shop/Cargo.toml").contains("[profile"));
    let metadata = folder.cargo("", &["metadata", "--no-deps", "--format-version", "1"]).expect_success();
    assert!(metadata.stdout.contains("\"name\":\"shop\"") && metadata.stderr.is_empty(), "{metadata}");
    // An excluded directory is no member, and a package has its name alone.
    let before = folder.read("Cargo.toml");
    folder.run("", &["new", "old/tool", "--minimal"]).expect_success();
    assert_eq!(folder.read("Cargo.toml"), before);
    let ran = folder.run("", &["new", "two", "--name", "one"]).expect_code(2);
    assert!(ran.stderr.starts_with("Error: The workspace has a package `one` already, in one."), "{ran}");
    assert!(!folder.path("two").exists());
    // A pattern includes it.
    folder.write("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\n");
    let ran = folder.run("", &["new", "crates/tool", "--minimal"]).expect_success();
    assert!(ran.stdout.contains("It is a member of the workspace of Cargo.toml."), "{ran}");
    assert_eq!(folder.read("Cargo.toml"), "[workspace]\nmembers = [\"crates/*\"]\n");
}

#[case]
fn a_checkout_is_one_of_the_framework() {
    let folder = Folder::with(&[("other/Cargo.toml", "[package]\nname = \"other\"\n")]);
    for path in ["other", "nowhere"] {
        let ran = folder.run("", &["new", "shop", "--path", path]).expect_code(2);
        assert!(ran.stderr.starts_with(&format!("Error: {path} is no checkout of diesel-manage.")), "{ran}");
    }
    assert!(!folder.path("shop").exists());
}
