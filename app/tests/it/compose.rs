//! The repository's own `docker-compose.yml` and `Dockerfile`, on a real engine. The program is not compiled
//! again inside: the image's last stage gets the one that these tests were built with.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use manage_test_support::{Need, case, free_port, needs, wait_until};

/// What three replicas and a new database may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// The replicas, each with a port of its own.
const REPLICAS: usize = 3;

/// `docker-compose up` of a project with a unique name. All of it is removed at the end.
struct Stack {
    name: String,
    first_port: u16,
    folder: tempfile::TempDir,
}

impl Stack {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("Dockerfile"), last_stage()).expect("a file");
        std::fs::copy(env!("CARGO_BIN_EXE_manage"), folder.path().join("manage")).expect("the program");
        let build = folder.path().display();
        let change = format!("services:\n  app:\n    build:\n      context: {build}\n");
        std::fs::write(folder.path().join("override.yml"), change).expect("a file");
        let name = format!("manage-test-{}", std::process::id());
        Self { name, first_port: free_ports(), folder }
    }

    fn compose(&self, arguments: &[&str]) -> Output {
        let ports = format!("{}-{}", self.first_port, self.first_port + REPLICAS as u16 - 1);
        Command::new("docker-compose")
            .args(["--project-name", &self.name])
            .arg("--project-directory")
            .arg(root())
            .arg("--file")
            .arg(root().join("docker-compose.yml"))
            .arg("--file")
            .arg(self.folder.path().join("override.yml"))
            .args(arguments)
            .env("APP_PORT", ports)
            // A newer client has BuildKit as a plugin only, which may be missing.
            .env("DOCKER_BUILDKIT", "0")
            .output()
            .expect("docker-compose")
    }

    #[track_caller]
    fn run(&self, arguments: &[&str]) -> String {
        text(&self.compose(arguments))
    }

    /// What its containers have said.
    fn logs(&self) -> String {
        String::from_utf8_lossy(&self.compose(&["logs", "--no-color"]).stdout).into_owned()
    }

    /// The ids of the containers of the service `app`.
    fn replicas(&self) -> Vec<String> {
        self.run(&["ps", "--quiet", "app"]).lines().map(str::to_owned).collect()
    }

    /// The status of the first page, of each replica.
    fn pages(&self) -> Vec<Option<u16>> {
        (0..REPLICAS as u16).map(|replica| status(self.first_port + replica)).collect()
    }

    #[track_caller]
    fn wait_for_pages(&self, what: &str) {
        wait_until(PATIENCE, &format!("every replica to show its first page {what}"), || {
            self.pages().iter().all(|status| *status == Some(200))
        });
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let pages = self.pages();
            // The test's output is the only place where they can be read afterwards.
            let _ = writeln!(std::io::stderr(), "pages: {pages:?}\n{}", self.logs());
        }
        self.compose(&["down", "--volumes", "--rmi", "local", "--timeout", "5"]);
    }
}

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a parent").to_owned()
}

/// The last stage of the Dockerfile, with the program from beside it.
fn last_stage() -> String {
    let file = std::fs::read_to_string(root().join("Dockerfile")).expect("a file");
    let stage = &file[file.rfind("\nFROM ").expect("a stage")..];
    let program = "COPY --from=build /src/target/release/manage ";
    assert_eq!(stage.matches(program).count(), 1, "{stage}");
    let stage = stage.replace(program, "COPY manage ");
    // What else is from the stage that is left out: the authorities, which no database here is asked for.
    stage
        .lines()
        .filter(|line| !line.starts_with("COPY --from=build"))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// The first of so many free ports in a row.
fn free_ports() -> u16 {
    loop {
        let ports: Vec<u16> = (0..REPLICAS).map(|_| free_port()).collect();
        if ports.windows(2).all(|pair| pair[1] == pair[0] + 1) {
            return ports[0];
        }
    }
}

#[track_caller]
fn text(output: &Output) -> String {
    let [stdout, stderr] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(output.status.success(), "{}\n{stdout}\n{stderr}", output.status);
    stdout.into_owned()
}

#[track_caller]
fn docker(arguments: &[&str]) -> String {
    text(&Command::new("docker").args(arguments).output().expect("docker"))
}

/// The status of the first page; none without an answer. Docker's proxy accepts connections even if no
/// container answers.
fn status(port: u16) -> Option<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    String::from_utf8_lossy(&answer).split(' ').nth(1)?.parse().ok()
}

#[case(needs(Need::Docker))]
fn a_cold_volume_ends_in_the_first_page() {
    let stack = Stack::new();
    stack.run(&["up", "--detach", "--build", "--scale", &format!("app={REPLICAS}")]);
    stack.wait_for_pages("after a cold start");
    let logs = stack.logs();
    // All started at once; one migrated, and none failed.
    assert_eq!(logs.matches("create_articles... OK").count(), 1, "{logs}");
    let replicas = stack.replicas();
    assert_eq!(replicas.len(), REPLICAS);
    let states = |format: &str| -> Vec<String> {
        replicas.iter().map(|id| docker(&["inspect", "--format", format, id]).trim().to_owned()).collect()
    };
    assert!(states("{{.RestartCount}}").iter().all(|count| count == "0"), "{logs}");
    wait_until(PATIENCE, "every replica to be healthy", || {
        states("{{.State.Health.Status}}").iter().all(|health| health == "healthy")
    });
    // The database crashes, and comes back: the replicas go on without a restart.
    stack.run(&["kill", "db"]);
    wait_until(PATIENCE, "every replica to miss the database", || {
        stack.pages().iter().all(|status| status.is_some_and(|status| status >= 500))
    });
    stack.run(&["start", "db"]);
    stack.wait_for_pages("when the database is back");
    assert!(states("{{.RestartCount}}").iter().all(|count| count == "0"), "{}", stack.logs());
    // A replica that crashes is started again. The slim image has neither ps nor pkill.
    let kill =
        "for p in /proc/[0-9]*; do case $(readlink $p/exe) in */manage) kill -9 ${p#/proc/};; esac; done";
    docker(&["exec", &replicas[0], "sh", "-c", kill]);
    wait_until(PATIENCE, "the replica to be started again", || states("{{.RestartCount}}")[0] == "1");
    stack.wait_for_pages("after a crash");
    a_file_in_the_container_is_warned_of(&replicas[0]);
    // The server gets the signal, and not a shell that does not pass it on: no replica has to be killed.
    stack.run(&["stop", "--timeout", "60", "app"]);
    let codes = states("{{.State.ExitCode}}");
    assert!(codes.iter().all(|code| code == "0"), "{codes:?}");
}

/// `check --deploy` knows the layers of this engine, whatever its storage driver is, and a volume.
fn a_file_in_the_container_is_warned_of(replica: &str) {
    let image = docker(&["inspect", "--format", "{{.Image}}", replica]);
    let check = |file: &str| {
        let url = format!("DATABASE_URL=sqlite:{file}");
        let run = ["run", "--rm", "--volume", "/data", "--env", &url, image.trim()];
        let check = ["manage", "check", "--deploy", "--format", "json", "--fail-level", "critical"];
        docker(&[&run[..], &check[..]].concat())
    };
    let inside = check("/home/app/db.sqlite3");
    assert!(inside.contains("/home/app/db.sqlite3 is in a container's own layer"), "{inside}");
    let outside = check("/data/db.sqlite3");
    assert!(outside.starts_with('{') && !outside.contains("own layer"), "{outside}");
}
