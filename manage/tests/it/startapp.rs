//! `startapp`, in workspaces of its own. What it writes is built and run with the tests of `cargo manage`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use manage::__private::Build;
use manage::{Exit, Program};
use manage_test_support::case;

use crate::project::{Project, Ran};

const MAIN: &str = "//! The program.\n\nmanage::main!(shop);\n";

const SHOP: &str = "\
[package]
name = \"shop\"
version = \"0.1.0\"
edition = \"2024\" # the newest

[dependencies]
# Ours.
diesel = { version = \"~2.3\", features = [\"sqlite\"] }
diesel-manage = { path = \"../framework\", default-features = false, features = [\"postgres\"] } # by path
serde = \"1\"

[[bin]]
name = \"manage\"
";

/// A workspace whose package with the program is in a directory, which may be the root.
struct Workspace(Project);

impl Workspace {
    fn new(package: &str, manifest: &str) -> Self {
        let project = Project::of(|folder| {
            let directory = folder.canonicalize().expect("a path").join(package).display().to_string();
            let build = Build {
                manifest_dir: Box::leak(directory.into_boxed_str()),
                bin: Some("manage"),
                options: (&[], None),
            };
            Program::new(&[]).built(build)
        });
        let path = |name: &str| Path::new(package).join(name).display().to_string();
        // Cargo reads the manifests of dependencies that are named by a path.
        let framework = Path::new(package).parent().unwrap_or(Path::new("")).join("framework");
        let framework = |name: &str| framework.join(name).display().to_string();
        let text = "[package]\nname = \"diesel-manage\"\nversion = \"0.1.0\"\n";
        Self(
            project
                .file(&framework("Cargo.toml"), text)
                .file(&framework("src/lib.rs"), "")
                .file(&path("Cargo.toml"), manifest)
                .file(&path("src/lib.rs"), "")
                .file(&path("src/bin/manage.rs"), MAIN),
        )
    }

    /// In `crates/shop`, below a workspace that keeps a list of its members.
    fn below(root: &str) -> Self {
        let workspace = Self::new("crates/shop", SHOP);
        Self(workspace.0.file("Cargo.toml", root))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.folder().canonicalize().expect("a path").join(name)
    }

    #[track_caller]
    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn run(&self, words: &[&str]) -> Ran {
        self.0.run_words(&[&["startapp"], words].concat())
    }

    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        files_below(self.0.folder())
    }

    /// Expects an error, and that nothing changes.
    #[track_caller]
    fn refuses(&self, words: &[&str], text: &str) {
        let before = self.files();
        let ran = self.run(words);
        // A name that is no name is a wrong argument.
        let code = if ran.err.contains("is not a valid app name") { 2 } else { 1 };
        assert_eq!(ran.exit, Exit(code), "{}", ran.all());
        assert!(ran.err.contains(text), "no {text}: {}", ran.all());
        assert_eq!(self.files(), before, "{}", ran.all());
    }
}

fn files_below(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => files.extend(files_below(&path)),
            false => drop(files.insert(path.clone(), std::fs::read(&path).expect("a file"))),
        }
    }
    files
}

#[case]
fn a_member_of_a_workspace_gets_a_sibling() {
    let root = "# Ours.\n[workspace]\nresolver = \"3\"\nmembers = [\n    \"crates/shop\", # the first\n]\n";
    let workspace = Workspace::below(root);
    let ran = workspace.run(&["blog"]);
    assert_eq!((ran.exit, ran.err.as_str()), (Exit(0), ""), "{}", ran.out);
    assert!(
        ran.out.starts_with("Created the app 'blog' in ") && ran.out.contains("crates/blog.\n"),
        "{}",
        ran.out
    );
    assert_eq!(workspace.read("crates/shop/src/bin/manage.rs"), MAIN.replace("(shop)", "(shop, blog)"));
    let manifest = SHOP.replace("# Ours.\n", "blog = { path = \"../blog\" }\n# Ours.\n");
    assert_eq!(workspace.read("crates/shop/Cargo.toml"), manifest);
    let members = root.replace("# the first\n", "# the first\n    \"crates/blog\",\n");
    assert_eq!(workspace.read("Cargo.toml"), members);
    assert_eq!(
        workspace.read("crates/blog/Cargo.toml"),
        "\
[package]
name = \"blog\"
version = \"0.1.0\"
edition = \"2024\"
publish = false

[dependencies]
diesel = { version = \"~2.3\", features = [\"sqlite\"] }
diesel-manage = { path = \"../framework\", default-features = false, features = [\"postgres\"] }

[dev-dependencies]
diesel-manage = { path = \"../framework\", default-features = false, features = [\"testing\"] }
"
    );
    for file in [
        "build.rs",
        "src/lib.rs",
        "src/management/mod.rs",
        "src/management/commands/hello_blog.rs",
        "tests/commands.rs",
        "migrations/.keep",
    ] {
        assert!(workspace.path("crates/blog").join(file).is_file(), "{file}");
    }
    assert_eq!(workspace.path("crates/blog/src/urls.rs").is_file(), cfg!(feature = "runserver"));
    // The new app is a package of the workspace now.
    workspace.refuses(&["blog"], "it is the name of a package of the workspace");
}

#[case]
fn a_package_alone_becomes_a_workspace() {
    let manifest = SHOP.replace("../framework", "framework");
    let workspace = Workspace::new("", &manifest);
    let ran = workspace.run(&["web_shop"]);
    assert_eq!(ran.exit, Exit(0), "{}", ran.all());
    let expected = manifest.replace("serde = \"1\"\n", "serde = \"1\"\nweb_shop = { path = \"web_shop\" }\n");
    assert_eq!(workspace.read("Cargo.toml"), expected + "\n[workspace]\nmembers = [\"web_shop\"]\n");
    assert!(workspace.read("web_shop/Cargo.toml").contains("{ path = \"../framework\", "));
    #[cfg(feature = "runserver")]
    assert!(workspace.read("web_shop/src/urls.rs").contains("prefix = \"/web-shop\""));
}

#[case]
fn what_the_workspace_shares_is_inherited() {
    let shop = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition.workspace = true\n\n[dependencies]\n\
                diesel-manage = { workspace = true, features = [\"man\"] }\n\n[lints]\nworkspace = true\n\n\
                [[bin]]\nname = \"manage\"\n";
    let root = "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n\n[workspace.package]\nedition = \"2024\"\n\n\
                [workspace.dependencies]\ndiesel-manage = { version = \"0.1\", default-features = false }\n\n[workspace.lints]\n";
    let workspace = Workspace(Workspace::new("crates/shop", shop).0.file("Cargo.toml", root));
    let ran = workspace.run(&["blog"]);
    assert_eq!(ran.exit, Exit(0), "{}", ran.all());
    assert_eq!(workspace.read("Cargo.toml"), root, "a pattern includes it");
    let manifest = workspace.read("crates/blog/Cargo.toml");
    for part in [
        "edition.workspace = true\n",
        "[lints]\nworkspace = true\n",
        "[dev-dependencies]\ndiesel-manage = { workspace = true, features = [\"testing\"] }\n",
    ] {
        assert!(manifest.contains(part), "no {part}: {manifest}");
    }
    // Built alone, it needs a database: those of this program.
    let line = manifest.lines().find(|line| line.starts_with("diesel-manage = ")).expect("a dependency");
    assert_eq!(line.contains("\"sqlite\""), cfg!(feature = "sqlite"), "{line}");
    assert!(line.contains("\"man\""), "{line}");
}

#[case]
fn a_directory_of_ones_own() {
    let workspace = Workspace::below("[workspace]\nmembers = [\"crates/shop\"]\n");
    let directory = workspace.path("apps/the blog");
    let ran = workspace.run(&["blog", directory.to_str().expect("UTF-8")]);
    assert_eq!(ran.exit, Exit(0), "{}", ran.all());
    assert!(workspace.read("crates/shop/Cargo.toml").contains("blog = { path = \"../../apps/the blog\" }\n"));
    assert!(workspace.read("Cargo.toml").contains("[\"crates/shop\", \"apps/the blog\"]"));
    assert!(workspace.read("apps/the blog/Cargo.toml").contains("path = \"../../crates/framework\""));
    // Elsewhere it would be no member, and nothing is overwritten.
    let outside = tempfile::tempdir().expect("a directory");
    workspace.refuses(
        &["news", outside.path().to_str().expect("UTF-8")],
        "is not a directory below the workspace",
    );
    let full = workspace.path("crates/shop/src");
    workspace.refuses(&["news", full.to_str().expect("UTF-8")], "already exists; it was not changed.");
}

#[case]
fn a_name_that_something_has_is_refused() {
    let workspace = Workspace::below("[workspace]\nmembers = [\"crates/shop\"]\n");
    for (name, text) in [
        ("Blog", "'Blog' is not a valid app name."),
        ("web-shop", "'web-shop' is not a valid app name."),
        ("1blog", "'1blog' is not a valid app name."),
        ("../blog", "is not a valid app name."),
        ("async", "'async' is not a valid app name."),
        ("std", "it is the name of a crate that every project uses"),
        ("manage", "it is the name of a crate that every project uses"),
        ("shop", "it is the name of a package of the workspace"),
        ("serde", "it is the name of a dependency of the program's package"),
    ] {
        workspace.refuses(&[name], text);
    }
    let ran = Project::new().run("startapp it");
    assert!(
        ran.err.starts_with("Error: The program has an app 'it' already.\nHint: The apps are: it."),
        "{}",
        ran.all()
    );
    let ran = Project::new().run("startapp blog");
    assert!(ran.err.starts_with("Error: The program does not know its package"), "{}", ran.all());
}

#[case]
fn what_is_not_understood_is_refused() {
    let with = |main: &str| {
        let workspace = Workspace::below("[workspace]\nmembers = [\"crates/shop\"]\n");
        Workspace(workspace.0.file("crates/shop/src/bin/manage.rs", main))
    };
    for (main, why) in [
        ("fn main() {}\n", "it calls neither manage::main! nor manage::program!"),
        ("manage::main!(shop);\nmanage::main!(shop);\n", "more than once"),
        ("apps!(manage::main!);\n", "calls neither"),
        ("manage::main!(concat!());\n", "its list of apps is not one of names"),
    ] {
        with(main).refuses(&["blog"], why);
    }
    let ran = with("fn main() {}\n").run(&["blog"]);
    assert!(ran.err.contains("as in `manage::main!(shop, blog);`"), "{}", ran.all());
    let excluded =
        Workspace::below("[workspace]\nmembers = [\"crates/shop\"]\nexclude = [\"crates/blog\"]\n");
    excluded.refuses(&["blog"], "its workspace excludes the app's directory");
    let without = SHOP.replace("diesel-manage", "other").replace("../framework", "framework");
    let workspace = Workspace::new("", &without);
    workspace.refuses(&["blog"], "its [dependencies] do not name diesel-manage");
}
