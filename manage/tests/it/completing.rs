//! What the program answers to the scripts of the shells. The shells themselves are tried with the blog's
//! program.

use manage::Exit;
use manage_test_support::case;

use crate::project::Project;

/// The values that are offered for a line, with their descriptions; the last word is the one at the cursor.
fn offered(project: &Project, line: &[&str]) -> Vec<(String, String)> {
    let words = [&["__complete", "zsh", "manage"], line].concat();
    let ran = project.run_words(&words);
    assert_eq!((ran.exit, ran.err.as_str()), (Exit::SUCCESS, ""), "{}", ran.all());
    let split = |line: &str| {
        let (value, help) = line.split_once('\t').unwrap_or((line, ""));
        (value.to_owned(), help.to_owned())
    };
    ran.out.lines().map(split).collect()
}

fn names(project: &Project, line: &[&str]) -> Vec<String> {
    offered(project, line).into_iter().map(|(value, _)| value).collect()
}

#[case]
fn names_of_commands() {
    let project = Project::new();
    let all = offered(&project, &[""]);
    assert!(all.contains(&("greet".to_owned(), "Greet somebody".to_owned())), "{all:?}");
    let hidden = ["hi", "secret_work", "_private", "--help"];
    assert!(!all.iter().any(|(name, _)| hidden.contains(&name.as_str())), "{all:?}");
    assert_eq!(names(&project, &["mi"]), ["migrate"]);
    // An alias is completed where no name fits.
    assert_eq!(names(&project, &["hi"]), ["hi"]);
    assert_eq!(names(&project, &["help", "showm"]), ["showmigrations"]);
    assert_eq!(names(&project, &["nothing_such", ""]), [""; 0]);
}

#[case]
fn subcommands() {
    let project = Project::new();
    let both = offered(&project, &["cache", "c"]);
    let names_of_both: Vec<&str> = both.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names_of_both, ["clear", "count"], "an alias has its name's place");
    assert_eq!(both[0].1, "Remove what has expired");
    assert_eq!(names(&project, &["cache", "clean"]), ["clean"]);
    assert_eq!(names(&project, &["help", "cache", ""]), ["clear", "count"]);
    assert_eq!(names(&project, &["help", "--format", "json", "cache", "cl"]), ["clear"]);
    assert_eq!(names(&project, &["-v", "2", "cache", "--settings", "x", "cou"]), ["count"]);
}

#[case]
fn values() {
    let project = Project::new().file("manage.toml", "");
    let help = "A region of manage.toml".to_owned();
    let region = |name: &str| (name.to_owned(), help.clone());
    assert_eq!(
        offered(&project, &["cache", "clear", ""]),
        [region("front page"), region("pages"), region("it's")]
    );
    assert_eq!(names(&project, &["cache", "clear", "front p"]), ["front page"]);
    assert_eq!(names(&project, &["cache", "clean", "p"]), ["pages"], "under its other name");
    assert_eq!(names(&project, &["cache", "clear", "--kind", ""]), ["expired", "everything"]);
    assert_eq!(names(&project, &["cache", "clear", "--kind=ev"]), ["--kind=everything"]);
    assert_eq!(names(&project, &["cache", "clear", "--kind", "expired", "--", "pa"]), ["pages"]);
    assert_eq!(names(&project, &["cache", "clear", "--", "--"]), [""; 0]);
    assert_eq!(names(&project, &["completion", "p"]), ["powershell"]);
    assert_eq!(names(&project, &["startcommand", "x", "--app", ""]), ["it"]);
    let tags = names(&project, &["check", "--tag", ""]);
    assert!(tags.contains(&"settings".to_owned()) && !tags.contains(&"deployment".to_owned()), "{tags:?}");
    assert_eq!(names(&project, &["check", "--deploy", "--tag", "dep"]), ["deployment"]);
    assert_eq!(names(&project, &["-v", ""]), ["0", "1", "2", "3"]);
    assert_eq!(names(&project, &["wait_for_db", "--format", ""]), ["text", "json"]);
    let path = |line: &[&str]| names(&Project::new().env("PATH", "/usr/bin:/bin").file("made/up", ""), line);
    assert!(path(&["wait_for_db", "--", "en"]).contains(&"env".to_owned()));
    assert_eq!(path(&["wait_for_db", "--", "env", "ma"]), ["made/"]);
    assert_eq!(path(&["wait_for_db", "--", "made/"]), ["made/up"]);
    // bash reads its own line, and puts in only what follows the last of its word breaks.
    let bash = |line: &str| project.run_words(&["__complete", "bash", line, " \t\n\"'><=;|&(:"]).out;
    assert_eq!(bash("manage cache clear fr"), "front\\ page\n");
    assert_eq!(bash("manage cache clear 'fr"), "front page\n");
    assert_eq!(bash("manage cache clear \"it"), "it's\n");
    assert_eq!(bash("manage cache clear --kind=ev"), "everything\n");
    // PowerShell's words have a colon before them, so that none is empty.
    let words = ["__complete", "powershell", ":manage", ":cache", ":clear", ":"];
    assert!(project.run_words(&words).out.starts_with("front page\tA region"));
}

#[case]
fn options() {
    let project = Project::new();
    let all = names(&project, &["greet", "-"]);
    for option in ["--times", "-n", "--loudly", "--verbosity", "-v", "--help"] {
        assert!(all.iter().any(|name| name == option), "{option}: {all:?}");
    }
    assert_eq!(names(&project, &["greet", "--l"]), ["--loudly"]);
    assert_eq!(names(&project, &["greet", ""])[0], "--times", "there is nothing else to offer");
    // What is already there is not offered again, unless it may be repeated.
    assert_eq!(names(&project, &["greet", "--loudly", "--l"]), [""; 0]);
    assert_eq!(names(&project, &["greet", "--times=2", "--ti"]), [""; 0]);
    assert_eq!(names(&project, &["greet", "-n2", "--ti"]), [""; 0]);
    assert_eq!(names(&project, &["check", "--database", "default", "--data"]), ["--database"]);
    // A subcommand has its own, and the common ones.
    assert_eq!(names(&project, &["cache", "count", "--o"]), ["--older"]);
    assert_eq!(names(&project, &["cache", "count", "--ver"]), ["--verbosity", "--version"]);
}

#[case]
fn aliases_of_databases() {
    let project = Project::new()
        .file("manage.toml", "[databases.archive]\nurl = \"postgres://me:very-secret@127.0.0.1:1/old\"\n")
        .file("other.toml", "[databases.third]\nurl = \"sqlite:third.sqlite3\"\n");
    let all = offered(&project, &["migrate", "--database", ""]);
    assert_eq!(all.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["archive", "default"]);
    assert_eq!(all[0].1, "PostgreSQL at 127.0.0.1:1/old as me");
    let other = names(&project, &["--settings", "other.toml", "showmigrations", "--database="]);
    assert_eq!(other, ["--database=default", "--database=third"]);
    assert_eq!(names(&project, &["check", "--settings=other.toml", "--database", "t"]), ["third"]);
    assert!(!project.folder().join("db.sqlite3").exists(), "nothing was opened");
    assert!(!project.folder().join("third.sqlite3").exists());
}

#[case]
fn migrations() {
    let project = Project::new();
    let all = names(&project, &["migrate", ""]);
    assert!(all.contains(&"zero".to_owned()) && !project.folder().join("db.sqlite3").exists(), "{all:?}");
}

#[case]
fn common_options_before_and_after() {
    let project = Project::new();
    assert_eq!(names(&project, &["--no-"]), ["--no-color"]);
    assert_eq!(names(&project, &["--no-color", "-v", "2", "gr"]), ["greet"]);
    assert_eq!(names(&project, &["greet", "--no"]), ["--no-color", "--noinput"]);
    // Where a command has one of the same name, its own is meant.
    let own = offered(&project, &["own_options", "--settings"]);
    assert_eq!(own, [("--settings".to_owned(), "The settings of the oven".to_owned())]);
}

#[case]
fn files() {
    let project = Project::new().file("one.toml", "").file("sub dir/two.toml", "");
    assert_eq!(names(&project, &["--settings", "o"]), ["one.toml"]);
    assert_eq!(names(&project, &["greet", "--settings", "sub"]), ["sub dir/"]);
    assert_eq!(names(&project, &["greet", "--settings=sub dir/"]), ["--settings=sub dir/two.toml"]);
}

fn log(project: &Project) -> String {
    std::fs::read_to_string(project.folder().join("state/manage/completion.log")).unwrap_or_default()
}

fn with_log(project: Project) -> Project {
    let state = project.folder().join("state");
    project.env("XDG_STATE_HOME", state.to_str().expect("UTF-8"))
}

#[case]
fn trouble_is_a_line_in_a_log() {
    let project = with_log(Project::new());
    assert_eq!(names(&project, &["cache", "count", "--older", ""]), [""; 0]);
    let text = log(&project);
    assert!(text.ends_with(": cache: The cache is on fire.\n") && text.lines().count() == 1, "{text}");
    assert_eq!(names(&project, &["cache", "count", "--label", ""]), [""; 0]);
    let text = log(&project);
    assert!(text.contains("a panic") && text.ends_with(": nobody expects it\n"), "{text}");

    // With broken settings, what needs none is completed all the same.
    let project = with_log(Project::new().file("manage.toml", "[databases\npassword = \"very-secret\"\n"));
    assert_eq!(names(&project, &["migrate", "--database", ""]), [""; 0]);
    let text = log(&project);
    assert!(text.contains("manage.toml, line 1") && !text.contains("very-secret"), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert_eq!(names(&project, &["migrate", "--pl"]), ["--plan"]);
    assert_eq!(names(&project, &["mig"]), ["migrate"]);
    assert_eq!(log(&project), text, "what needs no settings does not read them");
    assert!(names(&project, &["migrate", "z"]).contains(&"zero".to_owned()), "{}", log(&project));
}

#[case]
fn the_log_does_not_grow_for_ever() {
    let project = with_log(Project::new().file("state/manage/completion.log", &"x\n".repeat(40_000)));
    names(&project, &["cache", "count", "--older", ""]);
    assert_eq!(log(&project).lines().count(), 1);
    // A log that cannot be written is no trouble either.
    let project = with_log(Project::new().file("state", "a file"));
    assert_eq!(names(&project, &["cache", "count", "--older", ""]), [""; 0]);
}

#[case]
fn a_question_that_makes_no_sense() {
    let project = Project::new();
    for words in [&["__complete"][..], &["__complete", "nosuchshell", "manage", ""]] {
        let ran = project.run_words(words);
        assert_eq!((ran.exit, ran.out.as_str()), (Exit::USAGE, ""), "{}", ran.all());
    }
    assert_eq!(project.run_words(&["__complete", "zsh"]).exit, Exit::SUCCESS);
}

#[case]
fn scripts_say_how_to_install_them() {
    let project = Project::new();
    let help = project.run("help completion").out;
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = project.run(&format!("completion {shell}"));
        assert_eq!(script.exit, Exit::SUCCESS, "{}", script.all());
        assert!(!script.out.contains("{{"), "{}", script.out);
        let line = script.out.lines().take(4).find_map(|line| line.strip_prefix("#     ")).expect("a line");
        assert!(line.contains(&format!("manage completion {shell} >")), "{line}");
        // The help wraps it.
        let flat = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(line), "{line}\n{help}");
    }
    assert_eq!(project.run("completion tcsh").exit, Exit::USAGE);
}

/// A new built-in command's `--database` is not to be forgotten.
#[case]
fn every_database_option_completes() {
    let program = manage::Program::new(&[]);
    for found in program.registry().all() {
        let name = found.command().name();
        let parser = found.command().arguments(manage::clap::Command::new("x"));
        if parser.get_arguments().any(|argument| argument.get_long() == Some("database")) {
            assert_eq!(names(&Project::new(), &[name, "--database", "d"]), ["default"], "{name}");
        }
    }
}
