//! What `-h` shows of the options that all commands have, and commands that leave some of them out.

use std::sync::Arc;

use manage::clap::{Arg, ArgAction, ArgMatches};
use manage::command::{Command, CommonOption, Properties, UsageError};
use manage::{Context, Exit, Program, Result};
use manage_test_support::case;

use crate::project::Project;

#[case]
fn the_letter_asks_for_a_brief_help() {
    let project = Project::new();
    let brief = project.run("greet -h").out;
    assert!(
        brief.contains("Usage: manage greet [OPTIONS] <NAME>") && brief.contains("--times <TIMES>"),
        "{brief}"
    );
    assert!(!brief.contains("--settings <FILE>") && !brief.contains("--help\n"), "{brief}");
    let end = "\n\nAliases: hi\n\nCommon options: -v, --settings, --traceback, --no-color, … (see --help)\n";
    assert!(brief.ends_with(end), "{brief}");
    // The first one counts, wherever it is.
    for line in ["greet you -h", "greet -h --help", "hi -h"] {
        let ran = project.run(line);
        assert_eq!((ran.exit, ran.out.as_str()), (Exit(0), brief.as_str()), "{line}");
    }
    assert_eq!(project.run("greet --times x -h").exit, Exit(2), "a mistake before it counts");
    let full = project.run("greet --help").out;
    assert!(full.contains("Common options:\n  -v, --verbosity") && full.contains("-h, --help"), "{full}");
    for line in ["greet --help -h", "help greet"] {
        assert_eq!(project.run(line).out, full, "{line}");
    }
    let brief = project.run("own_options -vh").out;
    assert!(
        brief.ends_with(
            "Common options: --verbosity, --traceback, --no-color, --force-color, … (see --help)\n"
        ),
        "{brief}"
    );
    // An argument may be the same word.
    assert_eq!(project.run("greet -- -h").out, "Hello, -h!\n");
}

#[case]
fn subcommands_have_a_brief_help_too() {
    let project = Project::new();
    let brief = project.run("cache clear -h").out;
    assert!(brief.contains("Usage: manage cache clear [OPTIONS] [REGION]"), "{brief}");
    assert!(brief.contains("--kind <KIND>") && !brief.contains("--settings <FILE>"), "{brief}");
    assert!(
        brief.ends_with("\n\nCommon options: -v, --settings, --traceback, --no-color, … (see --help)\n"),
        "{brief}"
    );
    assert!(project.run("cache -h clear").out.contains("Usage: manage cache [OPTIONS] <COMMAND>"));
}

#[case]
fn an_option_that_is_left_out_is_unknown() {
    let project = Project::new();
    assert_eq!(project.run("leaves_out -h host").out, "host below=false verbosity=1\n");
    assert_eq!(project.run("leaves_out below").out, "- below=true verbosity=1\n");
    for line in [
        "leaves_out -v 2",
        "leaves_out --verbosity 2",
        "leaves_out below -v 2",
        "leaves_out --isolated",
        "leaves_out below --no-color",
    ] {
        let ran = project.run(line);
        assert_eq!(ran.exit, Exit(2), "{}", ran.all());
        assert!(ran.err.contains("unexpected argument"), "{}", ran.all());
    }
    for (line, option) in [
        ("-v 2 leaves_out", "verbosity"),
        ("--isolated leaves_out below", "isolated"),
        ("--no-color leaves_out", "no-color"),
    ] {
        let ran = project.run(line);
        assert_eq!((ran.exit, ran.out.as_str()), (Exit(2), ""), "{}", ran.all());
        let said = format!(
            "error: the command 'leaves_out' has no option '--{option}'\n\nUsage: manage leaves_out "
        );
        assert!(ran.err.starts_with(&said), "{}", ran.all());
    }
    // The others are as they were; one conflicts with one that is left out.
    for line in
        ["--traceback leaves_out", "leaves_out --isolated-key x --help", "leaves_out below --force-color"]
    {
        assert_eq!(project.run(line).exit, Exit(0), "{line}");
    }
    let help = project.run("help leaves_out").out;
    assert!(help.contains("-h, --host <HOST>") && help.contains("\n      --help "), "{help}");
    for option in ["--verbosity", "--isolated ", "--no-color"] {
        assert!(!help.contains(option), "{option}: {help}");
    }
    // Without the letter there is no brief help.
    assert_eq!(project.run("leaves_out -h").exit, Exit(2));
}

#[case]
fn a_call_from_code_does_not_know_it_either() {
    let project = manage::testing::Project::new(Program::new(&["it"]));
    let called = project.call(|cx| {
        let error = cx.call("leaves_out").arg("-v2").run().expect_err("it is unknown");
        assert!(error.downcast_ref::<UsageError>().is_some(), "{error}");
        cx.call("leaves_out").arg("below").run()?.ok()
    });
    assert_eq!(called.transcript.stdout, "- below=true verbosity=1\n");
    called.expect_success();
}

#[case]
fn descriptions_and_completion_leave_it_out() {
    let project = Project::new();
    let json: serde_json::Value =
        serde_json::from_str(&project.run("help --format json leaves_out").out).expect("JSON");
    let entry = &json["commands"][0];
    assert_eq!(entry["without"], serde_json::json!(["verbosity", "isolated", "no-color", "-h"]));
    assert_eq!(json["common_options"][0]["long"], "verbosity");
    let json = project.run("help --format json greet").out;
    assert!(json.contains("\"without\": []"), "{json}");
    let markdown = project.run("help --format markdown leaves_out").out;
    let line = "\nWithout the common options `--verbosity`, `--isolated`, `--no-color`, `-h`.\n";
    assert!(markdown.contains(line), "{markdown}");
    // What the letter hides is in the descriptions all the same.
    let markdown = project.run("help --format markdown greet").out;
    assert!(markdown.contains("`-v, --verbosity LEVEL`") && !markdown.contains("Without the"), "{markdown}");
    let offered = |command: &str| {
        let ran = project.run_words(&["__complete", "zsh", "manage", command, "--"]);
        ran.out.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let (all, left) = (offered("greet"), offered("leaves_out"));
    for (option, stays) in [
        ("--verbosity", false),
        ("--isolated", false),
        ("--no-color", false),
        ("--settings", true),
        ("--isolated-key", true),
        ("--help", true),
    ] {
        let is_in = |all: &[String]| all.iter().any(|one| one == option);
        assert!(is_in(&all) && is_in(&left) == stays, "{option}: {left:?}");
    }
}

/// A command whose options are these, and which leaves out those.
struct Made(&'static [&'static str], &'static [CommonOption]);

impl Command for Made {
    fn name(&self) -> &str {
        "made"
    }

    fn arguments(&self, parser: manage::clap::Command) -> manage::clap::Command {
        self.0.iter().fold(parser, |parser, name| {
            let option = Arg::new(*name).action(ArgAction::SetTrue);
            parser.arg(match name.strip_prefix("--") {
                Some(long) => option.long(long.to_owned()),
                None => option.short(name.chars().last()),
            })
        })
    }

    fn run(&self, _: &mut Context, _: &ArgMatches) -> Result<Exit> {
        Ok(Exit::SUCCESS)
    }

    fn properties(&self) -> Properties {
        let mut properties = Properties::new();
        properties.without = self.1;
        properties
    }
}

#[case]
fn an_option_that_hides_one_is_found() {
    let check = |options, without| {
        let program = Program::new(&["it"]).with_command("it", Arc::new(Made(options, without)));
        assert_eq!(Project::with(program.clone()).run("made").exit, Exit(0), "clap finds no fault");
        Project::with(program).run("check it").err
    };
    for (options, hint) in [
        (
            &["-v"][..],
            "The option '-v' of the command 'made' hides that of --verbosity.\n\tHINT: Give it another name. If it is meant to, write `without = [\"-v\"]` into",
        ),
        (
            &["--settings"],
            "The option '--settings' of the command 'made' hides the common option of this name.\n\tHINT: Give it another name. If it is meant to, write `without = [\"settings\"]` into",
        ),
        (&["--no-input"], "The option '--no-input' of the command 'made' hides that of --noinput."),
        (&["--force-color"], "The option '--force-color' of"),
        (&["-h"], "write `without = [\"-h\"]`"),
        (&["--help"], "hides the common option of this name.\n\tHINT: Give it another name.\n"),
    ] {
        let said = check(options, &[]);
        assert!(said.contains("manage.W015") && said.contains(hint), "{options:?}: {said}");
    }
    for (options, without) in [
        (&["-v"][..], &[CommonOption::VerbosityLetter][..]),
        (&["-v", "--verbosity"], &[CommonOption::Verbosity]),
        (&["-h"], &[CommonOption::HelpLetter]),
        (&["--settings", "--no-color"], &[CommonOption::Settings, CommonOption::NoColor]),
        (&["-x", "--loud"], &[]),
    ] {
        assert_eq!(check(options, without), "", "{options:?}");
    }
}

/// Each name that the attribute knows is that of an option of the help.
#[case]
fn every_name_is_an_options() {
    let help = Project::new().run("help greet").out;
    let all = [
        CommonOption::Verbosity,
        CommonOption::Settings,
        CommonOption::Traceback,
        CommonOption::NoColor,
        CommonOption::ForceColor,
        CommonOption::SkipChecks,
        CommonOption::Profile,
        CommonOption::Isolated,
        CommonOption::IsolatedKey,
        CommonOption::IsolatedWait,
        CommonOption::Noinput,
        CommonOption::Version,
    ];
    for option in all {
        assert!(help.contains(&format!("--{}", option.name())), "{option:?}");
    }
    let (_, common) = help.split_once("Common options:\n").expect("the common options");
    let listed = common.lines().filter(|line| line.trim_start().starts_with('-')).count();
    assert_eq!(listed, all.len() + 1, "all of them but --help can be left out: {common}");
}
