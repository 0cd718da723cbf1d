//! Files that commands write: no link is followed, nothing of others is lost, and who may read them stays as
//! it was.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use manage::__private::internals::{ScaffoldError, write_command};
use manage_test_support::{Account, Need, Program, case, needs};

use crate::isolating::PATIENCE;
use crate::project::{AS_PROGRAM, Project, Ran};

const OWNER: u32 = 61_001;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").mode() & 0o7777
}

fn write_help(project: &Project) -> Ran {
    let folder = project.folder().to_str().expect("UTF-8");
    project.run_words(&["help", "--output", folder, "--format", "markdown"])
}

#[case]
fn help_follows_no_link() {
    let project = Project::new().file("victim", "dear");
    let at = |name: &str| project.folder().join(name);
    // The first is a name that nobody could know; an older version wrote to the second.
    for name in ["manage.md", ".manage.md.new"] {
        symlink(at("victim"), at(name)).expect("a link");
    }
    let ran = write_help(&project);
    assert_eq!((ran.exit.0, ran.err.as_str()), (0, ""), "{}", ran.all());
    assert_eq!(fs::read_to_string(at("victim")).expect("it is there"), "dear");
    assert!(at("manage.md").symlink_metadata().expect("it is there").is_file());
    // Nothing is created behind a link that leads nowhere.
    fs::remove_file(at("manage.md")).expect("removed");
    symlink(at("none"), at("manage.md")).expect("a link");
    assert_eq!(write_help(&project).exit.0, 0);
    assert!(!at("none").exists() && at("manage.md").is_file());
    fs::set_permissions(at("manage.md"), Permissions::from_mode(0o640)).expect("a mode");
    assert_eq!(write_help(&project).exit.0, 0);
    assert_eq!(mode(&at("manage.md")), 0o640);
}

#[case]
fn help_replaces_files_alone() {
    let project = Project::new();
    let path = project.folder().join("manage.md");
    let refused = |why: &str| {
        let ran = write_help(&project);
        let text = format!("Error: {} cannot be written: {why}; remove it.\n", path.display());
        assert_eq!((ran.exit.0, ran.err.as_str()), (1, text.as_str()), "{}", ran.all());
    };
    fs::create_dir(&path).expect("a directory");
    refused("it is a directory");
    fs::remove_dir(&path).expect("removed");
    Program::new("mkfifo").arg(&path).run(PATIENCE).expect_success();
    refused("it is not a regular file");
    let left: Vec<_> = fs::read_dir(project.folder()).expect("a directory").flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[case]
fn help_needs_a_directory() {
    let project = Project::new().file("taken", "mine");
    let at = |name: &str| project.folder().join(name).to_str().expect("UTF-8").to_owned();
    symlink(at("none"), at("dangling")).expect("a link");
    for (folder, why) in [
        (at("taken"), "it is not a directory".to_owned()),
        ("/dev/null".to_owned(), "it is not a directory".to_owned()),
        (at("dangling"), format!("it is a symbolic link to {}, which does not exist", at("none"))),
    ] {
        let ran = project.run_words(&["help", "--output", &folder]);
        assert_eq!(ran.exit.0, 1, "{}", ran.all());
        assert_eq!(ran.err, format!("Error: {folder} cannot be written: {why}.\n"));
    }
    // A directory by another name is one.
    fs::create_dir(at("real")).expect("a directory");
    symlink(at("real"), at("link")).expect("a link");
    let ran = project.run_words(&["help", "--output", &at("link"), "--format", "json"]);
    assert!(ran.exit.0 == 0 && Path::new(&at("real/manage.json")).is_file(), "{}", ran.all());
}

#[case]
fn two_runs_of_help_at_once() {
    let project = Project::new();
    let folder = project.folder().join("out");
    let text = project.run("help --format markdown").out;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..5 {
                    let words = ["help", "--output", folder.to_str().expect("UTF-8"), "--format", "markdown"];
                    let ran = project.run_words(&words);
                    assert_eq!((ran.exit.0, ran.err.as_str()), (0, ""), "{}", ran.all());
                    assert_eq!(fs::read_to_string(folder.join("manage.md")).expect("it is there"), text);
                }
            });
        }
    });
    assert_eq!(fs::read_dir(folder).expect("a directory").count(), 1, "nothing is left over");
}

#[case(needs(Need::Accounts))]
fn a_replaced_file_keeps_its_owner() {
    let project = Project::new().file("manage.md", "old");
    let path = project.folder().join("manage.md");
    Account::numbered(OWNER, OWNER).own(&path).expect("root may give it away");
    assert_eq!(write_help(&project).exit.0, 0);
    let file = fs::metadata(&path).expect("it is there");
    assert_eq!((file.uid(), file.gid(), file.len() > 1_000), (OWNER, OWNER, true));
}

#[case]
fn a_new_command_follows_no_link() {
    let project = Project::new().file("src/lib.rs", "").file("src/management/commands/other.rs", "");
    let commands = project.folder().join("src/management/commands");
    symlink(project.folder().join("none"), commands.join("mine.rs")).expect("a link");
    let error =
        write_command(&project.folder().join("src/lib.rs"), "mine").expect_err("a link is in the way");
    assert!(matches!(error, ScaffoldError::Exists(_)), "{error}");
    assert!(!project.folder().join("none").exists());
}

/// What cannot be completed is a line in the log.
fn complete(project: &Project) {
    let ran = project.run_words(&["__complete", "zsh", "manage", "cache", "count", "--older", ""]);
    assert_eq!((ran.exit.0, ran.err.as_str()), (0, ""), "{}", ran.all());
}

fn with_log(project: Project) -> Project {
    let state = project.folder().join("state").to_str().expect("UTF-8").to_owned();
    project.env("XDG_STATE_HOME", &state)
}

#[case]
fn the_log_of_completion_is_private() {
    let project = with_log(Project::new());
    let (folder, log) =
        (project.folder().join("state/manage"), project.folder().join("state/manage/completion.log"));
    complete(&project);
    assert_eq!((mode(&folder), mode(&log)), (0o700, 0o600));
    // What an older version left open is closed.
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).expect("a mode");
    fs::set_permissions(&log, Permissions::from_mode(0o644)).expect("a mode");
    complete(&project);
    assert_eq!((mode(&folder), mode(&log)), (0o700, 0o600));
    assert_eq!(fs::read_to_string(log).expect("it is there").lines().count(), 2);
}

#[case]
fn the_log_of_completion_follows_no_link() {
    for (link, target) in [
        ("state/manage/completion.log", "victim"),
        ("state/manage/completion.log", "none"),
        ("state/manage", "elsewhere"),
    ] {
        let project = with_log(Project::new().file("victim", "dear").file("elsewhere/file", "dear"));
        let at = |name: &str| project.folder().join(name);
        fs::create_dir_all(at(link).parent().expect("one")).expect("a directory");
        symlink(at(target), at(link)).expect("a link");
        complete(&project);
        assert_eq!(fs::read_to_string(at("victim")).expect("it is there"), "dear", "{link} → {target}");
        assert!(!at("none").exists() && !at("elsewhere/completion.log").exists(), "{link} → {target}");
    }
    let project = with_log(Project::new().file("victim", "dear").file("state/manage/other", ""));
    let log = project.folder().join("state/manage/completion.log");
    fs::hard_link(project.folder().join("victim"), &log).expect("a link");
    complete(&project);
    assert_eq!(fs::read_to_string(&log).expect("it is there"), "dear");
    fs::remove_file(&log).expect("removed");
    Program::new("mkfifo").arg(&log).run(PATIENCE).expect_success();
    complete(&project);
}

#[case]
fn the_log_of_completion_is_bounded() {
    const LIMIT: usize = 64 * 1024;
    let line = "x".repeat(1_000) + "\n";
    let project = with_log(Project::new().file("state/manage/completion.log", &line.repeat(65)));
    let log = project.folder().join("state/manage/completion.log");
    complete(&project);
    assert!(fs::metadata(&log).expect("it is there").len() <= LIMIT as u64);
    // A directory may have a long name, and one that a terminal would obey.
    let folder = format!("\u{1b}[31m\u{202e}\n{}", "y".repeat(200));
    let deep = [folder.as_str(); 8].join("/");
    fs::create_dir_all(project.folder().join(&deep)).expect("a directory");
    fs::remove_file(&log).expect("removed");
    let state = project.folder().join("state");
    let variables = [("XDG_STATE_HOME", state)];
    let environment = manage::settings::Environment::new(variables, project.folder().join(&deep));
    let output = manage::console::Output::new(std::io::sink(), std::io::sink());
    let words = ["__complete", "zsh", "manage", "cache", "count", "--older", ""];
    let exit = manage::Program::new(&["it"]).run(words, environment, output);
    assert_eq!(exit.0, 0);
    let text = fs::read_to_string(&log).expect("it is there");
    assert!(text.lines().count() == 1 && text.len() < 2_000, "{text}");
    assert!(!text.contains(['\u{1b}', '\u{202e}']) && text.contains("The cache is on fire."), "{text}");
}

/// Root with the environment of another user, as `sudo -E` leaves it.
#[case(needs(Need::Accounts))]
fn the_log_of_completion_stays_out_of_others_homes() {
    let folder = tempfile::tempdir().expect("a directory");
    let (home, owner) = (folder.path().join("home"), Account::numbered(OWNER, OWNER));
    fs::create_dir(&home).expect("a directory");
    owner.own(&home).expect("root may give it away");
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("a mode");
    let complete = || {
        Program::new(std::env::current_exe().expect("this program"))
            .env(AS_PROGRAM, "1")
            .env("HOME", &home)
            .cwd(&home)
            .args(["__complete", "zsh", "manage", "cache", "count", "--older", ""])
    };
    complete().run(PATIENCE).expect_success();
    assert!(!home.join(".local").exists(), "nothing of root's is in the way of its owner");
    complete().account(owner).run(PATIENCE).expect_success();
    assert!(home.join(".local/state/manage/completion.log").is_file());
    assert_eq!(mode(&home.join(".local")), 0o700);
    // A directory of another user's where one's own is expected.
    let stranger = Account::numbered(61_003, 61_003);
    fs::remove_file(home.join(".local/state/manage/completion.log")).expect("removed");
    stranger.own(&home.join(".local/state/manage")).expect("root may give it away");
    fs::set_permissions(home.join(".local/state/manage"), Permissions::from_mode(0o777)).expect("a mode");
    complete().account(owner).run(PATIENCE).expect_success();
    assert!(!home.join(".local/state/manage/completion.log").exists());
}
