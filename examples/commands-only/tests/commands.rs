//! The commands, with a database of the test's own.

use manage::testing::Project;

#[test]
fn notes_are_kept() {
    let project = Project::new(manage::program!(commands_only)).with_database();
    for text in ["Buy milk", "Don't forget"] {
        assert_eq!(project.run(["note", "add", text]).stdout, "Added.\n");
    }
    assert_eq!(project.run(["note", "list"]).stdout, "1. Buy milk\n2. Don't forget\n");
}

#[test]
fn a_database_without_tables_names_the_remedy() {
    let project = Project::new(manage::program!(commands_only)).env("DATABASE_URL", "sqlite:empty.db");
    let ran = project.run(["note", "list"]);
    assert!(ran.stderr.contains("manage migrate"), "{ran}");
}
