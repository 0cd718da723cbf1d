//! The command, as a user runs it.

use manage::testing::Project;

#[test]
fn somebody_is_greeted() {
    let ran = Project::new(manage::program!(own_command)).run(["greet", "Ada", "-n", "2"]);
    assert_eq!(ran.stdout, "Hello, Ada!\nHello, Ada!\n");
}

#[test]
fn nobody_is_refused() {
    let ran = Project::new(manage::program!(own_command)).run(["greet", ""]);
    assert_eq!(ran.stderr, "Error: Whom shall I greet?\nHint: Write a name: greet Ada\n");
    ran.expect_exit(1);
}
