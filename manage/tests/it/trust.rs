//! Files of settings that somebody else may have written: they are refused by name, or not even looked for.

mod processes;

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};
use std::path::Path;

use manage_test_support::{Need, case, needs};

use crate::project::{Project, Ran};

/// A user that no account is for.
const STRANGER: u32 = 4242;

const URL: &str = "DATABASE_URL=sqlite:trusted.db\n";
const TABLE: &str = "[databases.default]\nurl = \"sqlite:trusted.db\"\n";

/// Gives a file or a directory to the stranger.
fn give(path: impl AsRef<Path>) {
    chown(path, Some(STRANGER), Some(STRANGER)).expect("another owner");
}

fn set_mode(path: impl AsRef<Path>, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

#[track_caller]
fn is_refused(ran: &Ran, text: &str) {
    assert_eq!(ran.exit.0, 78, "{}", ran.all());
    assert!(ran.err.contains(text), "{text}\n{}", ran.all());
    assert!(ran.err.contains("\nHint: ") && ran.err.contains("MANAGE_SAFE_DIRECTORY="), "{}", ran.all());
}

#[track_caller]
fn is_used(ran: &Ran) {
    assert!(ran.exit.0 == 0 && ran.out.contains("trusted.db"), "{}", ran.all());
}

const ONCE: &str = "wait_for_db --once";

#[case]
fn what_others_may_write_is_refused() {
    for (name, text) in [(".env", URL), ("manage.toml", TABLE)] {
        let project = Project::new().file(name, text);
        let path = project.folder().join(name);
        for mode in [0o600, 0o400, 0o444, 0o644, 0o755] {
            set_mode(&path, mode);
            is_used(&project.run(ONCE));
        }
        for mode in [0o666, 0o602, 0o646, 0o777] {
            set_mode(&path, mode);
            let expected =
                format!("{} is not read: it may be written by others (mode {mode:04o}).", path.display());
            for line in [ONCE, "migrate", "showmigrations", "wait_for_db --all"] {
                is_refused(&project.run(line), &expected);
            }
            let ran = project.run("check");
            assert!(ran.exit.0 == 1 && ran.err.contains(&expected), "{}", ran.all());
            let ran = project.run("wait_for_db --once --format json");
            assert!(ran.exit.0 == 78 && ran.out.contains("may be written by others"), "{}", ran.all());
            assert_eq!(project.run("version").exit.0, 0);
        }
        set_mode(&path, 0o600);
        for mode in [0o777, 0o1777, 0o703] {
            set_mode(project.folder(), mode);
            let folder = project.folder().canonicalize().expect("a path");
            let expected = format!(
                "{} is not read: its directory {} may be written by others (mode {mode:04o}).",
                path.display(),
                folder.display()
            );
            is_refused(&project.run(ONCE), &expected);
        }
        set_mode(project.folder(), 0o755);
        is_used(&project.run(ONCE));
        // Who names a file has chosen it.
        if name == "manage.toml" {
            set_mode(&path, 0o666);
            is_used(&project.run("wait_for_db --once --settings manage.toml"));
            is_used(&project.env("MANAGE_SETTINGS", "manage.toml").run(ONCE));
        }
    }
}

#[case]
fn a_null_device_is_an_empty_file() {
    for name in [".env", "manage.toml"] {
        let project = Project::new();
        symlink("/dev/null", project.folder().join(name)).expect("a link");
        let ran = project.run(ONCE);
        assert!(ran.exit.0 == 0 && ran.out.contains("db.sqlite3"), "{}", ran.all());
        fs::remove_file(project.folder().join(name)).expect("removed");
        symlink("/dev/zero", project.folder().join(name)).expect("a link");
        let ran = project.run(ONCE);
        assert!(ran.exit.0 == 78 && ran.err.contains("it is a device, not a file"), "{}", ran.all());
    }
}

#[case]
fn what_is_not_searched_is_mentioned() {
    let project = Project::new().file(".env", URL).file("below/x", "");
    let said = format!("{} is not read", project.folder().join(".env").display());
    let ran = project.run_in("below", ONCE);
    assert!(ran.exit.0 == 0 && !ran.all().contains("trusted.db"), "{}", ran.all());
    assert!(
        project.run_in("below", "check").err.contains(&said),
        "{}",
        project.run_in("below", "check").all()
    );
    // What marks the project is enough; and so is another database.
    let project = project.file("Cargo.toml", "[package]\nname = \"x\"\n");
    is_used(&project.run_in("below", ONCE));
    let project = Project::new().file(".env", URL).file("below/.env", "DATABASE_URL=sqlite:below.db\n");
    let ran = project.run_in("below", "check");
    assert!(!ran.all().contains("is not read"), "{}", ran.all());
}

#[case]
fn a_file_cannot_trust_itself() {
    let project = Project::new();
    let folder = project.folder().display().to_string();
    let project = project.file(".env", &format!("{URL}MANAGE_SAFE_DIRECTORY={folder}\n"));
    let ran = project.run("check");
    assert!(ran.err.contains("MANAGE_SAFE_DIRECTORY in the environment"), "{}", ran.all());
    set_mode(project.folder().join(".env"), 0o666);
    is_refused(&project.run(ONCE), "may be written by others (mode 0666)");
}

#[case(needs(Need::Accounts))]
fn foreign_files_are_refused() {
    for (name, text) in [(".env", URL), ("manage.toml", TABLE)] {
        for below in ["", "app/src"] {
            let project = Project::new()
                .file("Cargo.toml", "[workspace]\nmembers = [\"app\"]\n")
                .file("app/Cargo.toml", "[package]\nname = \"app\"\n")
                .file("app/src/lib.rs", "")
                .file(name, text);
            is_used(&project.run_in(below, ONCE));
            let path = project.folder().join(name);
            give(&path);
            let folder = project.folder().canonicalize().expect("a path");
            let expected = format!(
                "{} is not read: it belongs to the user with uid {STRANGER}.\nHint: If it is yours, run `chown root {}` as \
                 root. If you trust it as it is, set MANAGE_SAFE_DIRECTORY={} in the environment.\n",
                path.display(),
                folder.join(name).display(),
                folder.display()
            );
            for line in [ONCE, "migrate", "check --database default --fail-level critical"] {
                let ran = project.run_in(below, line);
                if line.starts_with("check") {
                    assert!(
                        ran.err.contains(&format!("belongs to the user with uid {STRANGER}")),
                        "{}",
                        ran.all()
                    );
                } else {
                    is_refused(&ran, &expected);
                }
            }
            chown(&path, Some(65534), None).expect("another owner");
            is_refused(&project.run_in(below, ONCE), "belongs to user nobody (uid 65534)");
            give(&path);
            // The ways out: exactly this directory, one above it, all.
            let elsewhere = tempfile::tempdir().expect("a folder");
            let above = folder.parent().expect("a folder").display().to_string();
            let both = format!("{}:{}", elsewhere.path().display(), folder.display());
            for (safe, is_safe) in [
                (folder.display().to_string(), true),
                (format!("{}/", folder.display()), true),
                (above, true),
                (both, true),
                ("*".to_owned(), true),
                (elsewhere.path().display().to_string(), false),
                (folder.join("app").display().to_string(), false),
                (String::new(), false),
            ] {
                let ran = run_with(&folder, below, ONCE, &[("MANAGE_SAFE_DIRECTORY", &safe)]);
                match is_safe {
                    true => is_used(&ran),
                    false => is_refused(&ran, "is not read: it belongs to"),
                }
            }
            // The value that the hint has is one that works.
            let safe = elsewhere.path().display().to_string();
            let ran = run_with(&folder, below, ONCE, &[("MANAGE_SAFE_DIRECTORY", &safe)]);
            let value =
                ran.err.split("MANAGE_SAFE_DIRECTORY=").nth(1).and_then(|rest| rest.split(' ').next());
            let value = value.expect("a value").to_owned();
            is_used(&run_with(&folder, below, ONCE, &[("MANAGE_SAFE_DIRECTORY", &value)]));
            // sudo, as with git.
            is_used(&run_with(&folder, below, ONCE, &[("SUDO_UID", "4242")]));
            is_refused(&run_with(&folder, below, ONCE, &[("SUDO_UID", "4243")]), "is not read");
            is_refused(&run_with(&folder, below, ONCE, &[("SUDO_UID", "x")]), "is not read");
            chown(&path, Some(0), Some(0)).expect("the owner");
            give(&folder);
            is_refused(
                &project.run_in(below, ONCE),
                &format!("its directory {} belongs to", folder.display()),
            );
        }
    }
}

/// A command line in a directory, with these variables alone.
fn run_with(folder: &Path, below: &str, line: &str, variables: &[(&str, &str)]) -> Ran {
    use manage::console::{Capture, Output};
    use manage::settings::Environment;
    let (out, err) = (Capture::new(), Capture::new());
    let environment = Environment::new(variables.iter().copied(), folder.join(below));
    let output = Output::new(out.clone(), err.clone());
    let exit = manage::Program::new(&["it"]).run(line.split_whitespace(), environment, output);
    Ran { exit, out: out.text(), err: err.text() }
}

#[case(needs(Need::Accounts))]
fn foreign_links_are_refused() {
    let project = Project::new().file("real/.env", URL).file("other/x", "");
    let (real, link) = (project.folder().join("real/.env"), project.folder().join(".env"));
    symlink("real/.env", &link).expect("a link");
    is_used(&project.run(ONCE));
    lchown(&link, Some(STRANGER), None).expect("another owner");
    is_refused(
        &project.run(ONCE),
        "the symbolic link belongs to the user with uid 4242.\nHint: If it is yours, run `chown -h ",
    );
    lchown(&link, Some(0), None).expect("the owner");
    give(&real);
    is_refused(&project.run(ONCE), "real/.env, to which it leads, belongs to");
    chown(&real, Some(0), Some(0)).expect("the owner");
    set_mode(project.folder().join("real"), 0o777);
    is_refused(&project.run(ONCE), "real, to which it leads, may be written by others (mode 0777)");
    set_mode(project.folder().join("real"), 0o755);
    // A link on the way, of a directory or of the file.
    fs::remove_file(&link).expect("removed");
    symlink("current/.env", &link).expect("a link");
    let current = project.folder().join("current");
    symlink("real", &current).expect("a link");
    is_used(&project.run(ONCE));
    lchown(&current, Some(STRANGER), None).expect("another owner");
    is_refused(&project.run(ONCE), "current, to which it leads, belongs to");
    lchown(&current, Some(0), None).expect("the owner");
    fs::remove_file(&link).expect("removed");
    symlink("other/middle", &link).expect("a link");
    symlink("../real/.env", project.folder().join("other/middle")).expect("a link");
    is_used(&project.run(ONCE));
    give(project.folder().join("other"));
    is_refused(&project.run(ONCE), "other, to which it leads, belongs to");
    chown(project.folder().join("other"), Some(0), Some(0)).expect("the owner");
    is_used(&project.run(ONCE));
    // One that goes round.
    fs::remove_file(&link).expect("removed");
    symlink(".env", &link).expect("a link");
    assert_ne!(project.run(ONCE).exit.0, 0);
}

#[case(needs(Need::Accounts))]
fn groups_of_one_user_are_trusted() {
    let project = Project::new().file(".env", URL);
    let path = project.folder().join(".env");
    // Root's group, and a group of which /etc knows nothing.
    for (uid, gid, mode, is_trusted) in [
        (0, 0, 0o664, true),
        (0, 4243, 0o664, false),
        (0, 4243, 0o644, true),
        (STRANGER, STRANGER, 0o664, true),
    ] {
        chown(&path, Some(uid), Some(gid)).expect("an owner");
        set_mode(&path, mode);
        let ran = run_with(project.folder(), "", ONCE, &[("SUDO_UID", "4242")]);
        match is_trusted {
            true => is_used(&ran),
            false => is_refused(&ran, "it may be written by others in its group (mode 0664, gid 4243)"),
        }
    }
    set_mode(&path, 0o644);
    chown(&path, Some(0), Some(0)).expect("an owner");
    chown(project.folder(), Some(0), Some(4243)).expect("an owner");
    set_mode(project.folder(), 0o2775);
    is_refused(&project.run(ONCE), "may be written by others in its group (mode 2775, gid 4243)");
}

#[case(needs(Need::Accounts))]
fn a_foreign_mark_is_no_project() {
    // As in /tmp: everybody may put something there.
    for mark in [".git", "Cargo.toml", "manage.toml"] {
        let project = Project::new().file("mine/Cargo.toml", "[package]\nname = \"x\"\n").file(".env", URL);
        let (top, mark) = (project.folder().to_owned(), project.folder().join(mark));
        if mark.ends_with(".git") {
            fs::create_dir(&mark).expect("a folder");
        } else {
            fs::write(&mark, "[workspace]\n").expect("a file");
        }
        set_mode(&top, 0o1777);
        for path in [&mark, &top.join(".env")] {
            give(path);
        }
        let ran = project.run_in("mine", ONCE);
        assert!(ran.exit.0 == 0 && ran.out.contains("db.sqlite3"), "{}: {}", mark.display(), ran.all());
        assert!(!ran.all().contains("trusted.db"), "{}", ran.all());
        // A mark of one's own makes it one's project, whose files are then refused.
        chown(&mark, Some(0), Some(0)).expect("the owner");
        if mark.ends_with("manage.toml") {
            fs::write(&mark, "").expect("a file");
        }
        is_refused(&project.run_in("mine", ONCE), ".env is not read: it belongs to");
        // A project that is somebody else's as a whole is refused by name, as git does.
        give(&mark);
        give(&top);
        is_refused(&project.run_in("mine", ONCE), ".env is not read: it belongs to");
    }
}

#[case(needs(Need::Accounts))]
fn the_production_guard_stays() {
    let project = Project::new()
        .file("shop/manage.toml", "environment = \"production\"\n")
        .file("shop/below/x", "")
        .file(".env", "MANAGE_ENV=development\n");
    give(project.folder().join(".env"));
    let ran = project.run_in("shop/below", "migrate");
    assert!(ran.exit.0 == 78 && ran.err.contains("in production"), "{}", ran.all());
    // Nor is it lifted where the stranger's file is inside.
    let project = project.file("shop/.env", "MANAGE_ENV=development\n");
    give(project.folder().join("shop/.env"));
    for line in ["migrate", ONCE, "wait_for_db --timeout 1"] {
        is_refused(&project.run_in("shop/below", line), "shop/.env is not read: it belongs to");
    }
}

/// An access control list, as the kernel keeps it: another user may read, or write as well.
#[cfg(target_os = "linux")]
fn set_access_list(path: &Path, may_write: bool) -> bool {
    let other = if may_write { 6 } else { 4 };
    let mut list = 2_u32.to_le_bytes().to_vec();
    // The owner, the user 65534, the group, the mask, and all others.
    for (tag, may, id) in [
        (1_u16, 6_u16, u32::MAX),
        (2, other, 65534),
        (4, 4, u32::MAX),
        (16, other, u32::MAX),
        (32, 4, u32::MAX),
    ] {
        list.extend(tag.to_le_bytes());
        list.extend(may.to_le_bytes());
        list.extend(id.to_le_bytes());
    }
    rustix::fs::setxattr(path, "system.posix_acl_access", &list, rustix::fs::XattrFlags::empty()).is_ok()
}

#[cfg(target_os = "linux")]
#[case]
fn access_control_lists_count() {
    let project = Project::new().file(".env", URL);
    let path = project.folder().join(".env");
    // Not every file system has them.
    if !set_access_list(&path, false) {
        return;
    }
    is_used(&project.run(ONCE));
    assert!(set_access_list(&path, true));
    is_refused(&project.run(ONCE), "it may be written by others, by its access control list");
    rustix::fs::removexattr(&path, "system.posix_acl_access").expect("no list any more");
    set_mode(&path, 0o644);
    is_used(&project.run(ONCE));
}
