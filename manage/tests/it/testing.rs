//! `manage::testing`: projects, transcripts, and functions that are called.

use std::sync::Arc;

use diesel::connection::SimpleConnection;
use manage::prelude::*;
use manage::testing::Project;
use manage::{Exit, Program};
use manage_test_support::case;

use crate::unmigrated::{BOOKS, Says};

#[case]
fn a_transcript_is_one_text() {
    let project = Project::new(Program::new(&["it"])).file("posts/a.md", "text");
    let ran = project.run(["greet", "some body", "-n", "2"]);
    assert_eq!(
        ran.to_string(),
        "$ manage greet 'some body' -n 2\n\
         --- stdout ---\n\
         Hello, some body!\n\
         Hello, some body!\n\
         --- exit code: 0 ---\n"
    );
    assert!(ran.is_success());
    assert_eq!(
        project.run(["fails", "command"]).expect_exit(3).to_string(),
        "$ manage fails command\n\
         --- stderr ---\n\
         Error: There is no soup.\n\
         Hint: Cook some.\n\
         Hint: Or order it.\n\
         --- exit code: 3 ---\n"
    );
    let folder = project.folder().display().to_string();
    assert!(project.folder().join("posts/a.md").is_file());
    assert_eq!(
        project.run(["greet".to_owned(), folder]).to_string(),
        "$ manage greet [folder]\n--- stdout ---\nHello, [folder]!\n--- exit code: 0 ---\n"
    );
    let path = project.folder().to_owned();
    drop(project);
    assert!(!path.exists());
}

#[case]
fn a_function_returns_its_value() {
    let project = Project::new(Program::new(&["it"])).stdin("3\n");
    let called = project.call(|cx| {
        let number: u8 = cx.stdin().read_line()?.unwrap_or_default().parse()?;
        cx.warning("reading")?;
        Ok(vec![number; 2])
    });
    assert_eq!(called.transcript.to_string(), "--- stderr ---\nreading\n--- exit code: 0 ---\n");
    assert_eq!(called.expect_success(), [3, 3]);
    let called = project.call(|cx| crate::management::commands::chooses::chooses(cx, 9));
    assert_eq!((called.transcript.exit, called.expect_success()), (Exit(9), Exit(9)));
    let called = project
        .call(|_| -> Result<()> { Err(CommandError::new("No soup.").hint("Cook.").exit_code(4).into()) });
    assert_eq!(
        called.transcript.to_string(),
        "--- stderr ---\nError: No soup.\nHint: Cook.\n--- exit code: 4 ---\n"
    );
    assert_eq!(called.returned.expect_err("it fails").to_string(), "No soup.");
}

#[case]
fn a_project_sees_nothing_of_the_process() {
    let project = Project::new(Program::new(&["it"])).env("NO_COLOR", "1");
    // The process has a PATH, and this repository has a .env.example, a README and a working directory.
    let called = project.call(|cx| {
        let settings = cx.settings()?;
        Ok((settings.name().to_owned(), cx.database("default")?.name.clone()))
    });
    let built_in = project.folder().join("db.sqlite3").display().to_string();
    assert_eq!(called.expect_success(), ("environment".to_owned(), built_in));
    let project =
        project.env("DATABASE_URL", "sqlite:other.db").file("manage.toml", "[checks]\nsilenced = []\n");
    let called =
        project.call(|cx| Ok((cx.settings()?.name().to_owned(), cx.database("default")?.name.clone())));
    let (name, database) = called.expect_success();
    assert_eq!(name, "manage.toml");
    assert_eq!(std::path::Path::new(&database), project.folder().join("other.db"));
}

#[case]
fn a_database_that_is_forgotten() {
    let program = || Program::new(&["it"]).with_command("it", Arc::new(Says(BOOKS)));
    let code = if cfg!(feature = "sqlite") { 1 } else { 78 };
    let hint = "\nHint: This test's project sets no database: add `.with_database()`, which creates one with the \
                program's tables.\n";
    let project = Project::new(program());
    let ran = project.run(["says"]).expect_exit(code);
    assert!(ran.stderr.ends_with(hint), "{ran}");
    let called = project.call(|cx| Ok(cx.connect()?.batch_execute(BOOKS)?));
    assert!(called.transcript.stderr.ends_with(hint), "{}", called.transcript);
    // Other errors are not the database's.
    let called = project.call(|cx| -> Result<()> {
        cx.database("default")?;
        bail!("There is no soup.")
    });
    assert_eq!(called.transcript.stderr, "Error: There is no soup.\n");
    // It sets one, which lacks the tables.
    #[cfg(feature = "sqlite")]
    {
        let project = project.env("DATABASE_URL", "sqlite:other.db");
        let ran = project.run(["says"]).expect_exit(1);
        assert!(ran.stderr.ends_with(". Run `manage migrate`.\n"), "{ran}");
    }
}
