//! The files that hold secrets: which are read, how much of them, and for how long.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use manage_test_support::{Need, case, needs, only_if};

use crate::env_files::load;
use crate::project::{AS_PROGRAM, Project, Ran};

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
}

fn set_mode(path: impl AsRef<Path>, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

/// The database's password, where `name` in the project's directory is its file; or the error.
fn password(project: &Project, name: &str) -> Result<String, String> {
    let variables = [("POSTGRES_HOST", "db"), ("POSTGRES_PASSWORD_FILE", name)];
    let settings = load(project.folder(), &variables).map_err(|error| error.to_string())?;
    let password = settings.database("default").expect("a database").password.clone();
    Ok(password.expect("a password").into_exposed())
}

#[case]
fn one_line_of_a_file() {
    let kib = 1 << 10;
    for (text, expected) in [
        ("s3cret".to_owned(), Ok("s3cret")),
        ("s3cret\n".to_owned(), Ok("s3cret")),
        ("s3cret\n\n".to_owned(), Ok("s3cret")),
        ("s3cret\r\n".to_owned(), Ok("s3cret\r")),
        ("s3 cret \n".to_owned(), Ok("s3 cret ")),
        ("root:x\nbin:y\n".to_owned(), Err("has more than one line")),
        ("root:x\r\nbin:y\r\n".to_owned(), Err("has more than one line")),
        ("root:x\rbin:y".to_owned(), Err("has more than one line")),
        ("\nroot:x".to_owned(), Err("has more than one line")),
        ("\r\n\n".to_owned(), Err("is empty")),
        ("x".repeat(64 * kib + 1), Err("it is larger than 64 KiB")),
    ] {
        let project = Project::new().file("secret", &text);
        let found = password(&project, "secret");
        match expected {
            Ok(expected) => assert_eq!(found.as_deref(), Ok(expected), "{text:?}"),
            Err(expected) => {
                let error = found.expect_err("an error");
                assert!(error.contains(expected) && error.contains("POSTGRES_PASSWORD_FILE"), "{error}");
                assert!(!error.contains("root:x"), "{error}");
            }
        }
    }
    let project = Project::new().file("secret", &"x".repeat(64 * kib));
    assert_eq!(password(&project, "secret").map(|password| password.len()), Ok(64 * kib));
    // What is no file, or has no end.
    let _socket = UnixListener::bind(project.folder().join("socket")).expect("a socket");
    symlink("/dev/zero", project.folder().join("link")).expect("a link");
    for (name, expected) in [
        (
            "/dev/zero",
            "/dev/zero, which POSTGRES_PASSWORD_FILE (environment) names: it is a device, not a file",
        ),
        ("link", "it is a device, not a file"),
        ("/dev/null", "is empty"),
        ("/dev", "it is a directory, not a file"),
        ("socket", "it is a socket, not a file"),
        ("/etc/passwd", "has more than one line"),
    ] {
        let error = password(&project, name).expect_err(name);
        assert!(error.contains(expected), "{error}");
    }
    // The same from every place that names a file.
    let lines = "hunter2-a\nhunter2-b\n";
    for (table, env) in [
        ("url = \"postgres://db/a\"\npassword_file = \"secret\"", ""),
        ("url_file = \"secret\"", ""),
        ("", "DATABASE_URL_FILE=secret"),
        ("", "DATABASE_URL_OTHER_FILE=secret"),
        ("", "POSTGRES_HOST_FILE=secret"),
        ("", "DATABASE_URL=postgres://db/a\nDATABASE_PASSWORD_FILE=secret"),
        ("", "MYSQL_HOST=db\nMYSQL_DATABASE_FILE=secret"),
    ] {
        let project = Project::new().file("secret", lines).file(".env", env);
        let project = match table {
            "" => project,
            table => project.file("manage.toml", &format!("[databases.default]\n{table}\n")),
        };
        let ran = project.run("wait_for_db --once");
        assert!(
            ran.exit.0 == 78 && ran.err.contains("has more than one line"),
            "{table}{env}\n{}",
            ran.all()
        );
        assert!(!ran.all().contains("hunter2"), "{}", ran.all());
    }
}

#[case]
fn several_lines_if_the_code_says_so() {
    let key = "-----BEGIN KEY-----\nMIIB\n-----END KEY-----\n";
    let project = Project::new().file("key.pem", key);
    let settings = load(project.folder(), &[("SIGNING_KEY_FILE", "key.pem")]).expect("settings");
    let read = settings.multiline_variable("SIGNING_KEY").expect("a key").expect("a key");
    assert_eq!(read.expose(), key.trim_end());
    let error = settings.variable("SIGNING_KEY").expect_err("several lines");
    assert!(error.to_string().contains("has more than one line"), "{error}");
    assert!(error.hint_text().is_some_and(|hint| hint.contains("multiline_variable")), "{error:?}");
    assert_eq!(settings.multiline_variable("NONE"), Ok(None));
}

/// What Docker and Kubernetes make: files that everybody may read, and links in a directory that everybody
/// may write.
#[case]
fn mounted_as_engines_do() {
    let project = Project::new().file("run/secrets/password", "s3cret\n");
    set_mode(project.folder().join("run/secrets/password"), 0o444);
    set_mode(project.folder().join("run/secrets"), 0o755);
    assert_eq!(password(&project, "run/secrets/password").as_deref(), Ok("s3cret"));
    // A volume of Kubernetes: `..data` is changed to another directory when the secret is.
    let project = project.file("k8s/..2026_11_26/password", "s3cret").file("k8s/..2026_11_26/.env", ENV);
    let volume = project.folder().join("k8s");
    symlink("..2026_11_26", volume.join("..data")).expect("a link");
    for name in ["password", ".env"] {
        symlink(Path::new("..data").join(name), volume.join(name)).expect("a link");
        set_mode(volume.join("..2026_11_26").join(name), 0o444);
    }
    set_mode(&volume, 0o1777);
    set_mode(volume.join("..2026_11_26"), 0o755);
    assert_eq!(password(&project, "k8s/password").as_deref(), Ok("s3cret"));
    fs::create_dir(volume.join("..2026_11_27")).expect("a folder");
    fs::write(volume.join("..2026_11_27/password"), "changed").expect("a file");
    fs::remove_file(volume.join("..data")).expect("removed");
    symlink("..2026_11_27", volume.join("..data")).expect("a link");
    assert_eq!(password(&project, "k8s/password").as_deref(), Ok("changed"));
    fs::remove_file(volume.join("..data")).expect("removed");
    symlink("..2026_11_26", volume.join("..data")).expect("a link");
    // Settings that are found there need a directory that only its owner may write, or to be called safe.
    let ran = project.run_in("k8s", "wait_for_db --once");
    assert!(ran.exit.0 == 78 && ran.err.contains("may be written by others (mode 1777)"), "{}", ran.all());
    let safe = volume.canonicalize().expect("a path");
    let project = project.env("MANAGE_SAFE_DIRECTORY", safe.to_str().expect("a text"));
    is_mounted(&project.run_in("k8s", "wait_for_db --once"));
    let project = project.env("MANAGE_SAFE_DIRECTORY", "");
    set_mode(&volume, 0o755);
    is_mounted(&project.run_in("k8s", "wait_for_db --once"));
}

const ENV: &str = "DATABASE_URL=sqlite:/dev/never-made/mounted.db\n";

/// Its own settings are in force; there is no such database.
#[track_caller]
fn is_mounted(ran: &Ran) {
    assert!(ran.all().contains("never-made") && !ran.all().contains("is not read"), "{}", ran.all());
}

/// This test program as `manage`.
fn shell(folder: &Path, line: &str) -> Command {
    let mut command = Command::new("bash");
    let this = std::env::current_exe().expect("this program");
    command.env(AS_PROGRAM, "1").env("manage", this).current_dir(folder).args(["-c", line]);
    command.stdin(Stdio::null());
    command
}

#[case(needs(Need::Program("bash")))]
fn from_another_program() {
    let project = Project::new();
    for line in [
        "DATABASE_URL_FILE=<(echo sqlite:piped.db) \"$manage\" wait_for_db --once",
        "echo sqlite:piped.db | DATABASE_URL_FILE=/dev/stdin \"$manage\" wait_for_db --once",
        "echo 'DATABASE_URL=sqlite:piped.db' > e; ln -s e .env; \"$manage\" wait_for_db --once",
        "\"$manage\" wait_for_db --once --settings <(printf '[databases.default]\\nurl = \"sqlite:/dev/piped.db\"\\n'); rm -f .env",
    ] {
        let output = shell(project.folder(), line).output().expect("bash");
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(said.contains("piped.db"), "{line}\n{said}");
    }
    // The limits hold for them, too.
    for (line, expected) in [
        ("DATABASE_URL_FILE=<(cat /dev/zero) \"$manage\" wait_for_db --once", "it is larger than 64 KiB"),
        ("DATABASE_URL_FILE=<(printf 'a\\nb\\n') \"$manage\" wait_for_db --once", "has more than one line"),
        (
            "DATABASE_URL_FILE=<(sleep 5 2> /dev/null) \"$manage\" wait_for_db --timeout 0.3",
            "no program wrote to it",
        ),
    ] {
        let start = Instant::now();
        let output = shell(project.folder(), line).stdout(Stdio::null()).output().expect("bash");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(expected) && start.elapsed() < Duration::from_secs(20), "{line}\n{said}");
    }
}

#[case]
fn settings_have_an_end() {
    for name in [".env", "manage.toml"] {
        let project = Project::new().file(name, &"# a comment\n".repeat(1 << 17));
        let ran = project.run("wait_for_db --once");
        assert!(ran.exit.0 == 78 && ran.err.contains("it is larger than 1 MiB"), "{}", ran.all());
        let project = Project::new().file(name, &"# a comment\n".repeat(80_000));
        assert_eq!(project.run("wait_for_db --once").exit.0, 0);
    }
    for file in ["/dev/zero", "/dev", "endless"] {
        let project = Project::new();
        symlink("/dev/urandom", project.folder().join("endless")).expect("a link");
        let ran = project.run(&format!("wait_for_db --once --settings {file}"));
        assert!(ran.exit.0 == 78 && ran.err.contains("not a file"), "{}", ran.all());
    }
    // What libpq reads.
    let project = Project::new().env("DATABASE_URL", "postgres://").env("PGSERVICE", "shop");
    let ran = project.env("PGSERVICEFILE", "/dev/zero").run("wait_for_db --once");
    assert!(ran.exit.0 == 78 && ran.err.contains("names: it is a device, not a file"), "{}", ran.all());
}

/// A command that must end by its time limit of half a second.
#[track_caller]
fn is_timed_out(project: &Project, line: &str, expected: &str) {
    let start = Instant::now();
    let ran = project.run(line);
    let elapsed = start.elapsed();
    assert!(
        elapsed >= Duration::from_millis(450) && elapsed < Duration::from_secs(5),
        "{elapsed:?} {}",
        ran.all()
    );
    assert_eq!(ran.exit.0, 124, "{}", ran.all());
    assert!(ran.all().contains(expected), "{}", ran.all());
}

const WITHIN: &str = "it is a named pipe, and no program wrote to it and closed it within 0.5 seconds";

#[case]
fn a_time_limit_holds_for_settings() {
    for name in [".env", "manage.toml"] {
        let project = Project::new();
        pipe(&project.folder().join(name));
        let expected = format!("Cannot read {}: {WITHIN}.", project.folder().join(name).display());
        is_timed_out(&project, "wait_for_db --timeout 0.5", &expected);
        is_timed_out(
            &project,
            "wait_for_db --timeout 0.5 --format json",
            "\"outcome\":\"timed_out\",\"exit_code\":124",
        );
        is_timed_out(&project, "wait_for_db --timeout 0.5 --all --for tcp://127.0.0.1:1", &expected);
        // What needs no settings reads none.
        let ran = project.run("wait_for_db --timeout 0.5 --no-database --for tcp://127.0.0.1:1");
        assert!(ran.exit.0 == 124 && !ran.all().contains("pipe"), "{}", ran.all());
    }
    for variable in ["DATABASE_URL_FILE", "DATABASE_URL_OTHER_FILE", "POSTGRES_HOST_FILE"] {
        let project = Project::new().env(variable, "secret");
        pipe(&project.folder().join("secret"));
        is_timed_out(&project, "wait_for_db --timeout 0.5", WITHIN);
    }
    let table = "[databases.default]\nurl = \"postgres://db/a\"\npassword_file = \"secret\"\n";
    let project = Project::new().file("manage.toml", table);
    pipe(&project.folder().join("secret"));
    is_timed_out(&project, "wait_for_db --timeout 0.5", WITHIN);
    let project = Project::new();
    pipe(&project.folder().join("named"));
    is_timed_out(&project, "wait_for_db --timeout 0.5 --settings named", WITHIN);
    is_timed_out(&project, "wait_for_db --timeout 0.5 --no-database --for-file named", WITHIN);
    // What was spent on the settings is not there for the wait.
    let project = Project::new().env("DATABASE_URL_FILE", "secret");
    let path = project.folder().join("secret");
    pipe(&path);
    let start = Instant::now();
    let writer = std::thread::spawn(move || {
        let mut pipe = OpenOptions::new().write(true).open(path).expect("a reader");
        // The reader has opened it: from here on its time runs.
        std::thread::sleep(Duration::from_secs(3));
        pipe.write_all(b"postgres://u@127.0.0.1:1/a\n").expect("written");
    });
    let ran = project.run("wait_for_db --timeout 3.5");
    let elapsed = start.elapsed();
    writer.join().expect("the writer");
    // Twice the time would be 6.5 s.
    assert!(ran.exit.0 == 124 && elapsed < Duration::from_secs(6), "{elapsed:?} {}", ran.all());
}

#[case]
fn a_slow_writer_is_not_waited_for() {
    let project = Project::new();
    let path = project.folder().join(".env");
    pipe(&path);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut pipe = OpenOptions::new().write(true).open(&path).expect("a reader");
            while !is_over.load(Ordering::Relaxed) && pipe.write_all(b"#").is_ok() {
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        is_timed_out(&project, "wait_for_db --timeout 0.5", WITHIN);
        is_over.store(true, Ordering::Relaxed);
    });
}

#[case]
fn completion_waits_for_no_pipe() {
    let table = "[databases.default]\nurl = \"postgres://db/a\"\npassword_file = \"secret\"\n";
    let project = Project::new().file("manage.toml", table).file("state/x", "");
    let state = project.folder().join("state");
    let project = project.env("XDG_STATE_HOME", state.to_str().expect("a text"));
    let path = project.folder().join("secret");
    let log = || fs::read_to_string(state.join("manage/completion.log")).unwrap_or_default();
    let offered = |project: &Project| {
        let start = Instant::now();
        let ran = project.run_words(&["__complete", "zsh", "manage", "migrate", "--database", ""]);
        assert!(ran.exit.0 == 0 && start.elapsed() < Duration::from_secs(20), "{}", ran.all());
        ran.out
    };
    pipe(&path);
    // A reader would take what is written.
    let waiting = Command::new("sh").args(["-c", "echo hunter2 > \"$0\""]).arg(&path).spawn().expect("sh");
    assert!(offered(&project).contains("default\tPostgreSQL at db:5432/a"), "{}", log());
    assert_eq!(log().lines().count(), 1, "{}", log());
    assert!(log().contains("secret, which") && log().contains("password_file"), "{}", log());
    assert_eq!(fs::read_to_string(&path).expect("what was written"), "hunter2\n");
    let mut waiting = waiting;
    assert!(waiting.wait().expect("sh").success());
    // The names of the migrations are offered; no database is.
    let ran = project.run_words(&["__complete", "zsh", "manage", "migrate", ""]);
    assert!(ran.out.contains("zero"), "{}", ran.all());
    for target in ["/dev/zero", "missing"] {
        fs::remove_file(&path).expect("removed");
        symlink(target, &path).expect("a link");
        assert!(offered(&project).contains("default\t"), "{}", log());
    }
    // A file that others may write is passed over, and a plain one is used.
    fs::remove_file(&path).expect("removed");
    drop(File::create(&path).expect("a file"));
    fs::write(&path, "s3cret\n").expect("a file");
    set_mode(&path, 0o666);
    fs::remove_file(state.join("manage/completion.log")).expect("removed");
    assert!(offered(&project).contains("default\t"));
    assert!(log().contains("others may have written"), "{}", log());
    set_mode(&path, 0o444);
    fs::remove_file(state.join("manage/completion.log")).expect("removed");
    assert!(offered(&project).contains("default\t"));
    assert_eq!(log(), "");
    // So is a pipe in place of settings.
    let project = Project::new();
    pipe(&project.folder().join(".env"));
    assert!(offered(&project).contains("default\t"));
}

#[case(only_if(cfg!(feature = "postgres")))]
fn certificates_have_an_end() {
    let project = Project::new();
    for (parameter, expected) in [
        ("sslrootcert=/dev/zero", "/dev/zero: it is a device, not a file"),
        ("sslrootcert=/dev", "/dev: it is a directory, not a file"),
    ] {
        let url = format!("postgres://u@127.0.0.1:1/a?sslmode=verify-full&{parameter}");
        let project = Project::new().env("DATABASE_URL", &url);
        let ran = project.run("wait_for_db --once");
        assert!(ran.exit.0 == 78 && ran.err.contains(expected), "{}", ran.all());
    }
    drop(project);
}
