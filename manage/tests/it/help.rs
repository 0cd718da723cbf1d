//! The listing and the help of a command.

use std::path::Path;

use manage::{Exit, Program};
use manage_test_support::case;

use crate::project::Project;

/// Its documentation is for those who write commands.
#[cfg(feature = "terminal")]
#[case]
fn a_struct_of_arguments_does_not_speak_for_the_command() {
    let project = Project::new();
    for line in ["help counts", "counts --help", "counts --force --help"] {
        let ran = project.run(line);
        assert!(ran.out.starts_with("Count\n\nUsage: manage counts "), "{line}: {}", ran.all());
    }
    let json = project.run("help counts --format json").out;
    assert!(json.contains("\"about\": \"Count\"") && json.contains("\"long_about\": null"), "{json}");
}

#[case]
fn the_version_is_the_version() {
    let project = Project::new();
    let version = project.run("version").out;
    for line in ["--version", "greet --version", "cache clear --version"] {
        assert_eq!(project.run(line).out, version, "{line}");
    }
}

#[case]
fn the_listing_is_grouped_by_app() {
    let ran = Project::new().run("help");
    let expected = "\
Usage: manage <COMMAND> [OPTIONS]

Type 'manage help <command>' for help on a specific command.

Available commands:

[it]
    cache             Look after the cache
    chooses           End with an exit code of its own
    fails             Fail in one way or another
    filtered          Take clap's groups and subcommands
    greet             Greet somebody [alias: hi]
    later             Do it asynchronously
    own_options       Take names that the common options have too

[manage]
    check             Check the settings, the commands and, on request, the databases for problems
    completion        Print the completion script for a shell
    help              List commands, or show help for one
    inspectdb         Print the tables of a database as schema.rs
    makemigrations    Write migrations that bring the database to what schema.rs declares
    migrate           Bring a database's schema up to date
";
    let mut expected = expected.to_owned();
    for (is_there, line) in [
        (cfg!(feature = "async"), "    later             Do it asynchronously\n"),
        (cfg!(feature = "schema"), "    inspectdb         Print the tables of a database as schema.rs\n"),
        (
            cfg!(feature = "schema"),
            "    makemigrations    Write migrations that bring the database to what schema.rs declares\n",
        ),
    ] {
        expected = if is_there { expected } else { expected.replace(line, "") };
    }
    assert!(ran.out.starts_with(&expected), "{}", ran.out);
    assert!(!ran.out.contains("secret_work") && !ran.out.contains("_private"), "{}", ran.out);
}

#[case]
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

#[case]
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
#[case]
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

#[case]
fn of_subcommands() {
    let project = Project::new();
    let clear = project.run("help cache clear").out;
    assert!(
        clear.starts_with("Remove what has expired\n\nUsage: manage cache clear [OPTIONS] [REGION]\n"),
        "{clear}"
    );
    assert!(
        clear.contains("--kind <KIND>") && clear.contains("Common options:\n  -v, --verbosity"),
        "{clear}"
    );
    for line in ["cache clear --help", "help cache clean", "--help cache clear"] {
        assert_eq!(project.run(line).out, clear, "{line}");
    }
    let short = project.run("cache clear -h").out;
    assert!(short.contains("Usage: manage cache clear") && short.contains("Common options: -v, "), "{short}");
    let cache = project.run("help cache").out;
    assert!(cache.contains("Usage: manage cache [OPTIONS] <COMMAND>"), "{cache}");
    assert!(cache.contains("clear  Remove what has expired [alias: clean]"), "{cache}");
    assert!(!cache.contains("dump") && !cache.contains("  help "), "{cache}");
    assert_eq!(project.run("cache --help").out, cache);
    assert!(
        project.run("help cache dump").out.contains("Usage: manage cache dump"),
        "hidden ones have a help, too"
    );
    // The common options stand before, between and after the names.
    for line in ["-v 3 cache clear", "cache -v 3 clear", "cache clear -v 3", "-v 1 cache -v 2 clear -v 3"] {
        assert_eq!(project.run(line).out, "clear None Expired 3\n", "{line}");
    }
}

#[case]
fn of_what_there_is_not() {
    let project = Project::new();
    for (line, said) in [
        ("help unknown", "Unknown command: 'unknown'.\nType 'manage help' for usage.\n"),
        ("unknown", "Unknown command: 'unknown'.\nType 'manage help' for usage.\n"),
        ("help migrat", "Unknown command: 'migrat'. Did you mean migrate?\nType 'manage help' for usage.\n"),
        (
            "help cache cleer",
            "Unknown command: 'cache cleer'. Did you mean cache clear?\nType 'manage help cache' for usage.\n",
        ),
        (
            "help migrate extra",
            "Unknown command: 'migrate extra'. 'migrate' has no subcommands.\nType 'manage help migrate' for usage.\n",
        ),
        ("help secret_wrk", "Unknown command: 'secret_wrk'.\nType 'manage help' for usage.\n"),
    ] {
        let ran = project.run(line);
        assert_eq!((ran.exit, ran.out.as_str(), ran.err.as_str()), (Exit(1), "", said), "{line}");
    }
    assert_eq!(
        project.run("cache cleer").exit,
        Exit(2),
        "the arguments of a command that there is do not fit"
    );
}

#[case]
fn of_a_hidden_command() {
    let ran = Project::new().run("help secret_work");
    assert_eq!(ran.exit, Exit(0), "{}", ran.all());
    assert!(ran.out.starts_with("Do what is not in the listing\n"), "{}", ran.out);
}

#[case]
fn names_alone() {
    let project = Project::new();
    let ran = project.run("help --commands");
    let mut names: Vec<&str> = ran.out.lines().collect();
    assert!(
        names.contains(&"migrate") && names.contains(&"cache") && !names.contains(&"secret_work"),
        "{names:?}"
    );
    assert!(names.is_sorted(), "{names:?}");
    names.dedup();
    assert_eq!(names.len(), ran.out.lines().count());
    assert_eq!(project.run("help --commands migrate").exit, Exit(2));
}

/// Files that a person can read; `SNAPSHOTS=overwrite` in the environment of the test rewrites them.
#[case]
fn of_each_built_in_command_as_it_was() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots/help");
    let compare = snapbox::Assert::new().action_env("SNAPSHOTS");
    let program = Program::new(&[]);
    let project = Project::with(program.clone());
    let mut known = vec!["listing".to_owned()];
    // Without `runserver` the listing is another.
    if cfg!(feature = "runserver") {
        let expected = snapbox::Data::read_from(&folder.join("listing.txt"), None);
        compare.eq(snapbox::Data::text(project.run("").out), expected.raw());
    }
    for found in program.registry().all() {
        let name = found.command().name().to_owned();
        let ran = project.run(&format!("{name} --help"));
        assert_eq!((ran.exit, ran.err.as_str()), (Exit(0), ""), "{}", ran.all());
        assert_eq!(project.run(&format!("help {name}")).out, ran.out, "{name}");
        let expected = snapbox::Data::read_from(&folder.join(format!("{name}.txt")), None);
        compare.eq(snapbox::Data::text(ran.out), expected.raw());
        let ran = project.run(&format!("{name} -h"));
        assert_eq!((ran.exit, ran.err.as_str()), (Exit(0), ""), "{}", ran.all());
        let expected = snapbox::Data::read_from(&folder.join("brief").join(format!("{name}.txt")), None);
        compare.eq(snapbox::Data::text(ran.out), expected.raw());
        known.push(name);
    }
    known.push("brief".to_owned());
    const OF_SERVERS: [&str; 3] = ["runserver", "serve", "show_urls"];
    let files = std::fs::read_dir(&folder).expect("the snapshots");
    let files =
        files.map(|file| file.expect("a file").path().file_stem().expect("a name").display().to_string());
    let stale: Vec<String> = files
        .filter(|name| {
            !known.contains(name) && (cfg!(feature = "runserver") || !OF_SERVERS.contains(&name.as_str()))
        })
        .collect();
    assert!(stale.is_empty(), "there are no such commands any more: {stale:?}");
}
