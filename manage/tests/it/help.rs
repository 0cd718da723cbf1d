//! The listing and the help of a command.

use manage::{Exit, Program};
use manage_test_servers::Suite;

use crate::project::Project;

pub(crate) fn add(suite: &mut Suite) {
    suite.test("help::the_listing_is_grouped_by_app", the_listing_is_grouped_by_app);
    suite.test("help::all_ways_to_ask_are_one", all_ways_to_ask_are_one);
    suite.test("help::of_a_command", of_a_command);
    suite.test("help::of_every_command_is_complete", of_every_command_is_complete);
}

fn the_listing_is_grouped_by_app() {
    let ran = Project::new().run("help");
    let expected = "\
Usage: manage <COMMAND> [OPTIONS]

Type 'manage help <command>' for help on a specific command.

Available commands:

[it]
    chooses         End with an exit code of its own
    fails           Fail in one way or another
    filtered        Take clap's groups and subcommands
    greet           Greet somebody
    later           Do it asynchronously
    own_options     Take names that the common options have too

[manage]
    check           Look for problems in the settings, the commands and, when asked, the databases
    help            Show the commands, or the help of one of them
    migrate         Bring a database's schema up to date
";
    let without = if cfg!(feature = "async") { "" } else { "    later           Do it asynchronously\n" };
    assert!(ran.out.starts_with(&expected.replace(without, "")), "{}", ran.out);
    assert!(!ran.out.contains("secret_work") && !ran.out.contains("_private"), "{}", ran.out);
}

fn all_ways_to_ask_are_one() {
    let project = Project::new();
    let listing = project.run("").out;
    for line in ["help", "--help", "-h", "--no-color help"] {
        assert_eq!(project.run(line).out, listing, "{line}");
    }
    let greet = project.run("help greet").out;
    for line in ["greet --help", "--help greet"] {
        assert_eq!(project.run(line).out, greet, "{line}");
    }
}

fn of_a_command() {
    let out = Project::new().run("help greet").out;
    let (own, common) = out.split_once("Common options:").expect("the common options");
    assert!(
        own.starts_with(
            "Greet somebody\n\nAs often as it is asked to.\n\nUsage: manage greet [OPTIONS] <NAME>\n"
        ),
        "{own}"
    );
    for text in ["<NAME>", "Whom to greet", "--times <TIMES>", "[default: 1]", "--loudly"] {
        assert!(own.contains(text), "{text}: {own}");
    }
    for option in [
        "--verbosity",
        "--settings",
        "--traceback",
        "--no-color",
        "--force-color",
        "--skip-checks",
        "--version",
        "--help",
    ] {
        assert!(common.contains(option), "{option}: {common}");
    }
}

/// Every argument of every command has a help text, and clap finds no fault with its parser.
fn of_every_command_is_complete() {
    let program = Program::new(&["it"]);
    let project = Project::new();
    for found in program.registry().all() {
        let name = found.command().name().to_owned();
        let ran = project.run(&format!("help {name}"));
        assert_eq!(ran.exit, Exit(0), "{}", ran.all());
        assert!(!found.command().about().is_empty(), "{name}");
        if found.app == "manage" {
            let parser = found.command().arguments(manage::clap::Command::new(name.clone()));
            for argument in parser.get_arguments() {
                assert!(argument.get_help().is_some(), "{name}: {}", argument.get_id());
            }
        }
    }
}
