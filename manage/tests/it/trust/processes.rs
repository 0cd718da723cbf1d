//! What this program trusts as a process of its own: where it starts, and who may replace it.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use manage_test_support::hostile::{Hostile, postgres};
use manage_test_support::{Need, case, needs};

use super::{STRANGER, URL, give, set_mode};
use crate::project::{AS_PROGRAM, Project};

/// This test program as `manage`, in a process of its own.
fn process(folder: &Path, words: &[&str]) -> Command {
    process_of(&std::env::current_exe().expect("this program"), folder, words)
}

fn process_of(program: &Path, folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env(AS_PROGRAM, "1").current_dir(folder).args(words);
    command
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The attack: root works below a directory of a stranger, whose `.env` names a server of his and a file that
/// only root may read as the password.
#[case(needs(Need::Accounts))]
fn no_secret_is_sent_to_a_stranger() {
    const SECRET: &str = "root:$y$j9T$only-root-may-read-this";
    let server = Hostile::start(postgres::Case::AskCleartext);
    let folder =
        tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().expect("a folder");
    let shadow = folder.path().join("shadow");
    fs::write(&shadow, format!("{SECRET}\n")).expect("a file");
    set_mode(&shadow, 0o600);
    let top = folder.path().join("a");
    let work = top.join("b/c");
    fs::create_dir_all(&work).expect("folders");
    let lines = format!(
        "DATABASE_URL=postgres://x@127.0.0.1:{}/x?sslmode=disable\nDATABASE_PASSWORD_FILE={}\n",
        server.port(),
        shadow.display()
    );
    fs::write(top.join(".env"), &lines).expect("a file");
    let marks: [&dyn Fn(); 4] = [
        &|| (),
        // What makes the directory the project's.
        &|| {
            fs::create_dir(top.join(".git")).expect("a folder");
            give(top.join(".git"));
        },
        &|| chown(top.join(".git"), Some(0), Some(0)).expect("the owner"),
        // The same in the directory itself.
        &|| {
            fs::copy(top.join(".env"), work.join(".env")).expect("a copy");
            give(work.join(".env"));
        },
    ];
    give(top.join(".env"));
    for mode in [0o777, 0o755] {
        let _ = fs::remove_dir(top.join(".git"));
        let _ = fs::remove_file(work.join(".env"));
        give(&top);
        set_mode(&top, mode);
        for (i, mark) in marks.iter().enumerate() {
            mark();
            for words in [
                &["wait_for_db", "--once"][..],
                &["migrate"],
                &["showmigrations"],
                &["check", "--database", "default"],
                &["__complete", "bash", "manage migrate ", "\" \""],
                &["__complete", "zsh", "manage", "migrate", "--database", ""],
            ] {
                let output = process(&work, words).env("HOME", folder.path()).output().expect("it runs");
                let said = text(&output);
                assert!(!said.contains("only-root"), "{said}");
                if words[0] == "__complete" {
                    assert!(output.status.success() && output.stderr.is_empty(), "{said}");
                } else if i > 0 {
                    assert!(said.contains(".env is not read"), "{i} {words:?}\n{said}");
                }
            }
        }
    }
    assert_eq!(server.accepted(), 0, "nothing connects to the stranger's server");
    // The same settings of one's own are used: so the attack would have worked.
    let own = folder.path().join("own");
    fs::create_dir(&own).expect("a folder");
    fs::write(own.join(".env"), &lines).expect("a file");
    process(&own, &["wait_for_db", "--once"]).output().expect("it runs");
    assert!(server.has_received("only-root-may-read-this"));
}

/// A hard link to this program, in a directory of another owner.
fn program_in(folder: &Path) -> PathBuf {
    let this = std::env::current_exe().expect("this program");
    let program = folder.join("program");
    if fs::hard_link(&this, &program).is_err() {
        fs::copy(&this, &program).expect("a copy");
    }
    program
}

/// The directory that has this program, where a hard link to it can be.
fn near_program() -> tempfile::TempDir {
    let this = std::env::current_exe().expect("this program");
    let near = this.parent().expect("a folder");
    let mut builder = tempfile::Builder::new();
    builder.permissions(fs::Permissions::from_mode(0o755)).tempdir_in(near).expect("a folder")
}

#[case(needs(Need::Accounts))]
fn who_may_replace_the_program_is_trusted() {
    let folder = near_program();
    let program = program_in(folder.path());
    let project = Project::new().file(".env", URL);
    give(project.folder().join(".env"));
    let run = || process_of(&program, project.folder(), &["wait_for_db", "--once"]);
    let output = run().output().expect("it runs");
    assert_eq!(output.status.code(), Some(78), "{}", text(&output));
    give(folder.path());
    let output = run().output().expect("it runs");
    assert!(output.status.success() && text(&output).contains("trusted.db"), "{}", text(&output));
    chown(folder.path(), Some(0), Some(0)).expect("the owner");
    // What cargo has just built and run.
    let package = tempfile::tempdir().expect("a folder");
    let output = run().env("CARGO_MANIFEST_DIR", package.path()).output().expect("it runs");
    assert_eq!(output.status.code(), Some(78), "{}", text(&output));
    give(package.path());
    let output = run().env("CARGO_MANIFEST_DIR", package.path()).output().expect("it runs");
    assert!(output.status.success(), "{}", text(&output));
}

#[case(needs(Need::Accounts))]
fn another_user_trusts_root_alone() {
    use std::os::unix::process::CommandExt;
    let this = std::env::current_exe().expect("this program");
    let is_open =
        this.ancestors().skip(1).all(|folder| folder.metadata().is_ok_and(|data| data.mode() & 1 != 0));
    let copy =
        tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().expect("a folder");
    let program = if is_open { this } else { program_in(copy.path()) };
    let project = Project::new().file(".env", URL);
    let path = project.folder().join(".env");
    set_mode(project.folder(), 0o755);
    for (owner, is_trusted) in [(0, true), (STRANGER, true), (STRANGER + 1, false)] {
        chown(&path, Some(owner), Some(owner)).expect("an owner");
        let mut command = process_of(&program, project.folder(), &["check", "--settings", "/dev/null"]);
        // Such a user's sudo says nothing.
        command.env("SUDO_UID", "4243").uid(STRANGER).gid(STRANGER);
        let output = command.output().expect("it runs");
        assert_eq!(output.status.success(), is_trusted, "{owner} {}", text(&output));
        assert_eq!(
            text(&output).contains("belongs to the user with uid 4243"),
            !is_trusted,
            "{}",
            text(&output)
        );
    }
}

#[case(needs(Need::Accounts))]
fn completion_passes_strangers_over() {
    let project = Project::new()
        .file(".env", "DATABASE_URL_FOREIGN=sqlite:foreign.db\n")
        .file("manage.toml", "[databases.own]\nurl = \"sqlite:own.db\"\n")
        .file("state/x", "");
    let state = project.folder().join("state");
    let project = project.env("XDG_STATE_HOME", state.to_str().expect("a text"));
    give(project.folder().join(".env"));
    let offered = |line: &[&str]| {
        let ran = project.run_words(&[&["__complete", "zsh", "manage"], line].concat());
        assert_eq!((ran.exit.0, ran.err.as_str()), (0, ""), "{}", ran.all());
        ran.out
    };
    let aliases = offered(&["migrate", "--database", ""]);
    assert!(aliases.contains("own\t") && !aliases.contains("foreign"), "{aliases}");
    let log = fs::read_to_string(state.join("manage/completion.log")).expect("a log");
    assert!(log.lines().count() == 1 && log.contains(".env is not read: it belongs to"), "{log}");
    assert!(offered(&["migrate", ""]).contains("zero"));
    give(project.folder().join("manage.toml"));
    let aliases = offered(&["migrate", "--database", ""]);
    assert!(!aliases.contains("own\t") && aliases.contains("default\t"), "{aliases}");
    assert!(!project.folder().join("db.sqlite3").exists());
    chown(project.folder().join(".env"), Some(0), None).expect("the owner");
    assert!(offered(&["migrate", "--database", ""]).contains("foreign\t"));
    // A file that the line names.
    let aliases = offered(&["migrate", "--settings", "manage.toml", "--database", ""]);
    assert!(!aliases.contains("own\t"), "{aliases}");
}
