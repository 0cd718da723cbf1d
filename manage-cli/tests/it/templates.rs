//! `cargo manage new --template`: files of one's own.

use manage_test_support::case;

use crate::folder::Folder;

const MANIFEST: &str =
    "[package]\nname = \"{{ name }}\"\nedition = \"2024\"\n\n[dependencies]\ndiesel-manage = {{ manage }}\n";

#[case]
fn placeholders_are_filled_in_texts_and_names() {
    let folder = Folder::with(&[
        ("ours/Cargo.toml.tmpl", MANIFEST),
        ("ours/src/lib.rs", "//! {{ crate }}\n\n{{ migrations }}\n"),
        ("ours/src/{{ crate }}/mod.rs", "// {{name}} ${{ github.ref }} {{ database }}\n"),
        ("ours/.git/config", "{{ nothing }}"),
    ]);
    std::fs::write(folder.path("ours/logo.png"), b"\x89PNG\xff{{ nothing }}").expect("a file");
    let ran =
        folder.run("", &["new", "web-shop", "--template", "ours", "--database", "mysql"]).expect_success();
    assert_eq!(ran.stdout, "Created the project `web-shop` in web-shop.\n");
    assert_eq!(folder.read("web-shop/src/lib.rs"), "//! web_shop\n\nmanage::migrations!(\"migrations\");\n");
    assert_eq!(folder.read("web-shop/src/web_shop/mod.rs"), "// {{name}} ${{ github.ref }} mysql\n");
    assert!(folder.read("web-shop/Cargo.toml").contains("name = \"web-shop\""));
    let logo = std::fs::read(folder.path("web-shop/logo.png")).expect("a file");
    assert_eq!(logo, b"\x89PNG\xff{{ nothing }}");
    assert!(!folder.path("web-shop/.git").exists());
}

#[case]
fn what_is_not_understood_is_refused_before_anything_is_written() {
    for (files, message) in [
        (
            &[("ours/Cargo.toml", MANIFEST), ("ours/src/lib.rs", "//! {{ nmae }}\n")][..],
            "Error: ours/src/lib.rs has an unknown placeholder: {{ nmae }}.\nHint: The placeholders are: ",
        ),
        (
            &[("ours/Cargo.toml", MANIFEST), ("ours/{{ x }}", "")],
            "Error: ours/{{ x }} has an unknown placeholder: {{ x }}.",
        ),
        (&[("ours/src/lib.rs", "")], "Error: The template ours has no Cargo.toml"),
        (
            &[("ours/Cargo.toml", MANIFEST), ("ours/Cargo.toml.tmpl", MANIFEST)],
            "Error: The template has two files that become Cargo.toml.",
        ),
    ] {
        let folder = Folder::with(files);
        let ran = folder.run("", &["new", "shop", "--template", "ours"]).expect_code(2);
        assert!(ran.stderr.starts_with(message), "{ran}");
        assert!(!folder.path("shop").exists());
    }
    let folder = Folder::with(&[("ours/Cargo.toml", MANIFEST)]);
    std::os::unix::fs::symlink("/etc/passwd", folder.path("ours/link")).expect("a link");
    let ran = folder.run("", &["new", "shop", "--template", "ours"]).expect_code(2);
    assert!(ran.stderr.starts_with("Error: ours/link is neither a file nor a directory."), "{ran}");
    let ran = folder.run("", &["new", "shop", "--template", "nowhere"]).expect_code(1);
    assert!(ran.stderr.starts_with("Error: nowhere cannot be read: "), "{ran}");
}
