//! Which checks run: by tag, by app, for a deployment; and what `check` says of commands and apps.

use std::sync::Arc;

use manage::clap::ArgMatches;
use manage::command::{Command, Properties, RequiredChecks};
use manage::prelude::*;
use manage::{Exit, Program};
use manage_test_support::{case, only_if};

use crate::checks::kitchen;
use crate::project::{Project, Ran};

#[case]
fn tags() {
    let project = kitchen("hot = true\nlevels = \"W\"");
    let ids = |line: &str| {
        let ran = project.run(line);
        ["it.W001", "it.W002"].map(|id| ran.err.contains(id))
    };
    assert_eq!(ids("check"), [true, true]);
    assert_eq!(ids("check --tag kitchen"), [false, true], "a check without tags has none of them");
    assert_eq!(ids("check -t commands"), [false, false]);
    assert_eq!(ids("check -t commands -t kitchen"), [false, true]);
}

#[case]
fn tags_are_listed() {
    let project = Project::new();
    let ran = project.run("check --list-tags");
    assert_eq!(
        ran.out,
        "commands\ndatabase\nkitchen\nlevels\nmigrations\npanics\npantry\nsettings\n",
        "{}",
        ran.all()
    );
    let deploy = project.run("check --list-tags --deploy").out;
    assert_eq!(
        deploy,
        "commands\ndatabase\ndelivery\ndeployment\nkitchen\nlevels\nmigrations\npanics\npantry\nsecurity\nsettings\n"
    );
    let broken = Project::new().env("DATABASE_URL", "oracle://db").run("check --list-tags");
    assert_eq!(broken.out, ran.out, "no setting is needed for it");
}

#[case]
fn unknown_names_are_reported() {
    let project = Project::new();
    for (line, message, hint) in [
        (
            "check --tag nope",
            "There is no system check with the \"nope\" tag.",
            "The tags are: commands, database,",
        ),
        (
            "check --tag kitchn",
            "There is no system check with the \"kitchn\" tag.",
            "Did you mean \"kitchen\"? The tags are: ",
        ),
        (
            "check --tag kitchen -t x --deploy",
            "There is no system check with the \"x\" tag.",
            "The tags are: commands,",
        ),
        (
            "check --tag security",
            "There is no system check with the \"security\" tag.",
            "the tag \"security\": add --deploy.",
        ),
        (
            "check -t secruity",
            "There is no system check with the \"secruity\" tag.",
            "the tag \"security\": add --deploy.",
        ),
        (
            "check -t secruity --deploy",
            "There is no system check with the \"secruity\" tag.",
            "Did you mean \"security\"?",
        ),
        ("check nope", "No installed app with label 'nope'.", "The apps are: it."),
        ("check it itt", "No installed app with label 'itt'.", "Did you mean \"it\"?"),
        (
            "check --database nope",
            "There is no database 'nope' in the settings.",
            "The databases are: default.",
        ),
        (
            "check --database defautl",
            "There is no database 'defautl' in the settings.",
            "Did you mean 'default'?",
        ),
    ] {
        let ran = project.run(line);
        let code = if line.contains("--database") { 2 } else { 1 };
        assert_eq!((ran.exit, ran.out.as_str()), (Exit(code), ""), "{line}\n{}", ran.all());
        assert!(ran.err.starts_with(&format!("Error: {message}\nHint: ")), "{line}\n{}", ran.err);
        assert!(ran.err.contains(hint), "{line}\n{}", ran.err);
    }
}

#[case]
fn apps() {
    let program = || Program::new(&["it", "other"]).with_command("other", says("migrate", &[]));
    let project = |levels: &str| {
        Project::with(program()).file("manage.toml", &format!("[apps.it]\nlevels = \"{levels}\"\n"))
    };
    let ran = project("W").run("check other");
    assert!(!ran.err.contains("it.W002") && ran.err.contains("other: (manage.I001)"), "{}", ran.all());
    let ran = project("W").run("check it");
    assert!(ran.err.contains("it.W002") && !ran.err.contains("manage.I001"), "{}", ran.all());
    let ran = project("W").run("check it other");
    assert!(ran.err.contains("it.W002") && ran.err.contains("manage.I001"), "{}", ran.all());
    // What concerns all apps is reported always.
    let ran = project("").env("DATABASE_URL", "oracle://db").run("check other");
    assert!(ran.err.contains("manage.E001"), "{}", ran.all());
}

#[case]
fn for_a_deployment() {
    let project = kitchen("deployed = true\nlevels = \"W\"");
    assert!(!project.run("check").err.contains("it.W004"));
    let ran = project.run("check --deploy");
    assert!(ran.err.contains("it.W004") && ran.err.contains("it.W002"), "{}", ran.all());
    let ran = project.run("check --deploy --tag delivery");
    assert!(ran.err.contains("it.W004") && !ran.err.contains("it.W002"), "{}", ran.all());
}

/// A command that was made at run time.
struct Says(&'static str, Properties);

impl Command for Says {
    fn name(&self) -> &str {
        self.0
    }

    fn run(&self, cx: &mut Context, _: &ArgMatches) -> Result<Exit> {
        cx.line(self.0)?;
        Ok(Exit::SUCCESS)
    }

    fn properties(&self) -> Properties {
        self.1
    }
}

fn says(name: &'static str, aliases: &'static [&'static str]) -> Arc<dyn Command> {
    let mut properties = Properties::new();
    properties.aliases = aliases;
    Arc::new(Says(name, properties))
}

fn check(program: Program) -> Ran {
    Project::with(program).file("manage.toml", "[checks]\nsilenced = [\"manage.W001\"]\n").run("check")
}

#[case]
fn a_required_tag_that_no_check_has() {
    let with = |tags: &'static [&'static str]| {
        let mut properties = Properties::new();
        properties.requires_checks = RequiredChecks::Tagged(tags);
        check(Program::new(&["it"]).with_command("it", Arc::new(Says("bake", properties))))
    };
    let ran = with(&["kitchn"]);
    assert_eq!(ran.exit, Exit(1), "{}", ran.all());
    let text = "it: (manage.E008) The command 'bake' requires the system checks with the tag \"kitchn\", but no check that \
                runs before commands has it.\n\tHINT: Did you mean \"kitchen\"? The tags are: ";
    assert!(ran.err.contains(text), "{}", ran.err);
    // A tag that only checks for deployments have would never run one.
    assert!(with(&["security"]).err.contains("the tag \"security\", but no check"));
    assert_eq!(with(&["kitchen", "settings"]).exit, Exit(0));
}

struct Clashing(fn(clap::Command) -> clap::Command);

impl Command for Clashing {
    fn name(&self) -> &str {
        "clashing"
    }

    fn arguments(&self, parser: clap::Command) -> clap::Command {
        (self.0)(parser)
    }

    fn run(&self, _: &mut Context, _: &ArgMatches) -> Result<Exit> {
        Ok(Exit::SUCCESS)
    }
}

/// Two arguments of one name, as a struct of arguments may bring one that the command has, too.
fn two_of_a_name(parser: clap::Command) -> clap::Command {
    parser.arg(clap::Arg::new("one").long("name")).arg(clap::Arg::new("two").long("name"))
}

fn a_default_that_is_no_value(parser: clap::Command) -> clap::Command {
    let port = clap::Arg::new("port").long("port").value_parser(clap::value_parser!(u16));
    parser.subcommand(clap::Command::new("serve").arg(port.default_value("80a")))
}

fn defaults_that_fit(parser: clap::Command) -> clap::Command {
    let list = clap::Arg::new("list").long("list").value_parser(clap::value_parser!(u16));
    let panics = |_: &str| -> std::result::Result<u8, String> { panic!("nobody should see it") };
    parser
        .arg(list.value_delimiter(',').default_value("1,2"))
        .arg(clap::Arg::new("other").long("other").value_parser(panics).default_value("x"))
}

#[case(only_if(cfg!(debug_assertions)))]
fn arguments_that_do_not_fit_together() {
    let ran = check(Program::new(&["it"]).with_command("it", Arc::new(Clashing(a_default_that_is_no_value))));
    let text = "it: (manage.W009) The default of '--port <port>' of the command 'clashing' does not fit: invalid value '80a' \
                for '--port <port>': invalid digit found in string.\n";
    assert!(ran.err.contains(text) && ran.exit == Exit(0), "{}", ran.all());
    // A list is taken apart as it is when it is used, and a panic is nobody's here.
    let ran = check(Program::new(&["it"]).with_command("it", Arc::new(Clashing(defaults_that_fit))));
    assert!(!ran.err.contains("manage."), "{}", ran.all());
    let ran = check(Program::new(&["it"]).with_command("it", Arc::new(Clashing(two_of_a_name))));
    let text = "it: (manage.E010) The arguments of the command 'clashing' do not fit together: Command clashing: Long option \
                names must be unique";
    assert!(ran.err.contains(text), "{}", ran.all());
    assert_eq!(ran.exit, Exit(1));
    // Nor does it end in a panic that names nobody, or take the others along.
    let program = Program::new(&["it"]).with_command("it", Arc::new(Clashing(two_of_a_name)));
    for line in ["clashing", "clashing --help", "help clashing", "help --format json"] {
        let ran = Project::with(program.clone()).run(line);
        let reported =
            ran.err.starts_with("Error: The arguments of the command 'clashing' do not fit together: ");
        assert!(reported && ran.exit == Exit(1), "{line}: {}", ran.all());
    }
    // An option of a common one's name is no mistake.
    let ran = Project::new().run("check --tag commands");
    assert!(!ran.err.contains("manage.E010"), "{}", ran.all());
}

#[case]
fn replaced_commands() {
    let ran = check(Program::new(&["it"]).with_command("it", says("migrate", &[])));
    assert!(
        ran.err.contains(
            "INFOS:\nit: (manage.I001) The command 'migrate' of this app overrides the built-in one."
        ),
        "{}",
        ran.all()
    );
    assert_eq!(ran.exit, Exit(0));
    let ran = check(Program::new(&["it"]).with_command("it", says("help", &[])));
    assert!(
        ran.err.contains("it: (manage.E007) The command 'help' of the app 'it' never runs:"),
        "{}",
        ran.all()
    );
    assert_eq!(ran.exit, Exit(1));
    let two = Program::new(&["it", "b"]).with_command("b", says("greet", &[]));
    let ran = check(two);
    assert!(
        ran.err.contains("b: (manage.I002) The command 'greet' of this app never runs: the app 'it'"),
        "{}",
        ran.all()
    );
}

#[case]
fn aliases_that_lead_elsewhere() {
    let ran = check(Program::new(&["it"]).with_command("it", says("bake", &["migrate"])));
    assert!(
        ran.err.contains("it: (manage.W004) 'migrate' selects the alias of the command 'bake' of the app 'it', and never the built-in command 'migrate'."),
        "{}",
        ran.all()
    );
    // `hi` is an alias of `greet`, in the app that comes first.
    let ran = check(Program::new(&["it", "b"]).with_command("b", says("hi", &[])));
    assert!(
        ran.err.contains("it: (manage.W004) 'hi' selects the alias of the command 'greet' of the app 'it' ("),
        "{}",
        ran.all()
    );
    assert_eq!(ran.exit, Exit(0));
    // Inside one app neither would run.
    let ran = check(Program::new(&["it"]).with_command("it", says("bake", &["greet"])));
    let clash = "(manage.E003) The name 'greet' is ambiguous in the app 'it': an alias of the command 'bake' (created at run time) and the command 'greet' (";
    assert!(ran.exit == Exit(1) && ran.err.contains(clash), "{}", ran.all());
}

#[case]
fn apps_that_are_listed_wrongly() {
    let ran = check(Program::new(&["it", "it"]));
    assert!(
        ran.err.contains("WARNINGS:\nit: (manage.W005) The app 'it' is listed more than once"),
        "{}",
        ran.all()
    );
    let ran = check(Program::new(&["it", "ghost"]));
    assert!(
        ran.err.contains("ghost: (manage.W006) The app 'ghost' is listed, but it registers no commands"),
        "{}",
        ran.all()
    );
    let ran = check(Program::new(&["it", "ghost"]).with_command("ghost", says("boo", &[])));
    assert_eq!((ran.exit, ran.err.as_str()), (Exit(0), ""), "{}", ran.all());
}
