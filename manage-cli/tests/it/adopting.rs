//! `cargo manage init` adds manage to packages that exist.

use manage_test_support::{BUILD, Need, PROMPT, Program, Terminal, builds, builds_with, case, needs};

use crate::folder::{Folder, checkout};

/// As in the guide of Diesel: a library, programs beside it, and migrations. The comments are the team's.
const MANIFEST: &str = "\
# The blog of the guide.
[package]
name    = \"diesel-demo\"   # aligned
version = \"0.1.0\"
edition = \"2024\"

[dependencies]
# Queries.
diesel = { version = \"2.3.0\", features = [\"sqlite\"] } # ours
serde = \"1\"

[profile.dev] # fast
debug = false
";

const LIBRARY: &str = "\
//! A blog.

#![warn(clippy::all)]

pub mod models;
pub mod schema;
";

const SCHEMA: &str = "\
diesel::table! {
    posts (id) {
        id -> Integer,
        title -> Text,
    }
}
";

const SHOW: &str = "\
use diesel::prelude::*;
use diesel_demo::schema::posts;

fn main() {
    let count = posts::table.count();
    let query = diesel::debug_query::<diesel::sqlite::Sqlite, _>(&count);
    println!(\"{query}\");
}
";

fn blog() -> Folder {
    Folder::with(&[
        ("Cargo.toml", MANIFEST),
        (
            "diesel.toml",
            "[print_schema]\nfile = \"src/schema.rs\"\n\n[migrations_directory]\ndir = \"migrations\"\n",
        ),
        ("src/lib.rs", LIBRARY),
        ("src/models.rs", "//! The rows.\n"),
        ("src/schema.rs", SCHEMA),
        ("src/bin/show_posts.rs", SHOW),
        ("migrations/.keep", ""),
        (
            "migrations/2026-01-01-000000_create_posts/up.sql",
            "CREATE TABLE posts (id INTEGER PRIMARY KEY NOT NULL, title VARCHAR NOT NULL);\n",
        ),
        ("migrations/2026-01-01-000000_create_posts/down.sql", "DROP TABLE posts;\n"),
    ])
}

/// Adopts the package of a directory, with this checkout.
#[track_caller]
fn init(folder: &Folder, directory: &str, options: &[&str]) -> String {
    let checkout = checkout();
    let words = [&["init", "--yes", "--path", &checkout], options].concat();
    folder.run(directory, &words).expect_success().stdout
}

#[case(builds_with(Need::Program("rustfmt")))]
fn a_package_of_the_guide_gets_a_program() {
    let folder = blog();
    let before = folder.files();
    let shown = init(&folder, "", &[]);
    let dependency = format!(
        "diesel-manage = {{ path = \"{}/manage\", default-features = false, features = [\"http2\", \"lint\", \"man\", \
         \"reload\", \"runserver\", \"schema\", \"sqlite\", \"startapp\", \"static\", \"terminal\"] }}\n",
        checkout()
    );
    let testing = format!(
        "\n[dev-dependencies]\ndiesel-manage = {{ path = \"{}/manage\", default-features = false, features = [\"testing\"] }}\n",
        checkout()
    );
    let bin = "\n[[bin]]\nname = \"manage\"\n\
               # The framework's library has this name too; in the docs the two would collide.\ndoc = false\n";
    let manifest = MANIFEST
        .replace("serde = \"1\"\n", &format!("{dependency}serde = \"1\"\n{testing}{bin}"))
        .replace("edition = \"2024\"\n", "edition = \"2024\"\ndefault-run = \"show_posts\"\n");
    assert_eq!(folder.read("Cargo.toml"), manifest);
    let declared = "manage::commands!();\nmanage::migrations!(\"migrations\");\n\n\
                    // Lets `cargo fmt` find the commands. The build keeps this module's file up to date: commit it.\n\
                    #[cfg(rustfmt)]\nmod management;\n\npub mod models;\n";
    assert_eq!(folder.read("src/lib.rs"), LIBRARY.replace("pub mod models;\n", declared));
    assert!(folder.read("src/bin/manage.rs").ends_with("\nmanage::main!(diesel_demo);\n"));
    let script = folder.read("build.rs");
    for line in ["src/management/commands", "migrations"] {
        assert!(script.contains(&format!("    println!(\"cargo::rerun-if-changed={line}\");\n")), "{script}");
    }
    // What it printed is what it changed.
    for part in [
        "--- Cargo.toml\n+++ Cargo.toml\n",
        "+default-run = \"show_posts\"\n",
        "--- /dev/null\n+++ build.rs\n",
        "+manage::commands!();\n",
        "Added manage to the package `diesel-demo`.\nTry it: cargo manage hello\n",
    ] {
        assert!(shown.contains(part), "no {part}: {shown}");
    }
    // All else is as it was.
    let changed = ["Cargo.toml", "src/lib.rs"];
    for (name, text) in before.iter().filter(|(name, _)| !changed.contains(&name.as_str())) {
        assert_eq!(&folder.read(name), text, "{name}");
    }

    // A second time there is nothing to do.
    let adopted = folder.files();
    let again = init(&folder, "src/bin", &[]);
    assert_eq!(again, "The package `diesel-demo` uses manage already. Nothing was changed.\n");
    assert_eq!(folder.files(), adopted);

    folder.lock("");
    folder.cargo("", &["fmt", "--check"]).expect_success();
    assert_eq!(folder.run("", &["hello"]).expect_success().stdout, "Hello, world!\n");
    assert!(folder.run("", &["migrate"]).expect_success().stdout.contains("create_posts... OK"));
    folder.cargo("", &["clippy", "--quiet", "--all-targets", "--", "-D", "warnings"]).expect_success();
    let checked = folder.run("src", &["check", "--fail-level", "WARNING"]).expect_success();
    assert!(checked.stdout.contains("no issues"), "{checked}");
    assert!(folder.cargo("", &["run", "--quiet"]).expect_success().stdout.starts_with("SELECT COUNT(*)"));
    // Built, it is still complete.
    assert!(init(&folder, "", &[]).contains("Nothing was changed."));
}

#[case(builds)]
fn a_program_alone_gets_a_library() {
    let manifest = "[package]\nname = \"just-main\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n\
                    [dependencies]\ndiesel = { version = \"~2.3\", default-features = false, features = [\"sqlite\"] }\n";
    let folder = Folder::with(&[
        ("Cargo.toml", manifest),
        ("src/main.rs", "fn main() {\n    println!(\"main\");\n}\n"),
        ("build.rs", "fn main() {}\n"),
    ]);
    init(&folder, "", &[]);
    assert!(folder.read("Cargo.toml").contains("edition = \"2021\"\ndefault-run = \"just-main\"\n"));
    let library = folder.read("src/lib.rs");
    assert!(library.starts_with("//! The app's commands.\n\nmanage::commands!();\n\n// Lets"), "{library}");
    assert!(!library.contains("migrations!"), "it has none");
    assert_eq!(
        folder.read("build.rs"),
        "fn main() {\n    println!(\"cargo::rerun-if-changed=src/management/commands\");\n}\n"
    );
    folder.lock("");
    assert_eq!(folder.run("", &["hello"]).expect_success().stdout, "Hello, world!\n");
    assert_eq!(folder.cargo("", &["run", "--quiet"]).expect_success().stdout, "main\n");
    // Once it has migrations, they are added.
    folder.write("migrations/2026-01-01-000000_a/up.sql", "SELECT 1;\n");
    let shown = init(&folder, "", &[]);
    assert!(shown.contains("+manage::migrations!(\"migrations\");\n"), "{shown}");
    assert!(folder.read("build.rs").contains("rerun-if-changed=migrations\""));
    assert!(shown.contains("Try it: cargo manage help"), "{shown}");
}

#[case]
fn the_modules_of_main_are_to_be_moved() {
    let manifest = MANIFEST.replace("diesel-demo", "just-main");
    let advice = "Commands see what src/lib.rs declares: move the modules that they use from src/main.rs there, and name \
                  them in main.rs as `use just_main::…`.\n";
    let folder = Folder::with(&[("Cargo.toml", &manifest), ("src/main.rs", "mod models;\n\nfn main() {}\n")]);
    let shown = init(&folder, "", &[]);
    assert!(shown.contains(&format!("Added manage to the package `just-main`.\n{advice}Try it")), "{shown}");
    for more in [("src/lib.rs", ""), ("src/bin/show.rs", SHOW)] {
        let folder = Folder::with(&[("Cargo.toml", &manifest), more]);
        let shown = init(&folder, "", &[]);
        assert!(!shown.contains("Commands see"), "{more:?}: {shown}");
    }
}

#[case]
fn a_member_uses_what_its_workspace_has() {
    let root = "[workspace]\nmembers = [\"crates/*\"]\nresolver = \"3\"\n\n[workspace.dependencies]\n\
                diesel = { version = \"~2.3.9\", features = [\"postgres\"] }\n";
    let with_manage = format!("{root}diesel-manage = {{ version = \"0.1\", features = [\"mysql\"] }}\n");
    let member = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\ndiesel.workspace = true\n";
    let folder = Folder::with(&[
        ("Cargo.toml", root),
        ("crates/shop/Cargo.toml", member),
        ("crates/shop/src/lib.rs", "#[cfg(test)]\nmod tests {}\n"),
        ("crates/shop/migrations/postgresql/2026_a/up.sql", ""),
        ("crates/shop/migrations/sqlite/2026_a/up.sql", ""),
        ("crates/shop/diesel.toml", "[migrations_directory]\ndir = \"migrations/postgresql\"\n"),
    ]);
    let shown = folder.run("crates/shop", &["init", "--dry-run"]).expect_success().stdout;
    assert!(
        shown.contains("+diesel-manage = { version = \"0.1\", default-features = false, features = ["),
        "{shown}"
    );
    assert!(shown.contains("\"postgres\"") && !shown.contains("\"sqlite\""), "{shown}");
    assert!(shown.ends_with("Nothing was changed (--dry-run).\n"), "{shown}");
    assert_eq!(folder.read("crates/shop/Cargo.toml"), member);

    folder.write("Cargo.toml", &with_manage);
    folder.run("", &["init", "-p", "shop", "--yes"]).expect_success();
    let manifest = folder.read("crates/shop/Cargo.toml");
    assert!(
        manifest.contains(
            "\ndiesel-manage = { workspace = true }\n\n\
             [dev-dependencies]\ndiesel-manage = { workspace = true, features = [\"testing\"] }\n"
        ),
        "{manifest}"
    );
    assert_eq!(folder.read("Cargo.toml"), with_manage);
    let library = folder.read("crates/shop/src/lib.rs");
    assert!(
        library.starts_with(
            "manage::commands!();\nmanage::migrations! {\n    postgres: \"migrations/postgresql\",\n    \
             sqlite: \"migrations/sqlite\",\n}\n\n// Lets"
        ) && library.ends_with("\nmod management;\n\n#[cfg(test)]\nmod tests {}\n"),
        "{library}"
    );
    assert!(folder.read("crates/shop/build.rs").contains("rerun-if-changed=migrations\""));
    assert!(
        folder
            .run("", &["init", "-p", "shop", "--yes"])
            .expect_success()
            .stdout
            .contains("uses manage already")
    );
}

#[case]
fn tests_get_the_feature_that_they_need() {
    let testing =
        "diesel-manage = { version = \"0.1\", default-features = false, features = [\"testing\"] }\n";
    let adopt = |manifest: &str| {
        let folder = Folder::with(&[("Cargo.toml", manifest), ("src/lib.rs", LIBRARY)]);
        folder.run("", &["init", "--yes"]).expect_success();
        let manifest = folder.read("Cargo.toml");
        let again = folder.run("", &["init", "--yes"]).expect_success();
        assert!(again.stdout.contains("uses manage already"), "{again}");
        manifest
    };
    let manifest = adopt(MANIFEST);
    let table = format!("serde = \"1\"\n\n[dev-dependencies]\n{testing}\n[[bin]]\n");
    assert!(manifest.contains(&table), "{manifest}");
    // A dependency can be a table of its own.
    let table = "[dependencies.serde]\nversion = \"1\"\n";
    let manifest = adopt(&MANIFEST.replace("serde = \"1\"\n", &format!("\n{table}")));
    assert!(
        manifest.contains(&format!("\n\n{table}\n[dev-dependencies]\n{testing}\n[[bin]]\n")),
        "{manifest}"
    );
    // Its other dependencies stay, and their order does.
    let others = MANIFEST.replace(
        "[profile",
        "[dev-dependencies] # of tests\nassert_cmd = \"2\"\ntempfile = \"3\"\n\n[profile",
    );
    let manifest = adopt(&others);
    let table = format!("[dev-dependencies] # of tests\nassert_cmd = \"2\"\n{testing}tempfile = \"3\"\n");
    assert!(manifest.contains(&table), "{manifest}");
    // Cargo allows one source of a package, so the dependency of the tests has that of the package's own.
    let own =
        |dependency: &str| adopt(&MANIFEST.replace("serde", &format!("diesel-manage{dependency}\nserde")));
    for (dependency, testing) in [
        (" = \"0.1.3\"", "{ version = \"0.1.3\", features = [\"testing\"] }"),
        (
            " = { git = \"https://example.com/manage\", default-features = false, features = [\"sqlite\"] }",
            "{ git = \"https://example.com/manage\", default-features = false, features = [\"testing\"] }",
        ),
    ] {
        let manifest = own(dependency);
        assert!(manifest.contains(&format!("[dev-dependencies]\ndiesel-manage = {testing}\n")), "{manifest}");
    }
    let manifest = own(" = { version = \"0.1\", features = [\"testing\"] }");
    assert!(!manifest.contains("dev-dependencies"), "{manifest}");
    let manifest = adopt(&others.replace("tempfile", "diesel-manage = \"0.1\"\ntempfile"));
    assert_eq!(manifest.matches("[\"testing\"]").count(), 0, "{manifest}");
}

#[case]
fn a_package_without_diesel_gets_it() {
    let package = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    let sqlite = ["init", "--yes", "--database", "sqlite"];
    let folder = Folder::with(&[("Cargo.toml", package), ("src/lib.rs", "")]);
    folder.run("", &sqlite).expect_success();
    let manifest = folder.read("Cargo.toml");
    let diesel =
        "diesel = { version = \"~2.3.9\", default-features = false, features = [\"32-column-tables\"] }\n";
    assert!(
        manifest.contains(&format!("\n\n[dependencies]\n{diesel}diesel-manage = {{ version ")),
        "{manifest}"
    );
    assert!(folder.run("", &sqlite).expect_success().stdout.contains("uses manage already"));
    // It is as in other new packages.
    folder.start("new", &[]);
    assert!(folder.read("new/Cargo.toml").contains(&format!("[dependencies]\n{diesel}")));
    // A member has that of its workspace.
    let root = "[workspace]\nmembers = [\"shop\"]\n\n[workspace.dependencies]\ndiesel = \"2.3\"\n";
    let folder = Folder::with(&[("Cargo.toml", root), ("shop/Cargo.toml", package), ("shop/src/lib.rs", "")]);
    folder.run("shop", &sqlite).expect_success();
    let manifest = folder.read("shop/Cargo.toml");
    assert!(
        manifest.contains("[dependencies]\ndiesel = { workspace = true }\ndiesel-manage = { version "),
        "{manifest}"
    );
    // One that it has stays, whatever is chosen.
    let folder = Folder::with(&[("Cargo.toml", MANIFEST), ("src/lib.rs", "")]);
    folder.run("", &sqlite).expect_success();
    assert_eq!(folder.read("Cargo.toml").matches("diesel = ").count(), 1);
}

#[case]
fn only_an_old_diesel_in_the_lock_file_is_to_be_updated() {
    let manifest = MANIFEST.replace("2.3.0", "2.1");
    let lock =
        |version: &str| format!("version = 4\n\n[[package]]\nname = \"diesel\"\nversion = \"{version}\"\n");
    for (version, is_old) in [(Some("2.1.4"), true), (Some("2.3.9"), false), (None, false)] {
        let folder = Folder::with(&[("Cargo.toml", &manifest), ("src/lib.rs", LIBRARY)]);
        if let Some(version) = version {
            folder.write("Cargo.lock", &lock(version));
        }
        let shown = init(&folder, "", &[]);
        let advice =
            "Cargo.lock has Diesel 2.1.4, and manage needs 2.3.9 or later: run `cargo update -p diesel`.\n";
        assert_eq!(shown.contains(advice), is_old, "{version:?}: {shown}");
        assert_eq!(shown.contains("cargo update"), is_old, "{version:?}: {shown}");
    }
}

#[case]
fn line_ends_are_kept() {
    let folder = blog();
    for name in ["Cargo.toml", "src/lib.rs"] {
        folder.write(name, &folder.read(name).replace('\n', "\r\n"));
    }
    init(&folder, "", &[]);
    for name in ["Cargo.toml", "src/lib.rs"] {
        let text = folder.read(name);
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "{name}: {text:?}");
        assert!(text.contains("manage"), "{text}");
    }
}

#[case]
fn without_a_terminal_nothing_is_asked() {
    let folder = blog();
    let before = folder.files();
    let ran = folder.run("", &["init"]).expect_code(2);
    assert!(ran.stdout.contains("+manage::commands!();"), "{ran}");
    assert!(ran.stderr.contains("no terminal") && ran.stderr.contains("--yes"), "{ran}");
    assert_eq!(folder.files(), before);
}

#[case(needs(Need::Program("tmux")))]
fn it_asks_on_a_terminal() {
    let folder = blog();
    let before = folder.files();
    let program = env!("CARGO_BIN_EXE_cargo-manage");
    let path = folder.path("");
    let search = std::env::var("PATH").expect("a path");
    let variables = [("CARGO", env!("CARGO")), ("PATH", &search), ("PS1", PROMPT)];
    let terminal = Terminal::start(&path, &variables, &["sh", "-i"]);
    let ask = |command: &str, answer: &str, done: &str| {
        terminal.clear().type_text(&format!("{program} init {command}")).enter();
        terminal.wait_for("the question", |screen| screen.contains("Make these changes? [y/N]"));
        terminal.type_text(answer).enter();
        terminal.wait_for("the end", |screen| screen.contains(done) && !screen.contains("Error"));
    };
    for answer in ["", "n"] {
        ask("| tail -n 1", answer, "Nothing was changed.");
        assert_eq!(folder.files(), before);
    }
    ask("> /dev/null; echo exit $?", "n", "exit 1");
    assert_eq!(folder.files(), before);
    ask("| tail -n 1", "y", "Try it: cargo manage hello");
    assert!(folder.read("src/lib.rs").contains("manage::commands!();"));
}

#[case(needs(Need::Program("git")))]
fn uncommitted_changes_are_named() {
    let folder = blog();
    let preview = || {
        let ran = folder.run("src", &["init", "--dry-run"]).expect_success();
        assert!(ran.stdout.contains("+manage::commands!();"), "{ran}");
        ran.stderr
    };
    let git = |words: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgSign=false"];
        let program = Program::new("git").args(identity).args(words).cwd(folder.path(""));
        program.env("GIT_CONFIG_GLOBAL", "/dev/null").run(BUILD).expect_success();
    };
    // Not in a repository there is nothing to compare with.
    assert_eq!(preview(), "");
    git(&["init", "--quiet"]);
    let text = "uncommitted changes, and `git diff` will show them together with those above.\n\
                Hint: Commit or stash them first.\n";
    let name = |name: &str| folder.path(name).display().to_string();
    let both = format!("Warning: {}, lib.rs have {text}", name("Cargo.toml"));
    assert_eq!(preview(), both);
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", "All"]);
    assert_eq!(preview(), "");
    // A file that is not changed does not matter.
    folder.write("src/models.rs", "//! Rows.\n");
    folder.write("src/[lib].rs", "");
    assert_eq!(preview(), "");
    folder.write("src/lib.rs", &format!("{LIBRARY}\npub mod forms;\n"));
    assert_eq!(preview(), format!("Warning: lib.rs has {text}"));
    git(&["add", "."]);
    assert_eq!(preview(), format!("Warning: lib.rs has {text}"));
    // Without git nothing is said.
    let program = folder.program("", &["init", "--dry-run"]).env("PATH", folder.path("migrations"));
    assert_eq!(program.run(BUILD).expect_success().stderr, "");
    let ran = folder.run("", &["init", "--yes"]).expect_success();
    assert_eq!(ran.stderr, format!("Warning: src/lib.rs has {text}"));
    assert!(ran.stdout.contains("Added manage to the package `diesel-demo`."), "{ran}");
}
