//! Many processes that write to one SQLite file at the same time: each waits for its turn, and none fails.

use std::fmt::Write as _;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use manage_test_support::{Program, Running, case};

const PROCESSES: usize = 40;
const LONG: Duration = Duration::from_secs(120);

struct Blog(tempfile::TempDir);

impl Blog {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn program(&self) -> Program {
        let url = format!("sqlite:{}", self.0.path().join("db.sqlite3").display());
        Program::new(env!("CARGO_BIN_EXE_manage")).cwd(self.0.path()).env("DATABASE_URL", url)
    }

    /// As another program sees it.
    fn open(&self) -> SqliteConnection {
        let path = self.0.path().join("db.sqlite3");
        let mut connection = SqliteConnection::establish(path.to_str().expect("UTF-8")).expect("a database");
        connection.batch_execute("PRAGMA busy_timeout = 60000").expect("a pragma");
        connection
    }

    fn files(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.0.path()).expect("a folder").flatten();
        let mut names: Vec<_> = files.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

fn number(connection: &mut SqliteConnection, sql: &str) -> i32 {
    diesel::select(diesel::dsl::sql::<Integer>(&format!("({sql})"))).get_result(connection).expect("a number")
}

fn mode(connection: &mut SqliteConnection) -> String {
    let sql = "(SELECT journal_mode FROM pragma_journal_mode)";
    diesel::select(diesel::dsl::sql::<Text>(sql)).get_result(connection).expect("a mode")
}

/// `publish` reads the article in a transaction and then writes, so that it cannot begin as a reader.
#[case]
fn forty_publish_at_once() {
    let blog = Blog::new();
    blog.program().arg("migrate").run(LONG).expect_success();
    let mut articles = String::new();
    for number in 0..PROCESSES {
        let _ = write!(articles, "INSERT INTO articles (slug, title, body) VALUES ('a{number}', 'A', '');");
    }
    blog.open().batch_execute(&articles).expect("articles");
    for journal in ["wal", "delete"] {
        blog.open().batch_execute(&format!("PRAGMA journal_mode = {journal}")).expect("a mode");
        for same in [false, true] {
            let case = format!("{journal}, {}", if same { "the same article" } else { "an article each" });
            blog.open().batch_execute("UPDATE articles SET published_at = NULL").expect("SQL");
            let slug = |number: usize| if same { "a0".to_owned() } else { format!("a{number}") };
            let start = |number| blog.program().args(["publish", &slug(number)]).spawn();
            let running: Vec<Running> = (0..PROCESSES).map(start).collect();
            let ended = running.into_iter().map(|running| running.wait(LONG).expect_success());
            let done = ended.filter(|ran| ran.stdout.starts_with("Published")).count();
            let expected = if same { 1 } else { PROCESSES };
            assert_eq!(done, expected, "{case}");
            let published = number(&mut blog.open(), "SELECT count(published_at) FROM articles");
            assert_eq!(usize::try_from(published), Ok(expected), "{case}");
            assert_eq!(mode(&mut blog.open()), journal, "{case}");
        }
    }
}

#[case]
fn forty_migrate_a_new_file_at_once() {
    let blog = Blog::new();
    let running: Vec<Running> = (0..PROCESSES).map(|_| blog.program().arg("migrate").spawn()).collect();
    for running in running {
        running.wait(LONG).expect_success();
    }
    blog.program().args(["migrate", "--check"]).run(LONG).expect_success();
    assert_eq!(mode(&mut blog.open()), "wal");
    assert_eq!(blog.files(), ["db.sqlite3"], "neither a lock nor a journal stays behind");
}
