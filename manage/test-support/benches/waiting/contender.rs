//! The waiters, and the servers that they wait for.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use manage_test_support::{MariaDb, Postgres};

use crate::prober::Protocol;

pub(crate) enum Server {
    Postgres(Postgres),
    MariaDb(MariaDb),
}

macro_rules! both {
    ($self:ident, $server:ident => $call:expr) => {
        match $self {
            Server::Postgres($server) => $call,
            Server::MariaDb($server) => $call,
        }
    };
}

impl Server {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "PostgreSQL",
            Self::MariaDb(_) => "MariaDB",
        }
    }

    pub(crate) fn protocol(&self) -> Protocol {
        match self {
            Self::Postgres(_) => Protocol::Postgres,
            Self::MariaDb(_) => Protocol::MySql,
        }
    }

    /// The application's user and database, and the prober's user, who has no password.
    pub(crate) fn set_up(&self) {
        match self {
            Self::Postgres(server) => {
                server.execute("CREATE ROLE prober LOGIN");
                server.execute("CREATE ROLE app LOGIN PASSWORD 'secret'");
                server.create_database("app");
            }
            Self::MariaDb(server) => {
                server.execute("CREATE USER prober@'%'; CREATE USER app@'%' IDENTIFIED BY 'secret'");
                server.create_database("app");
                server.execute("GRANT ALL ON app.* TO app@'%'");
            }
        }
    }

    pub(crate) fn port(&self) -> u16 {
        both!(self, server => server.port())
    }

    pub(crate) fn start(&self) {
        both!(self, server => server.start_again());
    }

    pub(crate) fn start_in_background(&self) {
        both!(self, server => server.start_in_background());
    }

    pub(crate) fn wait_until_ready(&self) {
        both!(self, server => server.wait_until_ready(Duration::from_secs(60)));
    }

    pub(crate) fn stop(&self) {
        both!(self, server => server.stop());
    }

    fn url(&self) -> String {
        let scheme = match self {
            Self::Postgres(_) => "postgres",
            Self::MariaDb(_) => "mysql",
        };
        format!("{scheme}://app:secret@127.0.0.1:{}/app", self.port())
    }

    /// The loop that people write in a shell.
    fn shell_loop(&self) -> (&'static str, String) {
        let port = self.port();
        match self {
            Self::Postgres(_) => {
                let asks = format!("pg_isready -q -h 127.0.0.1 -p {port} -U app -d app");
                ("pg_isready loop", format!("until {asks}; do sleep 1; done"))
            }
            Self::MariaDb(_) => {
                let asks =
                    format!("mariadb-admin --protocol=tcp -h 127.0.0.1 -P {port} -u app -psecret ping");
                ("mariadb-admin loop", format!("until {asks}; do sleep 1; done"))
            }
        }
    }
}

/// A program that waits.
pub(crate) struct Contender {
    name: String,
    program: PathBuf,
    arguments: Vec<String>,
    variables: Vec<(&'static str, String)>,
}

impl Contender {
    /// One for each build of the program, and the others.
    pub(crate) fn all(builds: &[(String, PathBuf)], wait: Option<&Path>, server: &Server) -> Vec<Self> {
        let build = |(name, program): &(String, PathBuf)| Self {
            name: format!("{name} wait_for_db"),
            program: program.clone(),
            arguments: vec!["wait_for_db".to_owned()],
            variables: vec![("DATABASE_URL", server.url())],
        };
        let mut all: Vec<Self> = builds.iter().map(build).collect();
        all.extend(wait.map(|program| Self {
            name: "docker-compose-wait".to_owned(),
            program: program.to_owned(),
            arguments: Vec::new(),
            variables: vec![
                ("WAIT_HOSTS", format!("127.0.0.1:{}", server.port())),
                ("WAIT_TIMEOUT", "60".to_owned()),
            ],
        }));
        let (name, script) = server.shell_loop();
        all.push(Self {
            name: name.to_owned(),
            program: "/bin/sh".into(),
            arguments: vec!["-c".to_owned(), script],
            variables: Vec::new(),
        });
        all
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn spawn(&self) -> Waiter {
        let started = Instant::now();
        let child = Command::new(&self.program)
            .args(&self.arguments)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            // No settings of the place where the benchmark is run.
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", self.program.display()));
        Waiter { name: self.name.clone(), child, started }
    }
}

pub(crate) struct Waiter {
    name: String,
    child: Child,
    started: Instant,
}

pub(crate) struct Cost {
    pub(crate) cpu_ms: f64,
    pub(crate) memory_mb: f64,
}

impl Waiter {
    /// Waits for its end, which must be a good one.
    pub(crate) fn finish_at(mut self) -> Instant {
        let status = self.child.wait().expect("a child of ours");
        let ended = Instant::now();
        assert!(status.success(), "{} ended with {status}", self.name);
        ended
    }

    /// How long it took, in milliseconds.
    pub(crate) fn finish(self) -> f64 {
        let started = self.started;
        self.finish_at().duration_since(started).as_secs_f64() * 1_000.0
    }

    /// Lets it wait, and ends it: its processor time with that of its children that have ended, and its
    /// greatest memory.
    pub(crate) fn cost_of(mut self, time: Duration) -> Cost {
        std::thread::sleep(time);
        let read = |file: &str| {
            std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap_or_default()
        };
        let (stat, status) = (read("stat"), read("status"));
        // Fields 14 to 17, in hundredths of a second; the second field, in brackets, may hold spaces.
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks =
            after_name.split_whitespace().skip(11).take(4).filter_map(|field| field.parse::<f64>().ok());
        let memory = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = memory.and_then(|text| text.trim().trim_end_matches(" kB").parse::<f64>().ok());
        let cost =
            Cost { cpu_ms: ticks.sum::<f64>() * 10.0, memory_mb: kilobytes.unwrap_or(f64::NAN) / 1024.0 };
        let _ = self.child.kill();
        let _ = self.child.wait();
        cost
    }
}
