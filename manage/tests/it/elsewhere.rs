//! Names that people bring along from Django, and databases that are not there.

use std::sync::Arc;

use manage::clap::{Arg, ArgMatches};
use manage::command::Command;
use manage::prelude::*;
use manage::{Exit, Program};
use manage_test_support::case;

use crate::project::Project;

/// `django-admin help --commands` of 5.2, and the commands of its contrib apps.
const DJANGO: &str = "changepassword check clearsessions collectstatic compilemessages createcachetable createsuperuser dbshell \
                      diffsettings dumpdata findstatic flush inspectdb loaddata makemessages makemigrations migrate ogrinspect \
                      optimizemigration remove_stale_contenttypes runserver sendtestemail shell showmigrations sqlflush sqlmigrate \
                      sqlsequencereset squashmigrations startapp startproject test testserver";

#[case]
fn every_name_of_djangos_leads_somewhere() {
    let project = Project::new();
    let known = project.run("help --commands").out;
    let there: Vec<&str> = known.lines().collect();
    for name in DJANGO.split_whitespace().filter(|name| !there.contains(name)) {
        let ran = project.run(name);
        let [first, second] = ran.err.lines().collect::<Vec<_>>()[..] else { panic!("{name}: {}", ran.err) };
        let sentence = first.strip_prefix(&format!("Unknown command: '{name}'. ")).expect(first);
        assert!(
            sentence.ends_with('.') && !sentence.contains(". ") && !sentence.contains("Did you mean"),
            "{first}"
        );
        assert!(!sentence.contains('{'), "{first}");
        assert_eq!((second, ran.exit), ("Type 'manage help' for usage.", Exit(1)));
        // What it names is there.
        for word in sentence.split("`manage ").skip(1) {
            let word = word.split(['`', ' ']).next().expect("a word");
            assert!(there.contains(&word), "{first}");
        }
        assert_eq!(project.run(&format!("help {name}")).err, ran.err);
    }
    let ran = project.run("createcachetable --name x");
    assert!(ran.err.contains("`diesel migration generate create_cache`"), "{}", ran.err);
    assert!(project.run("test").err.contains("`cargo test`"));
    assert!(project.run("db:migrate").err.contains("`manage migrate` applies the migrations."));
}

#[case]
fn a_slip_in_such_a_name() {
    let project = Project::new();
    for (word, name) in [
        ("optimize_migration", "optimizemigration"),
        ("optimizemigratoin", "optimizemigration"),
        ("create_superuser", "createsuperuser"),
        ("superuser", "createsuperuser"),
        ("collect-static", "collectstatic"),
        ("shel", "shell"),
        ("db_shell", "dbshell"),
        ("dumpdta", "dumpdata"),
    ] {
        let ran = project.run(word);
        let reported = format!("Unknown command: '{word}'. Did you mean {name}? ");
        assert!(ran.err.starts_with(&reported), "{}", ran.err);
        let sentence = project.run(name).err.replace(&format!("Unknown command: '{name}'. "), "");
        assert_eq!(ran.err.strip_prefix(&reported), Some(sentence.as_str()));
    }
    // A command of the program's own that is as near is meant.
    for (word, name) in
        [("mirgate", "migrate"), ("migrations", "migrate"), ("runserve", "runserver"), ("gret", "greet")]
    {
        let ran = project.run(word);
        assert_eq!(
            ran.err,
            format!("Unknown command: '{word}'. Did you mean {name}?\nType 'manage help' for usage.\n")
        );
    }
}

/// A command with an option that takes the alias of a database.
struct Named(&'static str);

impl Command for Named {
    fn name(&self) -> &str {
        self.0
    }

    fn arguments(&self, parser: manage::clap::Command) -> manage::clap::Command {
        let alias = Arg::new("from").long("from").short('f').value_delimiter(',').default_value("elsewhere");
        parser.arg(alias.clone()).subcommand(manage::clap::Command::new("inside").arg(alias))
    }

    fn run(&self, cx: &mut Context, matches: &ArgMatches) -> Result<Exit> {
        let matches = matches.subcommand().map_or(matches, |(_, inner)| inner);
        for alias in matches.get_many::<String>("from").expect("a default") {
            cx.database(alias)?.connect()?;
        }
        Ok(Exit::SUCCESS)
    }
}

/// A command that a project writes, or that a later version of the framework has, counts as known.
#[case]
fn a_command_of_the_name_wins() {
    let names = ["makemigrations", "shell", "test"];
    let program = names.iter().fold(Program::new(&["it"]), |program, name| {
        program.with_command("it", Arc::new(Named(name)) as Arc<dyn Command>)
    });
    let project = Project::with(program).env("DATABASE_URL", "sqlite::memory:");
    for name in names {
        let ran = project.run(&format!("{name} --from default"));
        assert_eq!((ran.exit, ran.err.as_str()), (Exit(0), ""), "{name}");
    }
    let ran = project.run("makemigration");
    let reported =
        "Unknown command: 'makemigration'. Did you mean makemigrations?\nType 'manage help' for usage.\n";
    assert_eq!(ran.err, reported);
}

#[case]
fn an_unknown_alias_is_a_usage_error() {
    let program = Program::new(&["it"]).with_command("it", Arc::new(Named("copies")));
    let project = Project::with(program)
        .env("DATABASE_URL", "sqlite:it.sqlite3")
        .env("DATABASE_URL_ARCHIVE", "sqlite:archive.sqlite3");
    for line in [
        "migrate --database archve",
        "showmigrations --database archve",
        "check --database archve",
        "check --database default --database archve",
        "wait_for_db --database archve",
        "wait_for_db --once --database=archve",
        "copies --from archve",
        "copies --from=archve",
        "copies -farchve",
        "copies --from default,archve",
        "copies inside --from archve",
    ] {
        let ran = project.run(line);
        assert_eq!(
            (ran.exit, ran.err.as_str()),
            (
                Exit(2),
                "Error: There is no database 'archve' in the settings.\n\
                 Hint: Did you mean 'archive'? The databases are: archive, default.\n"
            ),
            "{line}"
        );
        assert_eq!(ran.out, "", "{line}");
    }
    // An alias that the code names is a configuration error, not a usage error.
    let ran = project.run("copies");
    assert!(ran.exit == Exit(78) && ran.err.contains("There is no database 'elsewhere'"), "{}", ran.all());
    // A URL may hold a password.
    for command in ["migrate", "showmigrations", "check", "wait_for_db"] {
        for url in ["postgres://app:hunter2@db/app", "host=db password=hunter2"] {
            let ran = project.run_words(&[command, "--database", url]);
            assert_eq!(ran.exit, Exit(2), "{}", ran.all());
            assert!(
                ran.err.contains("by its alias, not by a URL") && !ran.err.contains("hunter2"),
                "{}",
                ran.err
            );
        }
    }
}
