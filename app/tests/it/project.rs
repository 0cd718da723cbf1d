//! The blog with a database of its own.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use manage::settings::{DatabaseSettings, Origin};
use manage::testing;
use manage_test_support::{
    CaseName, Need, Program, Running, Suite, TestDatabase, Transcript, shared_postgres,
};

/// What a single command may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Adds a test for each kind of database that the program was built for.
pub(crate) fn on_each_backend(suite: &mut Suite, name: &CaseName, test: fn(Project)) {
    suite.test(name.on("sqlite"), move || test(Project::new(TestDatabase::sqlite())));
    suite.needs(Need::Postgres, name.on("postgres"), move || {
        test(Project::new(TestDatabase::postgres()));
    });
    #[cfg(feature = "mysql")]
    suite.needs(Need::MariaDb, name.on("mariadb"), move || {
        test(Project::new(TestDatabase::mariadb()));
    });
}

/// Adds a test of commands in this process, for each kind of database that the program was built for. A
/// database with tables is a copy of another one, where there are such copies, so that these tests are the
/// quick ones.
pub(crate) fn in_process(suite: &mut Suite, name: &CaseName, test: fn(testing::Project)) {
    let project = |url: &str| {
        let program = manage::program!(app);
        let server = DatabaseSettings::from_url("default", url, Origin::Code).expect("a URL");
        let database = testing::TestDatabase::create(&program, &server).expect("a database");
        testing::Project::new(program).with_test_database(database)
    };
    suite.test(name.on("sqlite"), move || test(project("sqlite:blog.sqlite3")));
    suite.needs(Need::Postgres, name.on("postgres"), move || {
        test(project(&shared_postgres().expect("a server").url("blog")));
    });
    #[cfg(feature = "mysql")]
    suite.needs(Need::MariaDb, name.on("mariadb"), move || {
        test(project(&manage_test_support::shared_mariadb().expect("a server").url("blog")));
    });
}

/// The program, in an empty directory, with its database.
pub(crate) struct Project {
    database: TestDatabase,
    folder: tempfile::TempDir,
}

impl Project {
    pub(crate) fn new(database: TestDatabase) -> Self {
        Self { database, folder: tempfile::tempdir().expect("a folder") }
    }

    /// With tables.
    pub(crate) fn migrated(self) -> Self {
        self.run(&["migrate"]).expect_success();
        self
    }

    /// With tables and the good posts.
    pub(crate) fn filled(self) -> Self {
        let project = self.migrated();
        project.run(&["import_posts", &posts("good")]).expect_success();
        project
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn url(&self) -> &str {
        self.database.url()
    }

    pub(crate) fn program(&self) -> Program {
        Program::new(env!("CARGO_BIN_EXE_manage"))
            .cwd(self.folder.path())
            .env("DATABASE_URL", self.database.url())
    }

    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Transcript {
        self.program().args(arguments).run(PATIENCE)
    }

    /// Writes a file of the project, and returns its path for the program.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
        name.to_owned()
    }

    /// Starts the server on a port that is free.
    #[track_caller]
    pub(crate) fn serve(&self) -> Server {
        Server::start(self.program())
    }
}

/// The directory of the posts that the tests share.
pub(crate) fn posts(folder: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/posts").join(folder).display().to_string()
}

/// A running server.
pub(crate) struct Server {
    pub(crate) running: Running,
    /// `http://127.0.0.1:PORT/`.
    pub(crate) url: String,
}

impl Server {
    #[track_caller]
    pub(crate) fn start(program: Program) -> Self {
        let mut running = program.args(["runserver", "--noreload", "0"]).spawn();
        let line = running.wait_for_line("Starting development server at ", PATIENCE);
        let url = line.split_whitespace().last().expect("a URL").to_owned();
        Self { running, url }
    }

    /// The status and the body of a page.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let host = self.url.trim_start_matches("http://").trim_end_matches('/');
        let mut stream = TcpStream::connect(host).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
            .expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, body.to_owned())
    }

    /// The slugs of the list for programs.
    #[track_caller]
    pub(crate) fn slugs(&self) -> Vec<String> {
        let (status, body) = self.get("/api/articles");
        assert_eq!(status, 200, "{body}");
        let list: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        let list = list.as_array().expect("a list");
        list.iter().map(|article| article["slug"].as_str().expect("a slug").to_owned()).collect()
    }
}
