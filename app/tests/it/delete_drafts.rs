//! `manage delete_drafts`, and what a person at a terminal sees.

use manage::console::Input;
use manage::testing;
use manage_test_support::{Need, PROMPT, Terminal, TestDatabase, case, needs};

use crate::project::{Project, in_process, posts};

const WHAT: &str = "This permanently deletes 1 draft: draft-of-mine.";

#[case(in_process)]
fn only_with_consent(project: testing::Project) {
    project.run(["import_posts".into(), posts("good")]).expect_success();
    let nobody = project.run(["delete_drafts"]).expect_exit(1);
    assert!(
        nobody.stderr.contains(WHAT)
            && nobody.stderr.contains("Cannot ask for confirmation without a terminal"),
        "{nobody}"
    );
    let project = project.stdin(Input::from("no\n\nyes\n").as_terminal());
    for _ in 0..2 {
        let no = project.run(["delete_drafts"]).expect_exit(1);
        assert!(no.stderr.ends_with("Error: Not confirmed: nothing was done.\n"), "{no}");
    }
    let yes = project.run(["delete_drafts"]).expect_success();
    assert_eq!(yes.stdout, "Deleted 1 draft.\n");
    let none = project.run(["delete_drafts", "--force"]).expect_success();
    assert_eq!(none.stdout, "There are no drafts.\n");
    let shown = project.run(["publish", "crlf"]).expect_success();
    assert!(shown.stdout.contains("already published"), "the others stand: {shown}");
}

#[case(needs(Need::Shell("bash")))]
fn on_a_terminal() {
    let project = Project::new(TestDatabase::sqlite()).migrated();
    let path = std::env::var("PATH").expect("PATH");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_manage"), project.folder().join("m")).expect("a link");
    let rc = project.write("rc", format!("PS1='{PROMPT}'\n"));
    let variables = [("PATH", path.as_str()), ("DATABASE_URL", project.url())];
    let terminal = Terminal::start(project.folder(), &variables, &["bash", "--rcfile", &rc, "-i"]);
    let ends = |code: u8| {
        let end = format!("ended {code}\n{}", PROMPT.trim_end());
        terminal.wait_for(&end, |screen| screen.trim_end().ends_with(&end));
        terminal.screen()
    };
    terminal.type_text(&format!("./m import_posts {}; echo \"ended $?\"", posts("good"))).enter();
    let screen = ends(0);
    assert!(screen.contains("added     crlf") && !screen.contains("/3 ("), "no bar is left: {screen}");
    for (key, code) in [("C-c", 130), ("n", 1), ("Enter", 1), ("y", 0)] {
        terminal.clear().type_text("./m delete_drafts; echo \"ended $?\"").enter();
        terminal.wait_for("the question", |screen| screen.contains("Are you sure?"));
        terminal.press(key);
        if ["n", "y"].contains(&key) {
            terminal.enter();
        }
        let screen = ends(code);
        assert_eq!(screen.contains("Deleted 1 draft."), code == 0, "{screen}");
    }
}
