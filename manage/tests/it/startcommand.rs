//! A new command's file. The whole way, up to running it, is tested with the application.

use manage::Exit;
use manage::scaffold::{ScaffoldError, write_command};
use manage_test_servers::Suite;

use crate::project::Project;

pub(crate) fn add(suite: &mut Suite) {
    suite.test("startcommand::writes_a_file_that_is_a_command", writes_a_file_that_is_a_command);
    suite.test("startcommand::overwrites_nothing", overwrites_nothing);
    suite.test("startcommand::refuses_a_name", refuses_a_name);
    suite.test("startcommand::names_the_apps", names_the_apps);
}

fn writes_a_file_that_is_a_command() {
    let project = Project::new().file("app/src/lib.rs", "");
    let path = write_command(&project.folder().join("app/src/lib.rs"), "import_posts").expect("a file");
    assert_eq!(path, project.folder().join("app/src/management/commands/import_posts.rs"));
    let text = std::fs::read_to_string(path).expect("a text");
    assert!(text.contains("#[command]\npub fn import_posts(\n"), "{text}");
}

fn overwrites_nothing() {
    let project = Project::new().file("src/management/commands/mine.rs", "// mine");
    let error = write_command(&project.folder().join("src/lib.rs"), "mine").expect_err("it is there");
    assert!(matches!(error, ScaffoldError::Exists(_)), "{error}");
    let text =
        std::fs::read_to_string(project.folder().join("src/management/commands/mine.rs")).expect("a text");
    assert_eq!(text, "// mine");
}

fn refuses_a_name() {
    let project = Project::new();
    for name in ["../../evil", "Upper", "with-hyphen", "fn", "_hidden"] {
        let error = write_command(&project.folder().join("src/lib.rs"), name).expect_err(name);
        assert!(matches!(error, ScaffoldError::Name(_)), "{error}");
    }
    assert!(!project.folder().join("src").exists(), "nothing is written");
}

fn names_the_apps() {
    let ran = Project::new().run("startcommand hello --app nope");
    assert_eq!(ran.exit, Exit(1));
    assert_eq!(ran.err, "Error: There is no app 'nope'.\nHint: The apps are: it.\n");
}
