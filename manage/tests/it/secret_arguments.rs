//! Arguments that are a [`manage::settings::Secret`]: their values are in no help, no description and no
//! error.

use std::fmt::Write as _;

use manage_test_support::{Program, case};

use crate::project::{AS_PROGRAM, Project};

/// Each text that must not be shown has this in it.
const SECRET: &str = "secret-";

/// The variables of `pays`, and one whose URL has a password.
const VARIABLES: [(&str, &str); 7] = [
    ("IT_TOKEN", "secret-variable-of-token"),
    ("IT_SHARED_KEY", "secret-variable"),
    ("IT_MAYBE_KEY", "secret-variable"),
    ("IT_KEYS", "secret-variable,secret-other"),
    ("IT_PIN", "1234"),
    ("IT_BASE", "https://bob:secret-password@example.org"),
    ("IT_PLACE", "here"),
];

/// What the program itself prints: the variables are the process's.
fn run(words: &[&str]) -> String {
    let program = Program::new(std::env::current_exe().expect("this program")).env(AS_PROGRAM, "1");
    let program = VARIABLES.iter().fold(program, |program, (name, value)| program.env(name, value));
    let ended = program.args(words).spawn().wait(crate::backends::LONG);
    format!("{}{}", ended.stdout, ended.stderr)
}

#[case]
fn no_help_has_a_value() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("UTF-8");
    let lines: [&[&str]; 9] = [
        &["pays", "--help"],
        &["pays", "-h"],
        &["pays", "card", "--help"],
        &["help", "pays"],
        &["help", "pays", "card"],
        &["help", "pays", "--format", "json"],
        &["help", "pays", "--format", "markdown"],
        &["help", "--format", "json"],
        &["help", "pays", "--output", path],
    ];
    let mut all = String::new();
    for words in lines {
        let shown = run(words);
        assert!(!shown.contains("rror:"), "{words:?}\n{shown}");
        let _ = writeln!(all, "$ {words:?}\n{shown}");
    }
    for file in std::fs::read_dir(folder.path()).expect("files") {
        let path = file.expect("a file").path();
        let _ = writeln!(all, "$ {}\n{}", path.display(), std::fs::read_to_string(&path).expect("a text"));
    }
    for cursor in
        ["pays --token ", "pays --token=", "pays --few ", "pays --shared ", "pays card --pin ", "pays "]
    {
        let words: Vec<&str> = cursor.split(' ').collect();
        let asked: Vec<&str> = ["__complete", "fish"].into_iter().chain(["manage"]).chain(words).collect();
        let _ = writeln!(all, "$ {asked:?}\n{}", run(&asked));
    }
    assert!(!all.contains(SECRET), "{all}");
    // What is no secret is still there, and the names of the variables are.
    for shown in [
        "[env: IT_TOKEN]",
        "[env: IT_SHARED_KEY]",
        "[env: IT_BASE]",
        "http://localhost:8000",
        "[env: IT_PLACE=here]",
    ] {
        assert!(all.contains(shown), "{shown}\n{all}");
    }
}

#[case]
fn no_error_has_a_value() {
    for (line, reported) in [
        (
            "pays --token secret-x",
            "error: invalid value for '--token <TOKEN>': \"…\" is too short, … has 8 letters\n",
        ),
        ("pays -tsecret-x", "error: invalid value for '--token <TOKEN>': "),
        ("pays --few secret-x", "error: invalid value for '--few <FEW>'\n"),
        ("pays --few", "error: a value is required for '--few <FEW>' but none was supplied\n"),
        ("pays --shared correct secret-horse", "error: unrecognized subcommand '(not shown)'\n"),
        ("pays --shared=correct card x secret-horse", "error: unexpected argument '(not shown)' found\n"),
        ("pays card x secret-horse", "error: unexpected argument '(not shown)' found\n"),
        (
            "pays --token secret-secret --tokne secret-x",
            "error: unexpected argument '--tokne' found\n\n  tip: a similar argument exists: '--token'\n",
        ),
        (
            "pays --maybe=secret-a --maybe=secret-b --base",
            "error: a value is required for '--base <BASE>' but none was supplied\n",
        ),
    ] {
        let ran = Project::new().run(line);
        assert_eq!(ran.exit.0, 2, "{line}: {}", ran.all());
        assert!(ran.err.starts_with(reported), "{line}: {}", ran.err);
        assert!(ran.err.contains("\nUsage: "), "{line}: {}", ran.err);
        assert!(!ran.all().contains(SECRET), "{line}: {}", ran.err);
    }
    // A typo in a subcommand is still reported if no secret was given.
    let ran = Project::new().run("pays crad");
    assert!(
        ran.err.starts_with(
            "error: unrecognized subcommand 'crad'\n\n  tip: a similar subcommand exists: 'card'\n"
        ),
        "{}",
        ran.err
    );
}

#[case]
fn they_are_read() {
    let ran = Project::new()
        .run("pays --shared 123 --several 1 --maybe --few secret-possible-1 card --pin 22 4444");
    assert_eq!(
        ran.all(),
        "27 Some(Secret(…)) Some(None) None Some((2, Some(Secret(…)))) 21 false 4\n--- stderr\n--- exit 0"
    );
    assert_eq!(
        run(&["pays"]).trim_end(),
        "71 None Some(Some(Secret(…))) Some([Secret(…), Secret(…)]) None 39 true 4"
    );
}

/// A command asks for its token, and the first answer is too short.
#[cfg(feature = "terminal")]
#[case]
fn a_wrong_answer_is_not_repeated() {
    use std::sync::Arc;

    use manage::clap::ArgMatches;
    use manage::command::{Command, Properties};
    use manage::console::Input;
    use manage::settings::Secret;
    use manage::{Context, Exit, Result};

    struct Asks;

    fn read(text: &str) -> Result<Secret, String> {
        if text.len() < 12 { Err(format!("{text} is too short")) } else { Ok(text.into()) }
    }

    impl Command for Asks {
        fn name(&self) -> &str {
            "asks_for_token"
        }

        fn arguments(&self, parser: manage::clap::Command) -> manage::clap::Command {
            parser.arg(manage::clap::Arg::new("token").required(true).value_parser(read))
        }

        fn run(&self, cx: &mut Context, matches: &ArgMatches) -> Result<Exit> {
            let token: &Secret = matches.get_one("token").expect("a token");
            cx.line(token.expose().len())?;
            Ok(Exit::SUCCESS)
        }

        fn properties(&self) -> Properties {
            let mut properties = Properties::new();
            properties.prompts_for_missing = true;
            properties
        }
    }

    let program = manage::Program::new(&["it"]).with_command("it", Arc::new(Asks));
    let project = manage::testing::Project::new(program);
    let ended = project.stdin(Input::from("secret-x\nsecret-secret\n").as_terminal()).run(["asks_for_token"]);
    assert_eq!(ended.stdout, "13\n", "{ended}");
    assert!(ended.stderr.contains("invalid value for '<token>': … is too short"), "{ended}");
    assert!(!ended.to_string().contains(SECRET), "{ended}");
}
