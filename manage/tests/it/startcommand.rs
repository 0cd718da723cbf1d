//! A new command's file. The whole way, up to running it, is tested with the application.

use manage::__private::App;
use manage::__private::internals::{ScaffoldError, write_command};
use manage::{Exit, Program};
use manage_test_support::case;

use crate::project::Project;

#[case]
fn writes_a_file_that_is_a_command() {
    let project = Project::new().file("app/src/lib.rs", "");
    let path = write_command(&project.folder().join("app/src/lib.rs"), "import_posts").expect("a file");
    assert_eq!(path, project.folder().join("app/src/management/commands/import_posts.rs"));
    let text = std::fs::read_to_string(path).expect("a text");
    assert!(text.contains("#[command]\npub fn import_posts(\n"), "{text}");
}

#[case]
fn overwrites_nothing() {
    let project = Project::new().file("src/management/commands/mine.rs", "// mine");
    let error = write_command(&project.folder().join("src/lib.rs"), "mine").expect_err("it is there");
    assert!(matches!(error, ScaffoldError::Exists(_)), "{error}");
    let text =
        std::fs::read_to_string(project.folder().join("src/management/commands/mine.rs")).expect("a text");
    assert_eq!(text, "// mine");
}

#[case]
fn refuses_a_name() {
    let project = Project::new();
    for name in ["../../evil", "Upper", "with-hyphen", "fn", "_hidden"] {
        let error = write_command(&project.folder().join("src/lib.rs"), name).expect_err(name);
        assert!(matches!(error, ScaffoldError::Name(_)), "{error}");
    }
    assert!(!project.folder().join("src").exists(), "nothing is written");
}

#[case]
fn names_the_apps() {
    let ran = Project::new().run("startcommand hello --app nope");
    assert_eq!(ran.exit, Exit(1));
    assert_eq!(ran.err, "Error: There is no app 'nope'.\nHint: The apps are: it.\n");
}

/// The package of an app that a test writes.
const PACKAGE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/unnoticed");

// What `manage::commands!()` leaves behind in that package.
manage::__private::inventory::submit! { App::new("unnoticed", PACKAGE) }

#[case]
fn what_cargo_does_not_notice_is_reported() {
    let package = std::path::Path::new(PACKAGE);
    let _ = std::fs::remove_dir_all(package);
    std::fs::create_dir_all(package.join("src")).expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(package.join(name), text).expect("a file");
    write("Cargo.toml", "[package]\nname = \"unnoticed\"\n");
    let project = Project::with(Program::new(&["unnoticed"]));
    assert!(!project.run("check").err.contains("W010"), "it has no commands");
    for (name, text) in
        [("Bad-Name", "'Bad-Name' cannot be the name of a command."), ("help", "cannot be overridden.")]
    {
        let ran = project.run(&format!("startcommand {name}"));
        assert!(ran.exit == Exit::USAGE && ran.err.contains(text), "{}", ran.all());
    }
    let line = "`println!(\"cargo::rerun-if-changed=src/management/commands\");`";
    for (script, why) in [
        (None, "the package has no build.rs"),
        (Some("fn main() {}"), "build.rs does not name src/management/commands"),
    ] {
        script.inspect(|script| write("build.rs", script));
        let ran = project.run("startcommand hello");
        assert!(ran.exit == Exit(0) && ran.out.contains("hello.rs"), "{}", ran.all());
        assert!(ran.err.starts_with(&format!("Cargo does not notice the new file: {why}.")), "{}", ran.all());
        assert!(ran.err.contains(line), "{}", ran.all());
        std::fs::remove_file(package.join("src/management/commands/hello.rs")).expect("the new file");
        let check = project.run("check");
        assert_eq!(check.exit, Exit(0), "it is a warning");
        let reported = format!(
            "unnoticed: (manage.W010) Cargo does not notice new commands of the app 'unnoticed': {why}.\n"
        );
        assert!(check.err.contains(&reported) && check.err.contains(line), "{}", check.all());
    }
    write("build.rs", &format!("fn main() {{ {} }}", line.trim_matches('`')));
    let ran = project.run("startcommand hello");
    assert_eq!((ran.exit, ran.err.as_str()), (Exit(0), ""), "{}", ran.out);
    assert!(!project.run("check").err.contains("W010"));
    let ran = project.run("startcommand migrate");
    let rivalry = "'migrate' of the app 'unnoticed' now runs in place of the built-in command. To get that one back, delete";
    assert!(ran.exit == Exit(0) && ran.err.starts_with(rivalry), "{}", ran.all());
    // Where the program runs without its source, nothing is said.
    std::fs::remove_dir_all(package).expect("it was there");
    assert!(!project.run("check").err.contains("W010"));
}
