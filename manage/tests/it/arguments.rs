//! The types that an argument can have, and how they are read.

use manage_test_support::case;

use crate::project::Project;

#[case]
fn every_way_to_read_one() {
    let ran = Project::new().run(
        "takes 3,4 v w x --tone very-cold --raw r --path a --path b --secret hunter2 --address 127.0.0.1 --small 2 \
         --port 80 --letter y --maybe --loud -l --one-of b --flag --takes it",
    );
    assert_eq!(
        ran.out,
        "3,4 Some(\"v\") [\"w\", \"x\"] Some(VeryCold) Some(\"r\") [\"a\", \"b\"] Some(Secret(…))\n\
         127.0.0.1 Some(2) Some(80) y Some(None) 2 Some(\"b\") true Some(\"it\")\n"
    );
    let ran = Project::new().run("takes 3,4");
    assert_eq!(ran.out, "3,4 None [] None None [] None\n::1 None None x None 0 None false None\n");
}

#[case]
fn what_cannot_be_parsed_is_reported_as_clap_does() {
    for (words, reported) in [
        ("takes 34", "error: invalid value '34' for '<POINT>': it is two numbers, such as 3,4\n"),
        ("takes 3,4 --small 4", "error: invalid value '4' for '--small <SMALL>': 4 is not in 1..=3\n"),
        (
            "takes 3,4 --tone warm",
            "error: invalid value 'warm' for '--tone <TONE>'\n  [possible values: kind, very-cold]\n",
        ),
        (
            "takes 3,4 --address here",
            "error: invalid value 'here' for '--address <ADDRESS>': invalid IP address syntax\n",
        ),
        (
            "takes 3,4 --letter xy",
            "error: invalid value 'xy' for '--letter <LETTER>': too many characters in string\n",
        ),
    ] {
        let ran = Project::new().run(words);
        assert_eq!(ran.exit.0, 2, "{words}");
        assert!(ran.err.starts_with(reported), "{words}: {}", ran.err);
    }
}

#[case]
fn numbers_may_be_negative() {
    for (words, sum) in [
        ("sums -5", "-5 None -1.5 None \n"),
        ("sums 1 -5 --by -3 --ratio -2.5", "-4 Some(-3) -2.5 None \n"),
        ("sums --pair -1 -2 -3", "-3 None -1.5 Some([-1, -2]) \n"),
        ("sums -- -5", "-5 None -1.5 None \n"),
    ] {
        assert_eq!(Project::new().run(words).out, sum, "{words}");
    }
    let reported = "error: invalid value '-3' for '<ID>'";
    assert!(Project::new().run("filtered remove -3").err.starts_with(reported), "in a subcommand too");
    // Where an option is a digit, that is meant.
    assert!(Project::new().run("runserver -6 --help").out.contains("--ipv6"));
}

#[case]
fn of_repeated_options_the_last_counts() {
    let said = |words: &str| Project::new().run(words).out;
    assert_eq!(said("greet you -n 3 --times 2 --loudly --loudly"), "Hello, YOU!\nHello, YOU!\n");
    assert_eq!(said("greet you --force-color --force-color -v 1 -v 2"), "\u{1b}[1;32mHello, you!\u{1b}[0m\n");
    assert_eq!(said("filtered --after 2000 --after 2001 list"), "after Some(2001): list\n");
    assert_eq!(said("takes 3,4 --path a --path b -ll -l").matches("[\"a\", \"b\"]").count(), 1);
    let both = Project::new().run("greet you --no-color --force-color");
    assert!(both.err.contains("cannot be used with"), "{}", both.all());
    assert!(Project::new().run("greet you they").err.contains("unexpected argument 'they'"));
}

#[case]
fn suggestions_are_close() {
    let project = Project::new();
    // Django's options, and others that no command has.
    for line in [
        "migrate --timeout 3",
        "migrate -f",
        "migrate --no-color-at-all",
        "showmigrations --check",
        "showmigrations -c",
        "runserver --nothreading",
        "runserver --insecure",
        "wait_for_db --retries 3",
        "wait_for_db --force",
        "wait_for_db --interval 1",
        "check --all",
        "help --all",
        "greet you --force",
        "greet you --list",
        "filtered --bogus list",
        "filtered list --since 3",
        "--pythonpath . migrate",
        "--list",
    ] {
        let ran = project.run(line);
        assert_eq!(ran.exit.0, 2, "{line}: {}", ran.all());
        assert!(ran.err.starts_with("error: unexpected argument '-"), "{line}: {}", ran.err);
        assert!(!ran.err.contains("tip:") && ran.err.contains("\n\nUsage: manage "), "{line}: {}", ran.err);
        assert!(!ran.err.contains("--isolated"), "{line}: {}", ran.err);
    }
    for (line, tip) in [
        ("check --tags x", "a similar argument exists: '--tag'"),
        ("migrate --list", "a similar argument exists: '--lint'"),
        ("migrate --databse other", "a similar argument exists: '--database'"),
        ("greet you --loudy", "a similar argument exists: '--loudly'"),
        ("greet you --no_color", "a similar argument exists: '--no-color'"),
        ("greet you --verbose", "a similar argument exists: '--verbosity'"),
        ("--verbose greet you", "a similar argument exists: '--verbosity'"),
        ("filtered --aftr 3 list", "a similar argument exists: '--after'"),
        ("filtered list --after 3", ""),
        ("filtered remve 3", "a similar subcommand exists: 'remove'"),
        ("check --format jsno", "a similar value exists: 'json'"),
        ("check --format xml", ""),
    ] {
        let ran = project.run(line);
        assert_eq!(ran.exit.0, 2, "{line}: {}", ran.all());
        let shown = ran.err.lines().find_map(|line| line.trim().strip_prefix("tip: ")).unwrap_or_default();
        assert_eq!(shown, tip, "{line}: {}", ran.err);
    }
}

#[case]
fn every_mistake_has_a_usage_line() {
    for (line, usage) in [
        ("greet you --times many", "Usage: manage greet [OPTIONS] <NAME>"),
        ("filtered remove abc", "Usage: manage filtered remove [OPTIONS] <ID>"),
        ("filtered remove 3 -v 9", "Usage: manage filtered remove [OPTIONS] <ID>"),
        ("filtered --after x remove 3", "Usage: manage filtered [OPTIONS] <COMMAND>"),
        ("filtered remove 3 4", "Usage: manage filtered remove [OPTIONS] <ID>"),
        ("filtered remove", "Usage: manage filtered remove [OPTIONS] <ID>"),
        ("check --format xml", "Usage: manage check [OPTIONS] [APP_LABEL]..."),
        ("-v 9 greet you", "Usage: manage <COMMAND> [OPTIONS]"),
    ] {
        let ran = Project::new().run(line);
        assert_eq!(ran.exit.0, 2, "{line}: {}", ran.all());
        let shown = ran.err.lines().find(|line| line.starts_with("Usage: ")).unwrap_or_default();
        assert_eq!(shown, usage, "{line}: {}", ran.err);
    }
}

#[case]
fn a_name_may_be_a_word_of_rusts() {
    assert_eq!(Project::new().run("sums 1 --type it").out, "1 None -1.5 None it\n");
}

/// Most commands are declared without clap's derive. Nobody must notice.
#[case]
fn plain_arguments_are_as_those_of_claps_derive() {
    let lines = [
        "--help",
        "-h",
        "",
        "word",
        "word --required r",
        "word 3 a b --required r --until -4 -x one -x two --ratio 2 --when now --loud -l",
        "word 3 a b --required r -u7 -l",
        "word 300 --required r",
        "word 3 --required rr",
        "word --required r --until many",
        "word --required r --ratio much --when",
        "word --required r --required s --ratio 1 --ratio 2",
        "word --required r --loud=yes",
        "word --required r --laud",
        "word --required r -x",
        "word --required=r --until=5 -xa",
    ];
    for line in lines {
        let [plain, derived] = ["plain", "derived"].map(|name| Project::new().run(&format!("{name} {line}")));
        let shown = |text: &str| text.replace("manage derived", "manage plain");
        assert_eq!(plain.out, shown(&derived.out), "{line}");
        assert_eq!(plain.err, shown(&derived.err), "{line}");
        assert_eq!(plain.exit, derived.exit, "{line}");
    }
    let help = |name: &str| Project::new().run(&format!("help {name} --format json")).out;
    assert_eq!(
        help("plain"),
        help("derived").replace("\"derived\"", "\"plain\"").replace("manage derived", "manage plain")
    );
}
