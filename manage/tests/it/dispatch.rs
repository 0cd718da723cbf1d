//! Which command runs.

use std::sync::Arc;

use manage::__private::Registration;
use manage::clap::ArgMatches;
use manage::command::Command;
use manage::prelude::*;
use manage::{Exit, Program};
use manage_test_support::{case, only_if};

use crate::project::Project;

#[case]
fn arguments_are_typed() {
    let project = Project::new();
    assert_eq!(project.run("greet you -n 2 --loudly").out, "Hello, YOU!\nHello, YOU!\n");
    let wrong = project.run("greet you --times many");
    assert_eq!(wrong.exit, Exit(2));
    assert!(wrong.err.contains("invalid value 'many' for '--times <TIMES>'"), "{}", wrong.err);
    let missing = project.run("greet");
    assert_eq!(missing.exit, Exit(2));
    assert!(missing.err.contains("<NAME>") && missing.err.contains("Usage: manage greet"), "{}", missing.err);
}

#[case(only_if(cfg!(feature = "async")))]
fn an_async_command_runs() {
    assert_eq!(Project::new().run("later 21").out, "42\n");
}

#[case]
fn a_command_is_a_function() {
    assert_eq!(Project::new().run("twice you").out, "Hello, you!\nHello, YOU!\n");
}

#[case]
fn groups_and_subcommands() {
    let project = Project::new();
    assert_eq!(project.run("filtered --after 2020 remove 3").out, "after Some(2020): remove 3\n");
    assert_eq!(project.run("filtered list").out, "after None: list\n");
    assert_eq!(project.run("filtered").exit, Exit(2));
}

#[case]
fn an_alias_and_a_hidden_command_run() {
    let project = Project::new();
    assert_eq!(project.run("hi you").out, "Hello, you!\n");
    assert_eq!(project.run("secret_work").out, "done\n");
}

#[case]
fn a_private_file_is_no_command() {
    let ran = Project::new().run("_private");
    assert_eq!(ran.exit, Exit(1), "{}", ran.all());
    assert!(ran.err.starts_with("Unknown command: '_private'."), "{}", ran.err);
}

#[case]
fn common_options_stand_before_or_after() {
    let project = Project::new();
    for line in
        ["-v 3 own_options", "-v3 own_options", "--verbosity=3 own_options", "own_options --verbosity 3"]
    {
        assert!(project.run(line).out.contains("verbosity=3"), "{line}");
    }
    assert!(project.run("-v 3 own_options --verbosity 0").out.contains("verbosity=0"));
    assert_eq!(project.run("-v 4 own_options").exit, Exit(2));
    assert_eq!(project.run("--no-color --force-color own_options").exit, Exit(2));
}

#[case]
fn a_commands_own_options_win() {
    let ran = Project::new().run("own_options -v --settings hot");
    assert_eq!(ran.out, "verbose=true settings=Some(\"hot\") verbosity=1\n");
}

#[case]
fn exit_codes() {
    let project = Project::new();
    for (line, code) in [
        ("chooses 0", 0),
        ("chooses 42", 42),
        ("fails plain", 1),
        ("fails command", 3),
        ("chooses", 2),
        ("nothing_such", 1),
        ("--nothing-such", 2),
        ("", 0),
        ("help", 0),
        ("--help", 0),
        ("greet --help", 0),
        ("version", 0),
        ("--version", 0),
        ("greet --version", 0),
    ] {
        let ran = project.run(line);
        assert_eq!(ran.exit, Exit(code), "{line}\n{}", ran.all());
    }
}

/// A command that only says who it is.
struct Says(&'static str, &'static str);

impl Command for Says {
    fn name(&self) -> &str {
        self.0
    }

    fn run(&self, cx: &mut Context, _: &ArgMatches) -> Result<Exit> {
        cx.line(self.1)?;
        Ok(Exit::SUCCESS)
    }
}

#[case]
fn earlier_apps_win() {
    let says = |whose| Arc::new(Says("speak", whose)) as Arc<dyn Command>;
    let apps = |apps: &[&'static str]| {
        let program =
            Program::new(apps).with_command("first", says("first")).with_command("second", says("second"));
        Project::with(program).run("speak").out
    };
    assert_eq!(apps(&["first", "second"]), "first\n");
    assert_eq!(apps(&["second", "first"]), "second\n");
}

#[case]
fn apps_win_over_built_ins() {
    let program = Program::new(&["it"]).with_command("it", Arc::new(Says("migrate", "mine")));
    assert_eq!(Project::with(program).run("migrate").out, "mine\n");
}

#[case]
fn a_program_has_a_name() {
    assert_eq!(Program::new(&["it"]).name(), "manage");
    let program = Program::new(&["it"]).with_name("shop-admin");
    assert!(
        program.call("gret").run().expect_err("no command").to_string().contains("Type 'shop-admin help'")
    );
    let project = Project::with(program);
    for (line, text) in [
        ("", "Usage: shop-admin <COMMAND> [OPTIONS]"),
        ("help greet", "Usage: shop-admin greet [OPTIONS] <NAME>"),
        ("greet", "Usage: shop-admin greet"),
        ("gret", "Type 'shop-admin help' for usage."),
        ("flush", "`shop-admin migrate zero`"),
        ("-v 9 greet", "Usage: shop-admin <COMMAND>"),
    ] {
        let ran = project.run(line);
        assert!(ran.all().contains(text), "{line}: {}", ran.all());
        assert!(
            !ran.all().contains("manage greet") && !ran.all().contains("Usage: manage"),
            "{line}: {}",
            ran.all()
        );
    }
}

#[case]
fn help_and_version_stay() {
    let program = Program::new(&["it"])
        .with_command("it", Arc::new(Says("help", "mine")))
        .with_command("it", Arc::new(Says("version", "mine")));
    let project = Project::with(program);
    assert!(project.run("help").out.starts_with("Usage: manage"));
    assert_eq!(project.run("version").out, format!("{}\n", manage::VERSION));
}

// Two files of one name in an app: what the attribute writes, with the places of two modules.
static TWIN: Says = Says("twin", "twin");
manage::__private::inventory::submit! { Registration::new(&TWIN, "twins::one::twin", "twins/src/one/twin.rs", 3) }
manage::__private::inventory::submit! { Registration::new(&TWIN, "twins::two::twin", "twins/src/two/twin.rs", 5) }

#[case]
fn two_of_one_name_in_an_app_are_an_error() {
    let project = Project::with(Program::new(&["twins", "it"]));
    for line in ["twin", "check"] {
        let ran = project.run(line);
        assert_eq!(ran.exit, Exit(1), "{}", ran.all());
        let clash = "The name 'twin' is ambiguous in the app 'twins': the command 'twin' (twins/src/one/twin.rs:3) and \
                     the command 'twin' (twins/src/two/twin.rs:5).";
        assert!(ran.err.contains(clash), "{}", ran.err);
    }
    assert_eq!(project.run("greet you").exit, Exit(0), "the other commands work");
}

#[case]
fn an_unlisted_app_has_no_commands() {
    let project = Project::new();
    assert_eq!(project.run("twin").exit, Exit(1));
    let check = project.run("check");
    assert!(check.err.contains("The crate 'twins' has commands"), "{}", check.err);
    assert_eq!(check.exit, Exit(0), "it is a warning");
}
