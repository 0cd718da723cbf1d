//! `.env` as people write it: what stops a command, what does not, and what kind of file it may be.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use manage::settings::{Environment, Settings, SettingsError, Source};
use manage_test_support::{case, only_if};

use crate::project::{AS_PROGRAM, Project};

pub(crate) fn load(folder: &Path, variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    Settings::load(&Source::new(Environment::new(variables.iter().copied(), folder), None))
}

fn password(text: &str) -> Result<String, String> {
    let project = Project::new().file(".env", text);
    let settings = load(project.folder(), &[("POSTGRES_HOST", "db")]).map_err(|error| error.to_string())?;
    let password = settings.database("default").expect("a database").password.clone().unwrap_or_default();
    Ok(password.into_exposed())
}

#[case]
fn a_dollar_sign_cuts_nothing() {
    for (text, expected) in [
        ("POSTGRES_PASSWORD=Ab$cd9$E#1\n", "Ab$cd9$E#1"),
        ("POSTGRES_PASSWORD='Ab$cd9$E#1'\n", "Ab$cd9$E#1"),
        ("POSTGRES_PASSWORD=\"Ab$cd9$E#1\"\n", "Ab$cd9$E#1"),
        ("POSTGRES_PASSWORD=$DB_USER\n", "$DB_USER"),
        ("DB_USER=app\nPOSTGRES_PASSWORD=$DB_USER\n", "app"),
        ("DB_USER=app\nPOSTGRES_PASSWORD=${DB_USER}-1\n", "app-1"),
        ("POSTGRES_PASSWORD=${X:-abc}\n", "abc"),
        ("POSTGRES_PASSWORD='${X}'\n", "${X}"),
    ] {
        assert_eq!(password(text).as_deref(), Ok(expected), "{text}");
    }
    let error = password("\nPOSTGRES_PASSWORD=a${DB_PASSWORD}\n").expect_err("not set");
    assert!(error.contains(".env, line 2): `${DB_PASSWORD}` is not set."), "{error}");
}

#[case]
fn what_others_read_stops_nothing() {
    let text = r#"
# comment
PLAIN
CRON=*/5 * * * * root /bin/true
JSON={"a": [1, "two"], 'b': null}
WINDOWS=C:\dir\new
SENTENCE=it's a "test" & more; of $things `here`
a line of words
NESTED=${NOT_SET:?say so}
UNSET=${NOT_SET}
YAML: value
= nothing
export
'quoted'=1
KEY="-----BEGIN KEY-----
MIIB
-----END KEY-----" trailing
OPEN="never closed
POSTGRES_PORT=5433
"#;
    let project = Project::new().file(".env", text).env("POSTGRES_HOST", "db");
    let settings = load(project.folder(), &[("POSTGRES_HOST", "db")]).expect("settings");
    assert_eq!(
        settings.database("default").unwrap().to_string(),
        "PostgreSQL at db:5433/postgres as postgres"
    );
    let ran = project.run("check");
    assert_eq!(ran.exit.0, 0, "{}", ran.all());
    for line in [8, 11, 12, 15, 18] {
        assert!(
            ran.all().contains(&format!("(manage.W013) {}/.env, line {line}: ", project.folder().display())),
            "{}",
            ran.all()
        );
    }
    assert_eq!(ran.all().matches("manage.W013").count(), 5, "{}", ran.all());
}

/// What was meant to be a setting must not count as unset: the default would be used instead.
#[case]
fn a_slip_in_a_setting_is_an_error() {
    for (text, expected) in [
        ("A=1\nDATABASE_URL postgres://u:hunter2@db/a\n", "line 2): the line is not NAME=value"),
        ("\n\nDATABASE_URL: postgres://u:hunter2@db/a\n", "line 3): the line is not NAME=value"),
        (
            "DATABASE_URL='postgres://u:hunter2@db/a\n",
            "line 1): the quote that opens the value is not closed",
        ),
        ("DATABASE_URL=\"postgres://u\" hunter2\n", "line 1): text follows the closing quote"),
        (
            "A=\"1\nDATABASE_URL=postgres://u:hunter2@db/a\nB=\"2\"\n",
            "line 1): the quote that opens the value",
        ),
        ("DATABASE_URL=postgres://u:${P}@db/a\n", "line 1): the `${…}` at column 27 refers to no variable"),
    ] {
        let project = Project::new().file(".env", text);
        let ran = project.run("wait_for_db --once");
        assert_eq!(ran.exit.0, 78, "{text}\n{}", ran.all());
        assert!(ran.err.contains(expected) && ran.err.contains("\nHint: "), "{text}\n{}", ran.all());
        assert!(!ran.all().contains("hunter2"), "{}", ran.all());
        assert_eq!(project.run("version").exit.0, 0);
        // The environment has it, and does not need the file's.
        load(project.folder(), &[("DATABASE_URL", "sqlite:x.db")]).expect("settings");
    }
}

#[case]
fn a_named_pipe_is_read_once() {
    let project = Project::new();
    let path = project.folder().join(".env");
    let made = Command::new("mkfifo").arg(&path).status().expect("mkfifo");
    assert!(made.success());
    // A secret manager writes once: a second reader would wait forever.
    let writer = {
        let path = path.clone();
        std::thread::spawn(move || {
            fs::write(path, "# a comment\nPOSTGRES_PASSWORD=hunter2\nPOSTGRES_PORT=x\n")
        })
    };
    let project = project.env("POSTGRES_HOST", "db");
    for command in ["wait_for_db --once", "check", "check --deploy"] {
        let ran = project.run(command);
        let expected = format!("POSTGRES_PORT ({}, line 3) is not a port", path.display());
        assert!(ran.err.contains(&expected), "{command}: {}", ran.all());
        assert!(!ran.all().contains("hunter2"), "{}", ran.all());
    }
    writer.join().expect("the writer").expect("written");
}

#[case]
fn a_secret_in_a_named_pipe_is_read_once() {
    let project = Project::new();
    let path = project.folder().join("url");
    let made = Command::new("mkfifo").arg(&path).status().expect("mkfifo");
    assert!(made.success());
    let writer = std::thread::spawn(move || fs::write(path, "sqlite:piped.db\n"));
    let project = project.env("DATABASE_URL_FILE", "url");
    for _ in 0..2 {
        let ran = project.run("wait_for_db --once");
        assert!(ran.exit.0 == 0 && ran.out.contains("piped.db"), "{}", ran.all());
    }
    writer.join().expect("the writer").expect("written");
}

#[case]
fn a_dangling_link_is_an_error() {
    for name in [".env", "manage.toml"] {
        let project = Project::new().file("there", "");
        let path = project.folder().join(name);
        symlink("missing/file", &path).expect("a link");
        let ran = project.run("wait_for_db --once");
        let expected =
            format!("{} is a symbolic link to missing/file, which does not exist.", path.display());
        assert!(ran.exit.0 == 78 && ran.err.contains(&expected), "{}", ran.all());
        fs::remove_file(&path).expect("removed");
        symlink("there", &path).expect("a link");
        assert!(load(project.folder(), &[]).is_ok());
    }
}

#[case]
fn a_directory_of_that_name() {
    // Python's virtual environments: what is above still counts.
    let project =
        Project::new().file(".env", "DATABASE_URL=sqlite:above.db\n").file("below/.env/pyvenv.cfg", "");
    let project = project.file("Cargo.toml", "[package]\nname = \"x\"\n");
    let settings = load(&project.folder().join("below"), &[]).expect("settings");
    assert!(settings.database("default").unwrap().name.ends_with("above.db"));
    fs::create_dir(project.folder().join("docker")).expect("a folder");
    fs::create_dir(project.folder().join("docker/.env")).expect("a folder");
    let error = load(&project.folder().join("docker"), &[]).expect_err("a directory");
    assert!(error.to_string().ends_with("docker/.env is an empty directory, not a file."), "{error}");
    assert!(error.hint_text().is_some_and(|hint| hint.contains("bind mount")));
}

/// The bytes of a directory's name are kept: no database is looked for, or made, under another name.
#[case(only_if(cfg!(all(feature = "sqlite", target_os = "linux"))))]
fn a_directory_whose_name_is_no_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let project = folder.path().join(OsStr::from_bytes(b"caf\xe9"));
    fs::create_dir_all(project.join("below")).expect("a folder");
    fs::create_dir(project.join(".git")).expect("a folder");
    for (name, text) in [
        (".env", "DATABASE_URL=sqlite:x.db\n"),
        ("manage.toml", "[databases.default]\nurl = \"sqlite:x.db\"\n"),
    ] {
        fs::write(project.join(name), text).expect("a file");
        for working in [project.clone(), project.join("below")] {
            let mut command = Command::new(std::env::current_exe().expect("this program"));
            command.env_clear().env(AS_PROGRAM, "1").current_dir(working).arg("migrate");
            let output = command.output().expect("it runs");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            fs::remove_file(project.join("x.db")).expect("the database is there");
        }
        fs::remove_file(project.join(name)).expect("removed");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    // From elsewhere no text leads there.
    fs::write(project.join(".env"), "DATABASE_URL=sqlite:x.db\n").expect("a file");
    let error = load(&project, &[]).expect_err("no text").to_string();
    assert!(error.ends_with("line 1): the path of the directory is not valid UTF-8."), "{error}");
}

#[case]
fn variables_of_the_project() {
    let project =
        Project::new().file(".env", "TOKEN='a$b'\nOTHER_FILE=secret\nEMPTY=\n").file("secret", "s3cret\n\n");
    let settings = load(project.folder(), &[("TOKEN_", "x"), ("PORT", "1")]).expect("settings");
    let get = |name: &str| settings.variable(name).map(|value| value.map(|value| value.expose().to_owned()));
    assert_eq!(get("TOKEN"), Ok(Some("a$b".to_owned())));
    assert_eq!(get("OTHER"), Ok(Some("s3cret".to_owned())));
    assert_eq!(get("PORT"), Ok(Some("1".to_owned())));
    assert_eq!((get("EMPTY"), get("NONE")), (Ok(None), Ok(None)));
    let settings = load(project.folder(), &[("TOKEN", "environment")]).expect("settings");
    assert_eq!(settings.variable("TOKEN").unwrap().unwrap().expose(), "environment");
    assert_eq!(format!("{settings:?}").matches("a$b").count(), 0);
}

/// Each row of the tables in docs/guide/env-files.md that has a statement and its value.
#[case]
fn the_document_is_right() {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/env-files.md");
    let document = fs::read_to_string(document).expect("the document");
    let rows = document.lines().filter_map(|row| {
        let (written, value) = row.strip_prefix("| `")?.strip_suffix("` |")?.split_once("` | `")?;
        (written.starts_with("A=") || written.starts_with("export A")).then_some((written, value))
    });
    let mut count = 0;
    for (written, value) in rows {
        count += 1;
        let project = Project::new().file(".env", &format!("DB_USER=app\nEMPTY=\n{written}\n"));
        let settings = load(project.folder(), &[]).expect("settings");
        let read = settings.variable("A").expect(written).unwrap_or_default();
        assert_eq!(read.expose(), value, "{written}");
    }
    assert!(count >= 25, "{count} rows");
}
