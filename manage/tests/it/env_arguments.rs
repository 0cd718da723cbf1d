//! Arguments with `#[arg(env = "…")]`: from the environment of a project and from `.env`, never from
//! elsewhere.

use std::path::Path;

use manage_test_support::{Program, Transcript, case};

use crate::project::{AS_PROGRAM, Project};

const ALL: &str =
    "IT_SHELF=7\nIT_LOUD=true\nIT_WEIGHTS=1,2\nIT_TIMES=3\nIT_STAMP='a b'\nPATH=/x\nIT_ROOM=-kitchen\n";

#[case]
fn env_has_values_of_every_kind() {
    let project = Project::new().file(".env", ALL);
    let ran = project.run("reads");
    assert_eq!(ran.out, "Some(7) false true [1, 2] 3 Some(\"a b\") Some(2) -kitchen None\n", "{}", ran.all());
    let ran = project.run("reads attic --shelf=8 -w 3 4 -n -nn --loud --stamp s --path=p");
    assert_eq!(ran.out, "Some(8) false true [3, 4] 3 Some(\"s\") Some(1) attic None\n", "{}", ran.all());
    let ran = project.run("reads attic --shelf=8 -w 3 -n --loud --stamp s --path=p");
    assert_eq!(ran.out, "Some(8) false true [3] 1 Some(\"s\") Some(1) attic None\n", "{}", ran.all());
    let ran = project.run("reads --shelf=8 -- --attic");
    assert_eq!(ran.out, "Some(8) false true [1, 2] 3 Some(\"a b\") Some(2) --attic None\n", "{}", ran.all());
    let ran = Project::new().file(".env", "IT_LOUD=false\n").run("reads attic");
    assert_eq!(ran.out, "None false false [] 0 None None attic None\n", "{}", ran.all());
}

#[case]
fn the_stronger_source_decides() {
    let first = |project: &Project, line: &str| {
        let ran = project.run(line);
        ran.out.split(' ').next().unwrap_or_default().to_owned()
    };
    let env = || Project::new().file(".env", "IT_SHELF=1\n");
    assert_eq!(first(&env(), "reads r"), "Some(1)");
    assert_eq!(first(&env().env("IT_SHELF", "2"), "reads r"), "Some(2)");
    assert_eq!(first(&env().env("IT_SHELF", ""), "reads r"), "Some(1)", "empty is unset");
    assert_eq!(first(&env().env("IT_SHELF", "2"), "reads r --shelf 3"), "Some(3)");
    assert_eq!(first(&Project::new().file(".env", "IT_SHELF=\n"), "reads r"), "None");
}

#[case]
fn arguments_of_subcommands() {
    let project = Project::new().file(".env", &format!("{ALL}IT_CARRIER=pigeon\nIT_STREET=Elm\n"));
    let way = |line: &str| {
        let ran = project.run(line);
        ran.out.split_once(" Some(Ship").map(|(_, way)| way.trim().to_owned()).unwrap_or_else(|| ran.all())
    };
    let shipped = " { carrier: \"pigeon\", fast: false, street: Some(\"Elm\") })";
    assert_eq!(way("reads ship"), shipped.trim());
    assert_eq!(way("reads --shelf 1 attic ship"), shipped.trim());
    assert_eq!(way("reads ship --fast"), shipped.replace("false", "true").trim());
    assert_eq!(
        way("reads ship --carrier=post Oak"),
        "{ carrier: \"post\", fast: false, street: Some(\"Oak\") })"
    );
}

#[case]
fn a_project_sees_nothing_of_the_process() {
    assert!(std::env::var_os("PATH").is_some(), "the process has it");
    let ran = Project::new().run("reads r");
    assert_eq!(ran.out, "None false false [] 0 None None r None\n", "{}", ran.all());
    let ran = Project::new().env("PATH", "/a/b").run("reads r");
    assert_eq!(ran.out, "None false false [] 0 None Some(4) r None\n", "{}", ran.all());
    let help = Project::new().run("reads --help");
    assert!(help.out.contains("[env: PATH=]"), "{}", help.all());
}

#[case]
fn a_call_has_its_own_variables() {
    let project = manage::testing::Project::new(manage::Program::new(&["it"]))
        .file(".env", "IT_ROOM=cellar\n")
        .env("IT_SHELF", "5");
    let called = project.call(|cx| cx.call("reads").run());
    assert_eq!(called.transcript.stdout, "Some(5) false false [] 0 None None cellar None\n");
    let project = manage::testing::Project::new(manage::Program::new(&["it"])).env("IT_SHELF", "x");
    let error =
        project.call(|cx| cx.call("reads").arg("r").run()).returned.expect_err("a wrong value").to_string();
    assert!(error.contains("invalid value 'x' for '--shelf <SHELF>'"), "{error}");
    let transcript =
        manage::testing::Project::new(manage::Program::new(&["it"])).env("IT_ROOM", "hall").run(["reads"]);
    assert_eq!(transcript.stdout, "None false false [] 0 None None hall None\n");
}

#[case]
fn a_secret_may_be_in_a_file() {
    let project = || Project::new().file("secrets/stamp", "from a file\n").file("shelf", "1\n");
    let stamp = |project: &Project| {
        let ran = project.run("reads r");
        ran.out.split('"').nth(1).map_or_else(|| ran.all(), str::to_owned)
    };
    assert_eq!(stamp(&project().env("IT_STAMP_FILE", "secrets/stamp")), "from a file");
    assert_eq!(stamp(&project().file(".env", "IT_STAMP_FILE=secrets/stamp\n")), "from a file");
    let both = project().env("IT_STAMP_FILE", "secrets/stamp").env("IT_STAMP", "x").run("reads r");
    assert!(both.err.contains("Both IT_STAMP and IT_STAMP_FILE (environment) are set."), "{}", both.all());
    assert_eq!(both.exit.0, 78, "{}", both.all());
    // What is no secret may have a variable of its own with that name.
    let ran = project().env("IT_SHELF_FILE", "shelf").run("reads r");
    assert_eq!(ran.out, "None false false [] 0 None None r None\n", "{}", ran.all());
}

#[case]
fn errors_name_the_argument_and_the_variable() {
    let error = |env: &str, line: &str| {
        let ran = Project::new().file(".env", env).run(line);
        assert_eq!((ran.exit.0, ran.out.as_str()), (2, ""), "{}", ran.all());
        assert!(!ran.err.contains("from-variable"), "{}", ran.err);
        ran.err
    };
    let wrong = error("IT_SHELF=many\n", "reads r");
    assert!(wrong.contains("error: invalid value 'many' for '--shelf <SHELF>': invalid digit"), "{wrong}");
    assert!(
        wrong.contains("tip: the value comes from IT_SHELF (") && wrong.contains(".env, line 1)"),
        "{wrong}"
    );
    let wrong = error("\nIT_WEIGHTS=1,x\n", "reads r");
    assert!(
        wrong.contains("invalid value 'x' for '-w <WEIGHTS>...'") && wrong.contains(".env, line 2)"),
        "{wrong}"
    );
    let wrong = error("IT_LOUD=perhaps\n", "reads r");
    assert!(wrong.contains("invalid value 'perhaps' for '--loud'"), "{wrong}");
    let conflict = error("IT_SHELF=1\n", "reads r --floor");
    assert!(conflict.contains("'--shelf <SHELF>'") && conflict.contains("cannot be used with"), "{conflict}");
    let missing = error("IT_SHELF=1\n", "reads");
    assert!(missing.contains("required arguments were not provided:\n  <ROOM>"), "{missing}");
    let usage = missing.lines().find(|line| line.starts_with("Usage: "));
    let missing = error("", "reads");
    assert_eq!(usage, missing.lines().find(|line| line.starts_with("Usage: ")));
    let missing = error("IT_ROOM=r\nIT_STREET=Elm\n", "reads ship");
    assert!(missing.contains("--carrier <CARRIER>"), "{missing}");
    // An unknown word is found first.
    let unknown = error("IT_SHELF=many\n", "reads r --shelv 1");
    assert!(unknown.contains("unexpected argument '--shelv'") && unknown.contains("'--shelf'"), "{unknown}");
    let own = error("IT_SHELF=1\n", "reads r --shelf many");
    assert!(own.contains("invalid value 'many'") && !own.contains("comes from"), "{own}");
}

#[case]
fn help_shows_what_is_set() {
    let project =
        Project::new().file(".env", "IT_SHELF=7\nIT_STAMP=hunter2\nIT_ROOM=postgres://u:hunter2@db/x\n");
    for line in ["reads --help", "help reads", "--help reads"] {
        let help = project.run(line);
        assert!(help.out.contains("[env: IT_SHELF=7]"), "{}", help.all());
        assert!(
            help.out.contains("[env: IT_STAMP]") && help.out.contains("[env: IT_ROOM]"),
            "{}",
            help.all()
        );
        assert!(help.out.contains("[env: IT_LOUD=]") && !help.out.contains("hunter2"), "{}", help.all());
    }
    let ship = Project::new().file(".env", "IT_CARRIER=pigeon\n");
    for line in ["reads ship --help", "help reads ship"] {
        let help = ship.run(line);
        assert!(help.out.contains("[env: IT_CARRIER=pigeon]"), "{}", help.all());
    }
}

/// A process of the program itself.
fn process(folder: &Path, variables: &[(&str, &str)], words: &[&str]) -> Transcript {
    let program =
        Program::new(std::env::current_exe().expect("this program")).env(AS_PROGRAM, "1").cwd(folder);
    let program = variables.iter().fold(program, |program, (name, value)| program.env(name, value));
    program.args(words).spawn().wait(crate::backends::LONG)
}

#[case]
fn a_process_reads_env() {
    let project = Project::new().file(".env", "IT_SHELF=1\nIT_ROOM=attic\nIT_STAMP=s\n");
    let first = |variables: &[(&str, &str)]| {
        let ended = process(project.folder(), variables, &["reads"]);
        ended.stdout.split(' ').next().map(str::to_owned).unwrap_or(ended.stderr)
    };
    assert_eq!(first(&[]), "Some(1)");
    assert_eq!(first(&[("IT_SHELF", "2")]), "Some(2)");
    assert_eq!(first(&[("IT_SHELF", "")]), "Some(1)");
    let wrong = process(project.folder(), &[("IT_SHELF", "many")], &["reads"]);
    assert!(wrong.stderr.contains("tip: the value comes from IT_SHELF (environment)"), "{}", wrong.stderr);
    let help = process(project.folder(), &[("IT_SHELF", "2")], &["reads", "--help"]).stdout;
    assert!(help.contains("[env: IT_SHELF=2]") && help.contains("[env: IT_ROOM=attic]"), "{help}");
    assert!(help.contains("[env: IT_STAMP]"), "{help}");
}

#[cfg(unix)]
#[case]
fn a_foreign_file_is_refused_where_it_is_needed() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;

    let project = Project::new().file(".env", "IT_SHELF=1\n");
    set_permissions(project.folder().join(".env"), Permissions::from_mode(0o666)).expect("permissions");
    let ran = project.run("reads r --skip-checks");
    assert_eq!((ran.exit.0, ran.out.as_str()), (78, ""), "{}", ran.all());
    assert!(ran.err.contains(".env is not read"), "{}", ran.all());
    // The command has no such argument.
    assert_eq!(project.run("greet you --skip-checks").exit.0, 0);
    let help = project.run("reads --help");
    assert!(help.exit.0 == 0 && help.out.contains("[env: IT_SHELF=]"), "{}", help.all());
    // Each has a value already.
    let all = [
        ("IT_SHELF", "1"),
        ("IT_LOUD", "true"),
        ("IT_WEIGHTS", "1"),
        ("IT_TIMES", "1"),
        ("IT_STAMP", "s"),
        ("PATH", "p"),
        ("IT_ROOM", "r"),
        ("IT_CARRIER", "c"),
        ("IT_STREET", "e"),
    ];
    let ended = process(project.folder(), &all, &["reads", "--skip-checks"]);
    assert_eq!(ended.stdout, "Some(1) false true [1] 1 Some(\"s\") Some(1) r None\n", "{}", ended.stderr);
}
