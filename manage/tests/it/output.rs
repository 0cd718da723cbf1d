//! Colours.

use manage_test_support::case;

use crate::project::Project;

#[case]
fn no_colors_into_a_pipe() {
    assert_eq!(Project::new().run("greet you").out, "Hello, you!\n");
}

#[case]
fn colors_by_force() {
    let project = Project::new();
    assert_eq!(project.run("greet you --force-color").out, "\x1b[1;32mHello, you!\x1b[0m\n");
    assert_eq!(project.run("--force-color greet you").out, "\x1b[1;32mHello, you!\x1b[0m\n");
}

#[case]
fn errors_have_colors_too() {
    let ran = Project::new().run("--force-color fails plain");
    assert_eq!(ran.err, "\x1b[1;31mError:\x1b[0m It broke.\n");
}

#[case]
fn words_that_cannot_be_read_have_colors_by_their_options() {
    let red = |line: &str| Project::new().env("FORCE_COLOR", "1").run(line).err.contains('\x1b');
    assert!(red("greet --oops"));
    assert!(!red("greet --oops --no-color") && !red("--no-color greet --oops"));
    assert!(red("greet --oops -- --no-color"), "that is a value");
    assert!(Project::new().run("greet --oops --force-color").err.contains('\x1b'));
}

#[case]
fn a_variable_says_how_wide() {
    let widest = |columns: &str| {
        let ran = Project::new().env("COLUMNS", columns).run("check --help");
        ran.out.lines().map(|line| line.chars().count()).max().expect("lines")
    };
    assert!(widest("60") <= 60);
    for none in ["", "0", "-3", "x"] {
        assert!((90..=100).contains(&widest(none)), "{none}");
    }
}

#[case]
fn variables_decide() {
    let colored =
        |name, value| Project::new().env(name, value).run("greet you --force-color").out.contains('\x1b');
    assert!(colored("NO_COLOR", "1"), "the flag is stronger");
    assert!(!colored("MANAGE_COLORS", "nocolor"));
    let project = Project::new().env("MANAGE_COLORS", "success=blue,underscore");
    assert_eq!(project.run("--force-color greet you").out, "\x1b[4;34mHello, you!\x1b[0m\n");
    assert!(Project::new().env("FORCE_COLOR", "1").run("greet you").out.contains('\x1b'));
}
