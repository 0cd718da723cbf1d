//! `docker-compose up` of a project with a unique name.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use manage_test_support::{free_port, wait_until};

use super::engine::{PATIENCE, inspect, root, text};
use super::image::image;

/// The repository's own services, in a project of their own. All of it is removed at the end.
pub(super) struct Stack {
    name: String,
    pub(super) port: u16,
    folder: tempfile::TempDir,
}

impl Stack {
    /// The services as they are shipped.
    pub(super) fn new() -> Self {
        Self::with("")
    }

    /// Changes services, as a further file for Compose does: the lines below `services:`.
    pub(super) fn with(changes: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let folder = tempfile::tempdir().expect("a folder");
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let stack =
            Self { name: format!("manage-test-{}-{number}", std::process::id()), port: free_port(), folder };
        stack.set_password("app");
        stack.set_image(image());
        stack.change(changes);
        stack
    }

    /// The image of the app at the next `up`.
    pub(super) fn set_image(&self, image: &str) {
        self.write("image.yml", &format!("services:\n  app:\n    image: {image}\n"));
    }

    /// Changes services at the next `up`.
    pub(super) fn change(&self, changes: &str) {
        // Without any service docker-compose 1 reads another version of the format.
        let changes = if changes.is_empty() { "  app: {}\n" } else { changes };
        self.write("changes.yml", &format!("services:\n{changes}"));
    }

    /// Writes the file of the password, which is read when a container starts.
    pub(super) fn set_password(&self, password: &str) {
        self.write("postgres_password", password);
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.folder.path().join(file), text).expect("a file");
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `docker-compose` with the options that say which services are meant.
    pub(super) fn words(&self) -> Vec<String> {
        let own = |file: &str| self.folder.path().join(file).display().to_string();
        let root = root();
        let shipped = root.join("docker-compose.yml").display().to_string();
        let directory = root.display().to_string();
        let files = [shipped, own("image.yml"), own("changes.yml")];
        ["docker-compose".to_owned(), "--project-name".to_owned(), self.name.clone()]
            .into_iter()
            .chain(["--project-directory".to_owned(), directory])
            .chain(files.into_iter().flat_map(|file| ["--file".to_owned(), file]))
            .collect()
    }

    /// The variables that the shipped file reads.
    pub(super) fn environment(&self) -> [(&'static str, String); 3] {
        [
            ("APP_PORT", self.port.to_string()),
            ("APP_SECRETS", self.folder.path().display().to_string()),
            // A newer client has BuildKit as a plugin only, which may be missing.
            ("DOCKER_BUILDKIT", "0".to_owned()),
        ]
    }

    fn command(&self) -> Command {
        let words = self.words();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).envs(self.environment()).stdin(Stdio::null());
        command
    }

    pub(super) fn compose(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().expect("docker-compose")
    }

    #[track_caller]
    pub(super) fn run(&self, arguments: &[&str]) -> String {
        text(&self.compose(arguments))
    }

    /// `up`, in the background.
    #[track_caller]
    pub(super) fn up(&self, arguments: &[&str]) -> String {
        self.run(&[&["up", "--detach"], arguments].concat())
    }

    /// What the containers of a service have said.
    pub(super) fn logs(&self, service: &str) -> String {
        String::from_utf8_lossy(&self.compose(&["logs", "--no-color", service]).stdout).into_owned()
    }

    #[track_caller]
    pub(super) fn wait_for_log(&self, service: &str, text: &str) {
        wait_until(PATIENCE, &format!("{service} to log {text:?}"), || self.logs(service).contains(text));
    }

    /// The ids of the containers of a service.
    #[track_caller]
    pub(super) fn containers(&self, service: &str) -> Vec<String> {
        self.run(&["ps", "--quiet", service]).lines().map(str::to_owned).collect()
    }

    /// The id of a service's only container.
    #[track_caller]
    pub(super) fn container(&self, service: &str) -> String {
        let containers = self.containers(service);
        assert_eq!(containers.len(), 1, "{containers:?}");
        containers[0].clone()
    }

    /// One value of what the engine knows about each replica.
    #[track_caller]
    pub(super) fn replicas(&self, format: &str) -> Vec<String> {
        self.containers("app").iter().map(|id| inspect(id, format)).collect()
    }

    #[track_caller]
    pub(super) fn wait_for_health(&self, replicas: usize) {
        wait_until(PATIENCE, &format!("{replicas} healthy replicas"), || {
            let health = self.replicas("{{.State.Health.Status}}");
            health.len() == replicas && health.iter().all(|health| health == "healthy")
        });
    }

    /// The status of the first page; none without an answer. Docker's proxy accepts connections even if no
    /// container answers.
    pub(super) fn status(&self) -> Option<u16> {
        status(self.port)
    }

    #[track_caller]
    pub(super) fn wait_for_status(&self, wanted: u16) {
        wait_until(PATIENCE, &format!("the first page with the status {wanted}"), || {
            self.status() == Some(wanted)
        });
    }

    /// Runs SQL in the container of the database.
    #[track_caller]
    pub(super) fn sql(&self, sql: &str) -> String {
        self.run(&[
            "exec",
            "-T",
            "db",
            "psql",
            "--username=app",
            "--no-psqlrc",
            "--tuples-only",
            "--command",
            sql,
        ])
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let logs: String = ["proxy", "app", "db"].map(|service| self.logs(service)).concat();
            // The test's output is the only place where they can be read afterwards.
            let _ = writeln!(std::io::stderr(), "the first page: {:?}\n{logs}", self.status());
        }
        self.compose(&["down", "--volumes", "--timeout", "5"]);
    }
}

pub(super) fn status(port: u16) -> Option<u16> {
    get(port)?.split(' ').nth(1)?.parse().ok()
}

/// Requests the first page, and returns the response.
pub(super) fn get(port: u16) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    Some(String::from_utf8_lossy(&answer).into_owned())
}
