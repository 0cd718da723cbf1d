//! How soon do waiters see that a database is ready, and what do they cost meanwhile?
//!
//! `manage/benches/waiting.sh` builds and runs it. A server is stopped, a waiter is started, and after a
//! random time the server too. A prober that knows nothing of the waiters finds the moment when a login and a
//! query first worked; the waiter's latency is from then to the end of its process. Below zero it was ready
//! too early.

mod contender;
#[path = "../figures/mod.rs"]
mod figures;
mod prober;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use contender::{Contender, Server};
use figures::{Figures, heading};
use manage_test_support::{MariaDb, Postgres};

struct Options {
    /// Builds of `manage` with their names: what a change costs is seen side by side.
    builds: Vec<(String, PathBuf)>,
    /// docker-compose-wait's program, where there is one.
    wait: Option<PathBuf>,
    rounds: usize,
    latest_ms: u64,
    idle: Duration,
    only: Option<String>,
}

const USAGE: &str = "waiting --manage [NAME=]PROGRAM [--manage …] [--docker-compose-wait PROGRAM] [--rounds 50] [--latest-ms 4000] \
                     [--idle-seconds 30] [--only postgres|mariadb]";

fn options() -> Result<Options, String> {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let mut options = Options {
        builds: Vec::new(),
        wait: None,
        rounds: 50,
        latest_ms: 4_000,
        idle: Duration::from_secs(30),
        only: None,
    };
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or(format!("{name} needs a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{name} {value}: not a number"));
        match name.as_str() {
            "--manage" => options.builds.push(match value.split_once('=') {
                Some((name, program)) => (name.to_owned(), program.into()),
                None => ("manage".to_owned(), value.into()),
            }),
            "--docker-compose-wait" => options.wait = Some(value.into()),
            "--rounds" => options.rounds = number()? as usize,
            "--latest-ms" => options.latest_ms = number()?.max(101),
            "--idle-seconds" => options.idle = Duration::from_secs(number()?),
            "--only" => options.only = Some(value),
            _ => return Err(format!("there is no option {name}")),
        }
    }
    if options.builds.is_empty() {
        return Err("--manage is missing".to_owned());
    }
    Ok(options)
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark's result is what it prints")]
fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("{problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    for server in servers(&options) {
        println!("\n== {} ==", server.name());
        let contenders = Contender::all(&options.builds, options.wait.as_deref(), &server);
        println!("\nFrom ready to noticed, {} starts, ms:\n{}", options.rounds, heading());
        for (contender, figures) in contenders.iter().zip(detection(&options, &server, &contenders)) {
            println!("{}", figures.line(contender.name()));
        }
        println!("\nAlready ready, whole process, {} runs, ms:\n{}", options.rounds, heading());
        server.start();
        for contender in &contenders {
            let runs = (0..options.rounds).map(|_| contender.spawn().finish());
            println!("{}", runs.collect::<Figures>().line(contender.name()));
        }
        server.stop();
        println!("\nWaiting for {} s while nothing listens:", options.idle.as_secs());
        for contender in &contenders {
            let cost = contender.spawn().cost_of(options.idle);
            println!("{:24} {:>7.0} ms of CPU {:>7.1} MB", contender.name(), cost.cpu_ms, cost.memory_mb);
        }
    }
    ExitCode::SUCCESS
}

fn servers(options: &Options) -> Vec<Server> {
    let wanted = |name: &str| options.only.as_deref().is_none_or(|only| only == name);
    let mut servers = Vec::new();
    if wanted("postgres") {
        let hba = ["host all prober 127.0.0.1/32 trust", "host all all 127.0.0.1/32 scram-sha-256"];
        servers.push(Server::Postgres(Postgres::builder().hba(hba).start().expect("PostgreSQL")));
    }
    if wanted("mariadb") {
        servers.push(Server::MariaDb(MariaDb::builder().start().expect("MariaDB")));
    }
    for server in &servers {
        server.set_up();
        server.stop();
    }
    servers
}

/// Every contender in turn, so that whatever else the machine does meets them alike.
fn detection(options: &Options, server: &Server, contenders: &[Contender]) -> Vec<Figures> {
    let mut all: Vec<Vec<f64>> = contenders.iter().map(|_| Vec::new()).collect();
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    for _ in 0..options.rounds {
        // Xorshift: the same delays in each run, and for each contender of a round.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let delay = Duration::from_millis(100 + random % (options.latest_ms - 100));
        for (contender, latencies) in contenders.iter().zip(&mut all) {
            let given_up = Arc::new(AtomicBool::new(false));
            let waiter = contender.spawn();
            thread::sleep(delay);
            let (protocol, port, stop) = (server.protocol(), server.port(), Arc::clone(&given_up));
            let prober = thread::spawn(move || prober::first_answer(protocol, port, &stop));
            server.start_in_background();
            let noticed: Instant = waiter.finish_at();
            thread::sleep(Duration::from_millis(20));
            server.wait_until_ready();
            thread::sleep(Duration::from_millis(20));
            given_up.store(true, Ordering::Relaxed);
            let ready = prober.join().expect("no panic").expect("the server answered");
            latencies.push(match noticed.checked_duration_since(ready) {
                Some(late) => late.as_secs_f64() * 1_000.0,
                None => -(ready - noticed).as_secs_f64() * 1_000.0,
            });
            server.stop();
        }
    }
    all.into_iter().map(Figures::from_iter).collect()
}
