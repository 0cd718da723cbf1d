//! Commands that are called from code.

use std::sync::Arc;

use manage::clap::error::ErrorKind;
use manage::clap::{Arg, ArgMatches};
use manage::command::{Command, UnknownCommand, UsageError};
use manage::console::{Capture, Stream};
use manage::prelude::*;
use manage::settings::Environment;
use manage::testing::Project;
use manage::{Exit, Program};
use manage_test_support::case;

fn project() -> Project {
    Project::new(Program::new(&["it"]))
}

/// Runs a function as a command, and says what it wrote.
#[track_caller]
fn said(work: impl FnOnce(&mut Context) -> Result<()>) -> String {
    let called = project().call(work);
    let transcript = called.transcript.clone();
    called.expect_success();
    assert_eq!(transcript.stderr, "");
    transcript.stdout
}

#[case]
fn a_command_by_its_name_or_alias() {
    let text = said(|cx| {
        cx.call("greet").args(["you", "-n", "2"]).run()?.ok()?;
        cx.call("hi").arg("--loudly").arg("you").run()?.ok()?;
        cx.call(String::from("secret_work")).run()?.ok()
    });
    assert_eq!(text, "Hello, you!\nHello, you!\nHello, YOU!\ndone\n");
}

#[case]
fn the_streams_are_the_callers_or_chosen() {
    let kept = Capture::new();
    let text = said(|cx| {
        cx.line("before")?;
        cx.call("greet").arg("you").stdout(&kept).run()?.ok()?;
        cx.call("greet").arg("all").stdout(Stream::new(kept.clone())).run()?.ok()?;
        cx.line("after")
    });
    assert_eq!(text, "before\nafter\n");
    assert_eq!(kept.text(), "Hello, you!\nHello, all!\n");
    let troubled = Arc::new(Does("troubled", |cx| cx.warning("oh").map(|()| Exit::SUCCESS)));
    let (out, err) = (Capture::new(), Capture::new());
    said(|cx| cx.call(troubled).stdout(&out).stderr(&err).run()?.ok());
    assert_eq!((out.text().as_str(), err.text().as_str()), ("", "oh\n"));
}

/// A command that was made at run time.
struct Does(&'static str, fn(&mut Context) -> Result<Exit>);

impl Command for Does {
    fn name(&self) -> &str {
        self.0
    }

    fn run(&self, cx: &mut Context, _: &ArgMatches) -> Result<Exit> {
        (self.1)(cx)
    }
}

#[case]
fn common_options_are_words() {
    let green = "\u{1b}[";
    let shows = Arc::new(Does("shows", |cx| {
        cx.success(format_args!("verbosity {}", cx.verbosity()))?;
        Ok(Exit::SUCCESS)
    }));
    let kept = Capture::new();
    let text = said(|cx| {
        cx.call(shows.clone()).args(["-v", "2", "--no-color"]).run()?.ok()?;
        cx.call(shows.clone()).args(["--verbosity=0", "--force-color"]).stdout(&kept).run()?.ok()?;
        cx.call(shows.clone()).run()?.ok()
    });
    assert_eq!(text, "verbosity 2\nverbosity 1\n");
    assert!(kept.text().starts_with(green) && kept.text().contains("verbosity 0"), "{:?}", kept.text());
    // The caller's options apply to the called command, and can be overridden.
    let program = Program::new(&["it"]).with_command("it", shows).with_command(
        "it",
        Arc::new(Does("outer", |cx| {
            cx.call("shows").run()?.ok()?;
            cx.call("shows").args(["--no-color", "-v1"]).run()?.ok()?;
            cx.call("shows").run()
        })),
    );
    let ran = Project::new(program).run(["outer", "-v3", "--force-color"]).expect_success();
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(lines[0].starts_with(green) && lines[0].contains("verbosity 3"), "{ran}");
    assert_eq!(lines[1], "verbosity 1");
    assert_eq!(lines[2], lines[0]);
}

#[case]
fn wrong_arguments_are_an_error() {
    let text = said(|cx| {
        let error = cx.call("greet").args(["you", "--times", "many"]).run().expect_err("a word is no number");
        let usage = error.downcast_ref::<UsageError>().expect("its own type");
        assert_eq!((usage.kind(), usage.code()), (ErrorKind::ValueValidation, Exit::USAGE));
        assert!(
            error.to_string().starts_with("greet: invalid value 'many' for '--times <TIMES>'"),
            "{error}"
        );
        assert_eq!(Exit::of(&error), Exit(2));
        let error = cx.call("greet").run().expect_err("a name is missing");
        assert!(error.to_string().contains("Usage: manage greet"), "{error}");
        let error = cx.call("greet").args(["you", "--frobnicate"]).run().expect_err("no such option");
        assert_eq!(
            error.downcast_ref::<UsageError>().map(UsageError::kind),
            Some(ErrorKind::UnknownArgument)
        );
        Ok(())
    });
    assert_eq!(text, "", "nothing is printed");
}

#[case]
fn an_unknown_command_is_an_error() {
    said(|cx| {
        let error = cx.call("gret").arg("you").run().expect_err("there is none");
        let unknown = error.downcast_ref::<UnknownCommand>().expect("its own type");
        assert_eq!((unknown.name(), unknown.meant()), ("gret", Some("greet")));
        assert_eq!(Exit::of(&error), Exit(1));
        for name in ["", "--help", "_private", "twin", "greet you"] {
            let error = cx.call(name).run().expect_err("there is none");
            assert!(error.is::<UnknownCommand>(), "{name}: {error}");
        }
        Ok(())
    });
}

#[case]
fn errors_and_exit_codes_come_back() {
    said(|cx| {
        for code in [0, 3, 255] {
            assert_eq!(cx.call("chooses").arg(code.to_string()).run()?, Exit(code));
        }
        let error = cx.call("chooses").arg("3").run()?.ok().expect_err("it is not 0");
        assert_eq!(error.to_string(), "The command ended with exit code 3.");
        assert_eq!(Exit::of(&error), Exit(3));
        let error = cx.call("fails").arg("command").run().expect_err("it fails");
        let own = error.downcast_ref::<CommandError>().expect("it is the command's own");
        assert_eq!(
            (own.code(), own.hints().len(), own.to_string()),
            (Exit(3), 2, "There is no soup.".into())
        );
        let error = cx.call("fails").arg("chain").run().expect_err("it fails");
        assert_eq!(format!("{error:#}"), "There is no soup.: cooking failed: the pot is empty");
        Ok(())
    });
}

#[case]
fn an_error_that_is_handed_on_ends_the_program() {
    let program = Program::new(&["it"])
        .with_command("it", Arc::new(Does("wrong", |cx| cx.call("greet").arg("--oops").run())))
        .with_command("it", Arc::new(Does("unknown", |cx| cx.call("gret").run())))
        .with_command("it", Arc::new(Does("lost", |cx| cx.call("gret").run().context("No greeting."))))
        .with_command("it", Arc::new(Does("in_context", |cx| cx.call("greet").run().context("No greeting."))))
        .with_command(
            "it",
            Arc::new(Does("soup", |cx| cx.call("fails").arg("command").run().context("No lunch."))),
        )
        .with_command("it", Arc::new(Does("code", |cx| cx.call("chooses").arg("9").run())));
    let project = Project::new(program);
    assert_eq!(
        project.run(["wrong"]).to_string(),
        "$ manage wrong\n--- stderr ---\nError: greet: unexpected argument '--oops' found\n\n\
         Usage: manage greet [OPTIONS] <NAME>\n\nFor more information, try 'manage help greet'.\n--- exit code: 2 ---\n"
    );
    let unknown = project.run(["unknown"]).expect_exit(1);
    assert!(unknown.stderr.starts_with("Unknown command: 'gret'. Did you mean greet?\n"), "{unknown}");
    let lost = project.run(["lost"]).expect_exit(1);
    assert!(lost.stderr.starts_with("Error: No greeting.\nCaused by: Unknown command: 'gret'."), "{lost}");
    let in_context = project.run(["in_context"]).expect_exit(2);
    assert!(
        in_context.stderr.starts_with("Error: No greeting.\nCaused by: greet: the following"),
        "{in_context}"
    );
    let soup = project.run(["soup"]).expect_exit(3);
    assert!(soup.stderr.starts_with("Error: No lunch.\nCaused by: There is no soup."), "{soup}");
    assert!(soup.stderr.contains("Hint: Cook some."), "{soup}");
    project.run(["code"]).expect_exit(9);
}

#[case]
fn checks_run_only_on_request() {
    let project = project().file("manage.toml", "[databases.default]\nulr = \"sqlite:a.db\"\n");
    project.run(["greet", "you"]).expect_exit(78);
    let called = project.call(|cx| cx.call("greet").arg("you").run()?.ok());
    assert_eq!(called.transcript.stdout, "Hello, you!\n");
    called.expect_success();
    let called = project.call(|cx| cx.call("greet").arg("you").with_checks().run()?.ok());
    assert!(called.transcript.stderr.contains("unknown key `ulr`"), "{}", called.transcript);
    called.returned.expect_err("the settings are broken");
    let called = project.call(|cx| {
        // A command that needs no checks, and a word that asks for none.
        cx.call("secret_work").arg("--skip-checks").with_checks().run()?.ok()?;
        cx.call("chooses").arg("0").with_checks().run()?.ok()
    });
    called.expect_success();
}

#[case]
fn settings_are_the_callers_or_its_own() {
    let shows = || {
        Arc::new(Does("shows", |cx| {
            cx.line(&cx.database("default")?.name)?;
            Ok(Exit::SUCCESS)
        }))
    };
    let project = project()
        .file("manage.toml", "[databases.default]\nurl = \"sqlite:one.db\"\n")
        .file("other/two.toml", "[databases.default]\nurl = \"sqlite:two.db\"\n");
    let called = project.call(|cx| {
        cx.call(shows()).run()?.ok()?;
        cx.call(shows()).args(["--settings", "other/two.toml"]).run()?.ok()?;
        let environment = Environment::new([("DATABASE_URL", "sqlite:three.db")], "/");
        cx.call(shows()).environment(environment).run()?.ok()?;
        // Once they are read, the caller's settings are those of its calls.
        cx.settings()?;
        std::fs::remove_file(project.folder().join("manage.toml"))?;
        cx.call(shows()).run()?.ok()
    });
    let names: Vec<String> = called.transcript.stdout.lines().map(|line| line.replace('\\', "/")).collect();
    called.expect_success();
    let folder = project.folder().display().to_string().replace('\\', "/");
    assert_eq!(
        names,
        [
            format!("{folder}/one.db"),
            format!("{folder}/other/two.db"),
            "three.db".into(),
            format!("{folder}/one.db")
        ]
        .map(|name| if name == "three.db" { "/three.db".to_owned() } else { name })
    );
}

#[case]
fn a_command_made_at_run_time() {
    struct Adds;
    impl Command for Adds {
        fn name(&self) -> &str {
            "adds"
        }

        fn arguments(&self, parser: manage::clap::Command) -> manage::clap::Command {
            parser.arg(Arg::new("one").required(true)).arg(Arg::new("other").required(true))
        }

        fn run(&self, cx: &mut Context, matches: &ArgMatches) -> Result<Exit> {
            let number = |name| matches.get_one::<String>(name).map_or(Ok(0), |text| text.parse::<u8>());
            cx.line(number("one")? + number("other")?)?;
            Ok(Exit::SUCCESS)
        }
    }
    let program = Program::new(&["it"]).with_command("it", Arc::new(Adds));
    let called = Project::new(program).call(|cx| {
        cx.call("adds").args(["1", "2"]).run()?.ok()?;
        let made: Arc<dyn Command> = Arc::new(Adds);
        cx.call(made).args(["3", "4"]).run()?.ok()?;
        assert!(cx.call(Arc::new(Adds)).arg("3").run().expect_err("one more").is::<UsageError>());
        Ok(())
    });
    assert_eq!(called.transcript.stdout, "3\n7\n");
    called.expect_success();
}

#[case]
fn commands_call_themselves_and_each_other() {
    // Each hands its verbosity on, one lower: 3, 2, 1, 0.
    fn next(cx: &mut Context, name: &str) -> Result<Exit> {
        cx.line(format_args!("{name} from {}", cx.verbosity()))?;
        match cx.verbosity() {
            0 => Ok(Exit(5)),
            level => cx.call(name).arg(format!("-v{}", level - 1)).run(),
        }
    }
    let program = Program::new(&["it"])
        .with_command("it", Arc::new(Does("itself", |cx| next(cx, "itself"))))
        .with_command("it", Arc::new(Does("one", |cx| next(cx, "other"))))
        .with_command("it", Arc::new(Does("other", |cx| next(cx, "one"))));
    let project = Project::new(program);
    let itself = project.run(["itself", "-v3"]).expect_exit(5);
    assert_eq!(itself.stdout, "itself from 3\nitself from 2\nitself from 1\nitself from 0\n");
    let both = project.run(["one", "-v2"]).expect_exit(5);
    assert_eq!(both.stdout, "other from 2\none from 1\nother from 0\n");
}

#[case]
fn help_and_version_are_text() {
    let text = said(|cx| {
        cx.call("greet").arg("--help").run()?.ok()?;
        cx.call("greet").arg("--version").run()?.ok()?;
        cx.call("version").run()?.ok()?;
        cx.call("help").arg("chooses").run()?.ok()
    });
    let version = manage::VERSION;
    assert!(
        text.starts_with("Greet somebody\n\nAs often as it is asked to.\n\nUsage: manage greet"),
        "{text}"
    );
    assert!(
        text.contains(&format!("\ngreet {version}\n{version}\nEnd with an exit code of its own\n")),
        "{text}"
    );
    let kept = Capture::new();
    assert_eq!(said(|cx| cx.call("greet").arg("-h").stdout(&kept).run()?.ok()), "");
    assert!(kept.text().contains("Usage: manage greet"), "{}", kept.text());
}

#[case]
fn a_program_calls_outside_of_any_command() {
    let program = Program::new(&["it"]);
    let (out, err) = (Capture::new(), Capture::new());
    let exit = program.call("greet").args(["you", "-v2"]).stdout(&out).stderr(&err).run().expect("it runs");
    assert_eq!((exit, out.text().as_str(), err.text().as_str()), (Exit::SUCCESS, "Hello, you!\n", ""));
    assert_eq!(program.call("chooses").arg("4").run().expect("it runs"), Exit(4));
    assert!(program.call("nothing").run().expect_err("none").is::<UnknownCommand>());
    let environment = Environment::new([("DATABASE_URL", "mysql://u:s3cret@/")], ".");
    let error =
        program.call("greet").arg("you").environment(environment).with_checks().stdout(&out).stderr(&err);
    let error = error.run().expect_err("the URL has no database");
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
}

#[case]
fn stdin_is_handed_on_or_replaced() {
    let reads = || {
        Arc::new(Does("reads", |cx| {
            cx.line(format_args!("{:?} {}", cx.stdin().read_line()?, cx.stdin().is_terminal()))?;
            Ok(Exit::SUCCESS)
        }))
    };
    let called = project().stdin("one\ntwo\n").call(|cx| {
        cx.call(reads()).run()?.ok()?;
        cx.call(reads()).stdin("other").run()?.ok()?;
        cx.call(reads()).run()?.ok()?;
        cx.call(reads()).run()?.ok()?;
        cx.call(reads()).stdin(manage::console::Input::from("typed\n").as_terminal()).run()?.ok()
    });
    assert_eq!(
        called.transcript.stdout,
        "Some(\"one\") false\nSome(\"other\") false\nSome(\"two\") false\nNone false\nSome(\"typed\") true\n"
    );
    called.expect_success();
}

#[case]
fn no_password_shows_in_a_usage_error() {
    said(|cx| {
        let error =
            cx.call("greet").args(["you", "postgres://u:s3cret@db/a"]).run().expect_err("one too many");
        assert!(error.is::<UsageError>());
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
        Ok(())
    });
}

#[case]
fn no_call_replaces_the_process() {
    let refused =
        |error: anyhow::Error| assert!(error.to_string().contains("cannot exec another program"), "{error}");
    said(|cx| {
        refused(cx.call("wait_for_db").args(["--once", "--", "true"]).run().expect_err("there is a caller"));
        Ok(())
    });
    refused(Program::new(&["it"]).call("wait_for_db").args(["--", "true"]).run().expect_err("a caller"));
    let ran = project().run(["wait_for_db", "--", "true"]).expect_exit(1);
    assert!(ran.stderr.contains("cannot exec another program"), "{ran}");
}
