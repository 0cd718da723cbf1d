//! What `cargo manage init` does not understand is refused, and nothing is changed.

use std::process::Command;

use manage_test_support::case;

use crate::folder::Folder;

const PACKAGE: &str = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
const DIESEL: &str = "[dependencies]\ndiesel = { version = \"2.3.9\", features = [\"postgres\"] }\n";

/// Runs `init` on a package with these files, and expects an error with these texts.
#[track_caller]
fn refused(manifest: &str, files: &[(&str, &str)], code: i32, texts: &[&str]) {
    let folder = Folder::with(&[("Cargo.toml", manifest), ("src/lib.rs", "")]);
    files.iter().for_each(|(name, text)| folder.write(name, text));
    let before = folder.files();
    for option in ["--yes", "--dry-run"] {
        let ran = folder.run("", &["init", option]).expect_code(code);
        assert!(ran.stderr.starts_with("Error: ") && ran.stdout.is_empty(), "{ran}");
        for text in texts {
            assert!(ran.stderr.contains(text), "no {text}: {ran}");
        }
        assert_eq!(folder.files(), before, "{ran}");
    }
}

#[case]
fn a_package_that_cannot_use_it() {
    let manifest = |edition: &str, more: &str| {
        format!("{}{more}\n{DIESEL}", PACKAGE.replace("\"2024\"", &format!("\"{edition}\"")))
    };
    for (edition, then) in [
        ("2018", "set edition = \"2021\"."),
        ("2015", "set edition = \"2018\"; then do both again for 2021."),
    ] {
        let error = format!(
            "Error: Cargo.toml: the package uses edition {edition}, and manage needs 2021 or later. Nothing was changed.\n\
             Hint: Run `cargo fix --edition`, which changes the code, and {then}\n"
        );
        refused(&manifest(edition, ""), &[], 1, &[&error]);
    }
    refused(
        &manifest("2021", "rust-version = \"1.70\"\n"),
        &[],
        1,
        &["allows Rust 1.70, and manage needs 1."],
    );
    let named = manifest("2024", "").replace("shop", "manage");
    refused(&named, &[], 1, &["The package is called `manage`, as the framework's library is."]);
    for version in ["1.4", "~2.2", "=2.3.8", "<2.3"] {
        let old = manifest("2024", "").replace("2.3.9", version);
        refused(&old, &[], 1, &["The package needs Diesel ", "manage needs 2.3.9 or a later 2.3"]);
    }
    let all = manifest("2018", "rust-version = \"1.70\"\n").replace("2.3.9", "1.4");
    let texts = [
        "Error: Cargo.toml: the package uses edition 2018, and manage needs 2021 or later.\nCargo.toml allows Rust 1.70, ",
        ".\nThe package needs Diesel ^1.4, and manage needs 2.3.9 or a later 2.3: there can be only one.\n\
         Nothing was changed.\nHint: Run `cargo fix --edition`",
        "\nHint: Set rust-version = ",
        "\nHint: Set version = \"2.3.9\"",
    ];
    refused(&all, &[], 1, &texts);
    let bare = manifest("2024", "").replace(", features = [\"postgres\"]", "");
    refused(
        &bare,
        &[],
        2,
        &["has none of the features postgres, mysql and sqlite", "kind of database: cargo"],
    );
    let texts = [
        "The package does not depend on diesel.",
        "kind of database, and init adds diesel: cargo manage init --database sqlite (or postgres, mysql, several)",
    ];
    refused(PACKAGE, &[], 2, &texts);
    // A choice takes the place of Diesel's features.
    let folder = Folder::with(&[("Cargo.toml", PACKAGE), ("src/lib.rs", "")]);
    let shown = folder.run("", &["init", "--dry-run", "--database", "several"]).expect_success().stdout;
    assert!(shown.contains("+diesel-manage = { version = \"0.1\", features = [\"mysql\"] }"), "{shown}");
    // The workspace's Diesel can be too old for it.
    let root = "[workspace]\nmembers = [\"shop\"]\n\n[workspace.dependencies]\ndiesel = \"1.4\"\n";
    let folder = Folder::with(&[("Cargo.toml", root), ("shop/Cargo.toml", PACKAGE), ("shop/src/lib.rs", "")]);
    let ran = folder.run("shop", &["init", "--yes", "--database", "sqlite"]).expect_code(1);
    assert!(ran.stderr.starts_with("Error: The package needs Diesel 1.4, and manage needs 2.3.9"), "{ran}");
    assert_eq!(folder.read("shop/Cargo.toml"), PACKAGE);
}

#[case]
fn a_workspace_without_a_package_names_its_members() {
    let member = PACKAGE.replace("shop", "store");
    let files = [("store/Cargo.toml", member.as_str()), ("store/src/lib.rs", "")];
    let root = "[workspace]\nmembers = [\"store\"]\n";
    refused(
        root,
        &files,
        2,
        &["is a workspace without a package of its own", "Its packages are: store.", "init -p store"],
    );
    let folder = Folder::with(&[("Cargo.toml", root), files[0], files[1]]);
    let ran = folder.run("", &["init", "--yes", "-p", "nothing"]).expect_code(2);
    assert!(ran.stderr.starts_with("Error: The workspace has no package `nothing`."), "{ran}");
    let ran = Folder::new().run("", &["init", "--yes"]).expect_code(1);
    assert!(
        ran.stderr.contains("There is no Cargo.toml in ") && ran.stderr.contains("cargo manage new"),
        "{ran}"
    );
}

#[case]
fn a_program_with_another_purpose() {
    let manifest = format!("{PACKAGE}\n{DIESEL}");
    let named = format!("{manifest}\n[[bin]]\nname = \"manage\"\npath = \"src/tool.rs\"\n");
    let tool = "fn main() {}\n";
    for (manifest, file) in
        [(&manifest, "src/bin/manage.rs"), (&manifest, "src/bin/manage/main.rs"), (&named, "src/tool.rs")]
    {
        let message = format!("The program `manage` in {file} has another purpose than to run");
        refused(manifest, &[(file, tool)], 1, &[&message, "Rename it, ", "[[bin]]", "init` again"]);
    }
    // One of the framework's lacks only the app.
    let other = [("src/bin/manage.rs", "manage::main!(billing);\n")];
    refused(
        &manifest,
        &other,
        1,
        &["src/bin/manage.rs is not changed: it does not run", "    manage::main!(shop);"],
    );
    // The program can be in another file.
    let folder = Folder::with(&[
        ("Cargo.toml", &named),
        ("src/lib.rs", ""),
        ("src/tool.rs", "manage::main!(shop);\n"),
    ]);
    folder.run("", &["init", "--yes"]).expect_success();
    assert!(!folder.path("src/bin").exists(), "it has a program");
    assert!(folder.read("Cargo.toml").ends_with(named.rsplit_once("[[bin]]").expect("a program").1));
}

#[case]
fn a_library_elsewhere() {
    // The macro would look for its module beside `core/root.rs`, so lines added by hand help as little.
    for (path, text) in
        [("code/shop.rs", ""), ("src/shop.rs", ""), ("core/root.rs", "manage::commands!();\n")]
    {
        let manifest = format!("{PACKAGE}\n[lib]\npath = \"{path}\"\n\n{DIESEL}");
        let message = format!("The package's library is {path}, and manage needs it to be src/lib.rs.");
        refused(&manifest, &[(path, text)], 1, &[&message, "Move it there", "drop `path` of [lib]"]);
    }
}

#[case]
fn a_mistyped_command_outside_of_a_project() {
    let folder = Folder::new();
    for (words, own) in
        [(&["enw", "shop"], "new"), (&["startprojetc", "shop"], "new"), (&["inti", "--yes"], "init")]
    {
        let ran = folder.run("", words).expect_code(1);
        let hint = format!("\nHint: Did you mean `cargo manage {own}`?\n");
        assert!(
            ran.stderr.starts_with("Error: There is no project here") && ran.stderr.contains(&hint),
            "{ran}"
        );
    }
    let ran = folder.run("", &["migrate"]).expect_code(1);
    assert!(!ran.stderr.contains("Did you mean"), "{ran}");
}

#[case]
fn a_reader_that_wants_no_more_is_no_error() {
    let manifest = format!("{PACKAGE}\n{DIESEL}");
    let folder = Folder::with(&[("Cargo.toml", &manifest), ("src/lib.rs", "")]);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let ran = Command::new(env!("CARGO_BIN_EXE_cargo-manage"))
        .args(["manage", "init", "--dry-run"])
        .env("CARGO", env!("CARGO"))
        .current_dir(folder.path(""))
        .stdout(writer)
        .output()
        .expect("it runs");
    assert_eq!((ran.status.code(), String::from_utf8_lossy(&ran.stderr).as_ref()), (Some(141), ""));
}

#[case]
fn files_that_are_not_understood() {
    let manifest = format!("{PACKAGE}\n{DIESEL}");
    let line = "    println!(\"cargo::rerun-if-changed=src/management/commands\");";
    refused(
        &manifest,
        &[("build.rs", "fn main() {\n    compile();\n}\n")],
        1,
        &["build.rs is not changed: it prints no rerun-if-changed", line],
    );
    refused(
        &manifest,
        &[("build.rs", "mod x;\n")],
        1,
        &["does not have one line that begins with `fn main()`", line],
    );
    let without = manifest.replace("[dependencies]", "build = false\n[dependencies]");
    refused(&without, &[], 1, &["it has `build = false`"]);
    refused(
        &manifest,
        &[("src/lib.rs", "pub mod management;\n"), ("src/management.rs", "")],
        1,
        &["src/lib.rs is not changed: it has a module `management`", "manage::commands!();"],
    );
    let kind = format!("{PACKAGE}\n[lib]\ncrate-type = [\"cdylib\"]\n\n{DIESEL}");
    refused(&kind, &[], 1, &["a program cannot use a library of the kind cdylib"]);
    refused(
        &manifest,
        &[("migrations/sqlite/1_a/up.sql", ""), ("migrations/2_b/up.sql", "")],
        1,
        &["migrations is not changed: some of its directories are of backends"],
    );
}
