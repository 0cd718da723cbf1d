//! Questions to an input that stands for a person, and what is done where there is nobody to ask.

mod terminal;

use std::sync::Arc;

use manage::clap::ArgMatches;
use manage::command::Command;
use manage::console::{Input, Table};
use manage::prelude::*;
use manage::settings::Secret;
use manage::testing::{Called, Project};
use manage::{Confirmation, Exit, Program};
use manage_test_support::case;

fn project() -> Project {
    Project::new(Program::new(&["it"]))
}

/// Somebody who answers so.
fn person(answers: &str) -> Project {
    project().stdin(Input::from(answers).as_terminal())
}

fn asked<T: 'static>(answers: &str, ask: impl FnOnce(&mut Context) -> Result<T>) -> Called<T> {
    person(answers).call(ask)
}

#[case]
fn texts_and_values() {
    let called = asked("\nhello\n", |cx| cx.prompt("Name?").text());
    assert_eq!(called.transcript.stderr, "Name?\nWrite something.\nName?\n");
    assert_eq!(called.expect_success(), "hello");
    let called = asked("\n", |cx| cx.prompt("Name?").default("moon").text());
    assert_eq!(called.transcript.stderr, "Name? [moon]\n");
    assert_eq!(called.expect_success(), "moon");
    let called = asked("many\n300\n7\n", |cx| cx.prompt("How many?").parse::<u8>());
    let stderr = &called.transcript.stderr;
    assert!(
        stderr.contains("“many”: invalid digit") && stderr.contains("“300”: number too large"),
        "{stderr}"
    );
    assert_eq!(stderr.matches("How many?").count(), 3);
    assert_eq!(called.expect_success(), 7);
    let called = asked("many\n", |cx| cx.prompt("How many?").parse::<u8>());
    assert!(
        called.transcript.stderr.ends_with("Error: The input ended before “How many?” was answered.\n"),
        "{}",
        called.transcript
    );
    assert_eq!(called.transcript.exit, Exit(1));
}

#[case]
fn choices() {
    let soups = ["leek", "onion"];
    let called = asked("pea\nonion\n", move |cx| cx.prompt("Which?").choice(&soups));
    assert_eq!(
        called.transcript.stderr,
        "Which? (leek, onion)\n“pea” is none of: leek, onion.\nWhich? (leek, onion)\n"
    );
    assert_eq!(called.expect_success(), 1);
    let called = asked("\n", move |cx| cx.prompt("Which?").default("onion").choice(&soups));
    assert_eq!(called.expect_success(), 1);
    let called = asked("\n", move |cx| cx.prompt("Which?").default("pea").choice(&soups));
    assert_eq!(called.transcript.stderr, "Error: “Which?”: “pea” is none of: leek, onion.\n");
    let called = asked("\n", |cx| cx.prompt("Which?").choice(&[] as &[&str]));
    assert_eq!(called.transcript.stderr, "Error: “Which?”: there is nothing to choose from.\n");
}

#[case]
fn secrets_are_not_shown() {
    let called = asked("hunter2\n", |cx| {
        let secret: Secret = cx.prompt("Password?").default("hunter3").secret()?;
        cx.line(format_args!("{secret:?}"))?;
        Ok(secret)
    });
    let text = called.transcript.to_string();
    assert!(!text.contains("hunter") && text.contains("Password?"), "{text}");
    assert_eq!(called.expect_success().expose(), "hunter2");
}

#[case]
fn a_new_password_is_asked_twice() {
    let called = asked("hunter2\nhunter3\n\nhunter2\nhunter2\n", |cx| cx.prompt("Password:").new_password());
    assert_eq!(
        called.transcript.stderr,
        "Password:\nPassword (again):\nThe passwords do not match. Type both again.\n\
         Password:\nWrite something.\nPassword:\nPassword (again):\n"
    );
    assert_eq!(called.expect_success().expose(), "hunter2");
    let called = asked("hunter2\n", |cx| cx.prompt("The new word").new_password());
    let stderr = &called.transcript.stderr;
    let ended = "Error: The input ended before “The new word (again)” was answered.\n";
    assert!(stderr.ends_with(ended) && !stderr.contains("hunter"), "{stderr}");
    // It cannot be chosen with --noinput, or without a terminal.
    let called = project().call(|cx| cx.prompt("Password?").default("x").new_password());
    assert!(
        called.transcript.stderr.contains("Cannot prompt for “Password?” without a terminal"),
        "{}",
        called.transcript
    );
    let program = Program::new(&["it"]).with_command(
        "it",
        Arc::new(Does("chooses_one", |cx| cx.prompt("Password?").new_password().map(drop))),
    );
    let refused =
        Project::new(program).stdin(Input::from("a\na\n").as_terminal()).run(["chooses_one", "--noinput"]);
    assert!(
        refused.expect_exit(1).stderr.contains("“Password?” needs an answer, but --noinput forbids prompts.")
    );
}

#[case]
fn yes_or_no() {
    for (answers, yes) in [("y\n", true), ("yes\n", true), ("n\n", false), ("\n", false), ("ja\nyes\n", true)]
    {
        let called = asked(answers, |cx| cx.confirm("Sure?"));
        assert_eq!(called.transcript.stderr.contains("Answer yes or no."), answers.contains("ja"));
        assert_eq!(called.expect_success(), yes, "{answers}");
    }
    assert!(asked("\n", |cx| cx.prompt("Sure?").default("yes").confirm()).expect_success());
}

#[case]
fn nobody_is_there() {
    for project in [project(), project().stdin("hello\n")] {
        let called = project.call(|cx| cx.prompt("Name?").text());
        assert_eq!(
            called.transcript.stderr,
            "Error: Cannot prompt for “Name?” without a terminal.\n\
             Hint: Pass the answer as an argument, or run the command on a terminal.\n"
        );
        let called = project.call(|cx| cx.prompt("Name?").default("moon").text());
        assert!(
            called.transcript.stderr.contains("with --noinput the answer is “moon”"),
            "{}",
            called.transcript
        );
        assert!(project.call(|cx| cx.confirm("Sure?")).returned.is_err());
        assert!(project.call(|cx| cx.prompt("Which?").choice(&["leek"])).returned.is_err());
        assert!(project.call(|cx| cx.prompt("Password?").secret()).returned.is_err());
        assert!(!project.call(|cx| Ok(cx.can_ask())).expect_success());
    }
}

/// A command that was made at run time.
struct Does(&'static str, fn(&mut Context) -> Result<()>);

impl Command for Does {
    fn name(&self) -> &str {
        self.0
    }

    fn run(&self, cx: &mut Context, _: &ArgMatches) -> Result<Exit> {
        (self.1)(cx).map(|()| Exit::SUCCESS)
    }
}

fn does(work: fn(&mut Context) -> Result<()>) -> Project {
    let program = Program::new(&["it"]).with_command("it", Arc::new(Does("does", work)));
    Project::new(program).stdin(Input::from("wrong\n").as_terminal())
}

#[case]
fn no_input() {
    let project = does(|cx| {
        assert!(!cx.can_ask() && cx.takes_no_input());
        let name = cx.prompt("Name?").default("moon").text()?;
        let number: u8 = cx.prompt("How many?").default(7).parse()?;
        let soup = cx.prompt("Which?").default("onion").choice(&["leek", "onion"])?;
        let sure = cx.prompt("Sure?").default("yes").confirm()?;
        cx.line(format_args!("{name} {number} {soup} {sure}"))
    });
    for words in [["does", "--noinput"], ["does", "--no-input"], ["--noinput", "does"]] {
        let ran = project.run(words).expect_success();
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("moon 7 1 true\n", ""));
    }
    let without: [fn(&mut Context) -> Result<()>; 4] = [
        |cx| cx.prompt("Soup?").text().map(drop),
        |cx| cx.prompt("Soup?").choice(&["leek"]).map(drop),
        |cx| cx.prompt("Soup?").default("x").secret().map(drop),
        |cx| cx.confirm("Soup?").map(drop),
    ];
    for work in without {
        assert_eq!(
            does(work).run(["does", "--noinput"]).expect_exit(1).stderr,
            "Error: “Soup?” needs an answer, but --noinput forbids prompts.\n\
             Hint: Pass the answer as an argument, or omit --noinput.\n"
        );
    }
    let bad = does(|cx| cx.prompt("How many?").default("many").parse::<u8>().map(drop));
    let ran = bad.run(["does", "--noinput"]).expect_exit(1);
    assert!(ran.stderr.starts_with("Error: “How many?”: “many”: invalid digit"), "{ran}");
}

#[case]
fn no_input_is_handed_on_to_what_is_called() {
    let inner = Arc::new(Does("inner", |cx| {
        let name = cx.prompt("Name?").default("moon").text()?;
        cx.line(name)
    }));
    let outer = Arc::new(Does("outer", |cx| cx.call("inner").run()?.ok()));
    let outer_forbids = Arc::new(Does("forbids", |cx| {
        cx.call("inner").arg("--noinput").run()?.ok()?;
        cx.call("inner").run()?.ok()
    }));
    let program = Program::new(&["it"])
        .with_command("it", inner)
        .with_command("it", outer)
        .with_command("it", outer_forbids);
    let project = Project::new(program);
    let answering = |words: &[&str]| {
        let person = Input::from("sun\n").as_terminal();
        let program = project.call(|cx| Ok(cx.program().clone())).expect_success();
        Project::new(program).stdin(person).run(words.to_vec()).expect_success().stdout
    };
    assert_eq!(answering(&["outer"]), "sun\n");
    assert_eq!(answering(&["outer", "--noinput"]), "moon\n");
    assert_eq!(answering(&["forbids"]), "moon\nsun\n");
}

fn destroys(project: &Project, words: &[&str]) -> manage::testing::Transcript {
    project.run(["talks", "destroy"].iter().chain(words).copied())
}

const DONE: &str = "thrown away\n";

#[case]
fn consent() {
    let yes = destroys(&person("yes\n"), &[]).expect_success();
    assert_eq!(yes.stdout, DONE);
    assert_eq!(yes.stderr, "This throws the soup away.\nAre you sure? [no]\n");
    for answer in ["n\n", "\n"] {
        let no = destroys(&person(answer), &[]).expect_exit(1);
        assert!(
            no.stdout.is_empty() && no.stderr.ends_with("Error: Not confirmed: nothing was done.\n"),
            "{no}"
        );
    }
    for option in ["--force", "--noinput", "--no-input"] {
        for project in [project(), person("no\n")] {
            let done = destroys(&project, &[option]).expect_success();
            assert_eq!((done.stdout.as_str(), done.stderr.as_str()), (DONE, ""));
        }
    }
    assert_eq!(
        destroys(&project(), &[]).expect_exit(1).stderr,
        "Error: This throws the soup away. Cannot ask for confirmation without a terminal.\n\
         Hint: Consent with --noinput or --force.\n"
    );
    // A function that is called has the option as a value.
    let called = project().call(|cx| Confirmation { force: true }.ask(cx, "It goes."));
    called.expect_success();
}

#[case]
fn consent_in_production() {
    let production =
        |project: Project| project.env("MANAGE_ENV", "production").env("SECRET_KEY", "x".repeat(60));
    for options in [&[][..], &["--noinput"]] {
        for project in [project(), person("yes\n")] {
            let refused = destroys(&production(project), options).expect_exit(1);
            assert!(refused.stdout.is_empty(), "{refused}");
            assert!(
                refused
                    .stderr
                    .starts_with("Error: This throws the soup away. In production this needs --force.\n"),
                "{refused}"
            );
        }
    }
    let nobody = destroys(&production(project()), &["--force"]).expect_exit(1);
    assert!(nobody.stderr.ends_with("Hint: Consent with --noinput beside --force.\n"), "{nobody}");
    assert_eq!(destroys(&production(person("yes\n")), &["--force"]).expect_success().stdout, DONE);
    destroys(&production(person("no\n")), &["--force"]).expect_exit(1);
    assert_eq!(destroys(&production(project()), &["--force", "--noinput"]).expect_success().stdout, DONE);
}

#[case]
fn missing_arguments_are_asked_for() {
    let ran = person("-ada\nlarge\nhunter2\n").run(["asks"]).expect_success();
    assert_eq!(ran.stdout, "-ada eats Some(Large), by a word of 7 letters.\n", "{ran}");
    assert!(!ran.to_string().contains("hunter2"), "{ran}");
    assert_eq!(ran.stderr, "Who eats\nHow much (small, large)\nThe word for the cook\n");
    // Only what is missing, and a value may begin with a hyphen.
    let ran = person("huge\nsmall\n").run(["asks", "ada", "--word=-x"]).expect_success();
    assert_eq!(ran.stdout, "ada eats Some(Small), by a word of 2 letters.\n");
    assert!(ran.stderr.contains("“huge” is none of: small, large."), "{ran}");
    let ran = person("--force\n").run(["asks", "--size", "gigantic", "--word", "x"]).expect_success();
    assert_eq!(ran.stdout, "--force eats Some(Gigantic), by a word of 1 letters.\n");
    // A wrong answer is asked again, and the others stay.
    let ran = person("ada\n300\nmany\n7\n").run(["counts"]).expect_success();
    assert_eq!(ran.stdout, "ada counts to 7.\n", "{ran}");
    assert!(
        ran.stderr.contains("invalid value '300' for '--upto <UPTO>'") && !ran.stderr.contains("--help"),
        "{ran}"
    );
    assert_eq!(
        (ran.stderr.matches("Who counts").count(), ran.stderr.matches("How far").count()),
        (1, 3),
        "{ran}"
    );
    // A subcommand's are asked for as well, and none that an earlier answer made needless.
    let ran = person("soup\n0x2\n2\n").run(["orders", "dish"]).expect_success();
    assert_eq!(ran.stdout, "soup for 2\n", "{ran}");
    let ran = person("tea\n").run(["orders", "drink"]).expect_success();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("Some(\"tea\") None\n", "Its name\n"));
    // Each answer is where it belongs, whatever precedes it.
    let ran = person("k\njoe\n").run(["asks_last", "--tags", "a", "b"]).expect_success();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("[\"a\", \"b\"] k joe\n", "The key\nThe name\n"));
    let ran = person("2\nnorth\n").run(["asks_more", "--color", "never", "go"]).expect_success();
    assert_eq!(
        (ran.stdout.as_str(), ran.stderr.as_str()),
        ("north Some(\"never\") 2\n", "How often\nThe region\n")
    );
    // Another mistake is reported, without a prompt.
    let ran = person("x\n").run(["asks", "--size", "huge"]).expect_exit(2);
    assert!(ran.stderr.contains("invalid value 'huge'") && !ran.stderr.contains("Who eats"), "{ran}");
    // Commands that do not want it are not asked about.
    let ran = person("x\n").run(["greet"]).expect_exit(2);
    assert!(ran.stderr.contains("required arguments were not provided"), "{ran}");
}

#[case]
fn missing_arguments_without_a_person() {
    let usage = |ran: manage::testing::Transcript| {
        let ran = ran.expect_exit(2);
        assert!(
            ran.stderr.starts_with("error: the following required arguments were not provided:\n")
                && !ran.stderr.contains("Who eats"),
            "{ran}"
        );
    };
    usage(project().run(["asks"]));
    usage(project().stdin("ada\nlarge\nx\n").run(["asks"]));
    for words in [["asks", "--noinput"], ["asks", "--no-input"], ["--noinput", "asks"]] {
        usage(person("ada\nlarge\nx\n").run(words));
    }
    let error = person("ada\n").call(|cx| cx.call("asks").run()).returned.expect_err("it is a call");
    assert_eq!(Exit::of(&error), Exit(2));
}

#[case]
fn cells_with_styles_keep_the_columns() {
    let mut table = Table::new(["State", "Name"]);
    table.row(["\u{1b}[32mok\u{1b}[0m", "first\there"]);
    table.row(["failing", "second"]);
    assert_eq!(table.to_string(), "State    Name\nok       first here\nfailing  second\n");
}

#[case]
fn tables_outside_of_a_terminal() {
    let mut table = Table::new(["Dish", "Price"]);
    table.row(["국수", "9"]);
    table.row(["two\nlines", "1\r\n2"]);
    table.row(["soup", &"x".repeat(200)]);
    let text = table.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    // A Korean syllable is two columns wide.
    assert_eq!(lines[..2], ["Dish       Price", "국수       9"]);
    assert!(lines[2].starts_with("two lines  1"), "{text}");
    assert_eq!(lines[3], format!("soup       {}", "x".repeat(200)));
    assert!(!text.contains('\r'), "{text:?}");
    let ran = project().run(["talks", "table"]).expect_success();
    assert_eq!(ran.stdout.lines().count(), 3, "{ran}");
}
