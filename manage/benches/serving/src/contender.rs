//! The contenders: the same handler by different servers.

use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use axum::routing::get;
use axum::{Json, Router};
use manage::server::Site;
use manage::settings::Environment;

/// The variable that makes this program a contender.
pub(crate) const CONTENDER: &str = "SERVING_CONTENDER";

const ADDRESS: &str = "SERVING_ADDRESS";

/// Their names and options.
pub(crate) const CONTENDERS: &[(&str, &[&str])] = &[
    ("axum", &[]),
    ("serve", &["serve"]),
    ("serve-json", &["serve", "--log-format", "json"]),
    ("serve-no-log", &["serve", "--no-access-log"]),
];

#[manage::router]
fn routes(_: &Site) -> manage::Result<Router> {
    Ok(router())
}

fn router() -> Router {
    let article =
        async || Json(serde_json::json!({"id": 1, "title": "A title", "text": "some words ".repeat(20)}));
    Router::new().route("/json", get(article))
}

pub(crate) fn run(name: &str) -> ExitCode {
    let address = std::env::var(ADDRESS).expect("an address");
    let (_, options) = CONTENDERS.iter().find(|(known, _)| *known == name).expect("a contender");
    if options.is_empty() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind(address).await.expect("a free port");
            axum::serve(listener, router()).await.expect("it serves");
        });
        return ExitCode::SUCCESS;
    }
    let words = ["--skip-checks"].into_iter().chain(options.iter().copied()).chain([address.as_str()]);
    let output = manage::console::Output::standard();
    manage::Program::new(&["serving"]).run(words, Environment::process(), output).into()
}

/// A contender that runs.
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    process: Child,
}

impl Drop for Contender {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Contender {
    /// Starts it, and waits until it listens. Its log goes to a file.
    pub(crate) fn start(name: &'static str, variables: &[(&str, &str)]) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = free.local_addr().expect("an address");
        drop(free);
        let log = std::env::temp_dir().join(format!("serving-{}-{name}.log", std::process::id()));
        let file = File::create(&log).expect("a file");
        // It is open: the name is no longer needed.
        let _ = std::fs::remove_file(&log);
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.env(CONTENDER, name).env(ADDRESS, address.to_string()).envs(variables.iter().copied());
        command.env("MANAGE_SERVER_ALLOWED_HOSTS", "example.org");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
        let mut process = command.spawn().expect("this program starts");
        let deadline = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(address).is_err() {
            let ended = process.try_wait().expect("a process");
            assert!(ended.is_none() && Instant::now() < deadline, "{name} does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { name, address, process }
    }

    /// Returns its CPU time in seconds; 0 where there is no `/proc`.
    pub(crate) fn cpu_time(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap_or_default();
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let ticks = |at: usize| fields.split_whitespace().nth(at).and_then(|ticks| ticks.parse::<f64>().ok());
        // Linux counts them in hundredths of a second, on every architecture.
        (ticks(11).unwrap_or(0.0) + ticks(12).unwrap_or(0.0)) / 100.0
    }

    /// Returns its memory in KiB; 0 where there is no `/proc`.
    pub(crate) fn memory(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
    }
}
