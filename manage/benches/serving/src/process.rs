//! The processes of the contenders.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::contenders::Kind;
use crate::django;

/// The variable that makes this program a contender: its name.
pub(crate) const CONTENDER: &str = "SERVING_CONTENDER";

pub(crate) const ADDRESS: &str = "SERVING_ADDRESS";
pub(crate) const DATABASE_URL: &str = "DATABASE_URL";
pub(crate) const POOL_SIZE: &str = "MANAGE_POOL_MAX_SIZE";

/// How long a contender may take until it listens, and until it has ended.
const SOON: Duration = Duration::from_secs(30);

/// What a contender gets.
pub(crate) struct Setup<'a> {
    pub(crate) url: &'a str,
    pub(crate) pool: usize,
    pub(crate) python: Option<&'a Path>,
    pub(crate) variables: &'a [(&'a str, &'a str)],
}

/// A contender that runs.
pub(crate) struct Contender {
    pub(crate) kind: &'static Kind,
    pub(crate) address: SocketAddr,
    process: Child,
}

impl Drop for Contender {
    /// Ends it, and waits for it: gunicorn ends its workers.
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.process), Signal::TERM);
        let deadline = Instant::now() + SOON;
        while !matches!(self.process.try_wait(), Ok(Some(_)) | Err(_)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Contender {
    /// Starts it, and waits until it listens. Its log goes to a file.
    pub(crate) fn start(kind: &'static Kind, setup: &Setup<'_>) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = free.local_addr().expect("an address");
        drop(free);
        let mut command = match setup.python.filter(|_| kind.is_django()) {
            Some(python) => django::command(python, kind.name, address),
            None => Command::new(std::env::current_exe().expect("this program")),
        };
        command.env(CONTENDER, kind.to_string()).env(ADDRESS, address.to_string());
        command.env(DATABASE_URL, setup.url).env(POOL_SIZE, setup.pool.to_string());
        command.env("MANAGE_ENV", "production").env("MANAGE_SERVER_ALLOWED_HOSTS", "example.org");
        command.envs(kind.variables().iter().chain(setup.variables).copied());
        let log = unnamed_file();
        let handle = || log.try_clone().expect("a file");
        command.stdin(Stdio::null()).stdout(handle()).stderr(handle());
        let mut process = command.spawn().expect("the contender starts");
        let deadline = Instant::now() + SOON;
        while TcpStream::connect(address).is_err() {
            let ended = process.try_wait().expect("a process");
            if ended.is_some() || Instant::now() >= deadline {
                panic!("{kind} does not listen:\n{}", text_of(log));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { kind, address, process }
    }

    /// Returns the CPU time of the process and its children in seconds; 0 where there is no `/proc`.
    pub(crate) fn cpu_time(&self) -> f64 {
        let own = self.process.id();
        let tasks = std::fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap_or_default();
        let children = tasks.split_whitespace().filter_map(|id| id.parse().ok());
        children.chain([own]).map(cpu_time).sum()
    }

    /// Returns its memory in KiB; 0 where there is no `/proc`.
    pub(crate) fn memory(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
    }
}

/// Returns a file for a log, whose name is removed at once.
fn unnamed_file() -> File {
    let path = std::env::temp_dir().join(format!("serving-{}.log", std::process::id()));
    let file = File::options().read(true).append(true).create_new(true).open(&path).expect("a file");
    let _ = std::fs::remove_file(&path);
    file
}

fn text_of(mut log: File) -> String {
    let mut text = String::new();
    let read = log.rewind().and_then(|()| log.read_to_string(&mut text));
    read.map_or_else(|error| error.to_string(), |_| text)
}

fn cpu_time(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name of the program is in brackets, and may have spaces.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = |at: usize| fields.split_whitespace().nth(at).and_then(|ticks| ticks.parse::<f64>().ok());
    // Linux counts them in hundredths of a second, on every architecture.
    (ticks(11).unwrap_or(0.0) + ticks(12).unwrap_or(0.0)) / 100.0
}
