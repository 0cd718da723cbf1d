//! Starts the contenders, lets them take turns, and prints the table.

use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use manage_test_support::Postgres;

use crate::client::{Round, load};
use crate::server::{self, ADDRESS, CONTENDER, CONTENDERS, POOL_SIZE, URL, create_table};

const USAGE: &str = "options: --rounds N (10), --seconds S (1), --pool N (10), --connections N,N (16,64), \
     --kill MS (never), --get, --list";

struct Options {
    rounds: usize,
    length: Duration,
    pool: usize,
    connections: Vec<usize>,
    /// How often the server ends all sessions that are idle.
    kill: Option<Duration>,
    get: bool,
    contenders: Vec<String>,
}

struct Contender {
    name: String,
    process: Child,
    address: SocketAddr,
}

impl Drop for Contender {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the rounds of a contender measured, one value each.
#[derive(Default)]
struct Results {
    rates: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
    cpu: Vec<f64>,
    failures: usize,
    killed: usize,
}

pub(crate) fn run(arguments: impl Iterator<Item = String>) -> ExitCode {
    let options = match options(arguments) {
        Ok(Some(options)) => options,
        Ok(None) => {
            CONTENDERS.iter().for_each(|(name, what)| println!("{name:14} {what}"));
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("{error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let (_server, url) = match std::env::var(URL) {
        Ok(url) => (None, url),
        Err(_) => {
            let server = Postgres::start().expect("a PostgreSQL server");
            server.create_database("page");
            let url = server.url("page");
            (Some(server), url)
        }
    };
    create_table(&url);
    if options.get {
        crate::get::run(&url);
    }
    let contenders: Vec<_> = options.contenders.iter().map(|name| start(name, &url, options.pool)).collect();
    for contender in &contenders {
        load(contender.address, 16, Duration::from_millis(300));
    }
    for connections in &options.connections {
        let mut results: Vec<_> = contenders.iter().map(|_| Results::default()).collect();
        for round in 0..options.rounds {
            for turn in 0..contenders.len() {
                // Nobody always follows the same one.
                let index = (turn + round) % contenders.len();
                let results = &mut results[index];
                let killing = options.kill.map(|pause| Killing::start(&url, pause));
                measure(&contenders[index], *connections, options.length, results);
                results.killed += killing.map_or(0, Killing::end);
            }
        }
        print(*connections, options.pool, &contenders, &results);
    }
    ExitCode::SUCCESS
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut options = Options {
        rounds: 10,
        length: Duration::from_secs(1),
        pool: 10,
        connections: vec![16, 64],
        kill: None,
        get: false,
        contenders: Vec::new(),
    };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        let number = |text: String| text.parse().map_err(|_| format!("{text} is not a number"));
        match argument.as_str() {
            "--list" => return Ok(None),
            "--rounds" => options.rounds = number(value()?)?,
            "--get" => options.get = true,
            "--kill" => options.kill = Some(Duration::from_millis(number(value()?)? as u64)),
            "--pool" => options.pool = number(value()?)?,
            "--connections" => {
                options.connections =
                    value()?.split(',').map(|part| number(part.to_owned())).collect::<Result<_, _>>()?;
            }
            "--seconds" => {
                let text = value()?;
                let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                options.length = seconds.ok_or(format!("{text} is not a number of seconds"))?;
            }
            name if CONTENDERS.iter().any(|(known, _)| *known == name) => options.contenders.push(argument),
            other => return Err(format!("{other} is neither an option nor a contender")),
        }
    }
    if options.contenders.is_empty() {
        options.contenders = CONTENDERS.iter().map(|(name, _)| (*name).to_owned()).collect();
    }
    Ok(Some(options))
}

/// Starts a contender, and waits until it listens.
fn start(name: &str, url: &str, pool: usize) -> Contender {
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = free.local_addr().expect("an address");
    drop(free);
    let log = std::env::temp_dir().join(format!("page-{}-{name}.log", std::process::id()));
    let file = File::create(&log).expect("a file");
    // It is open: the name is no longer needed.
    let _ = std::fs::remove_file(&log);
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.env(CONTENDER, name).env(ADDRESS, address.to_string()).env(URL, url);
    command.env(POOL_SIZE, pool.to_string()).env("MANAGE_ENV", "development");
    if name == "ours-limited" {
        command.env("MANAGE_SERVER_REQUEST_TIMEOUT", "30");
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
    let mut process = command.spawn().expect("this program starts");
    let deadline = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(address).is_err() {
        let ended = process.try_wait().expect("a process");
        assert!(ended.is_none() && Instant::now() < deadline, "{name} does not listen");
        std::thread::sleep(Duration::from_millis(10));
    }
    Contender { name: name.to_owned(), process, address }
}

fn measure(contender: &Contender, connections: usize, length: Duration, results: &mut Results) {
    let before = cpu_time(contender.process.id());
    let Round { mut times, failures, seconds } = load(contender.address, connections, length);
    let used = cpu_time(contender.process.id()) - before;
    times.sort_unstable();
    let count = times.len().max(1);
    let at = |share: f64| times.get((count as f64 * share) as usize).map_or(0.0, |time| f64::from(*time));
    results.rates.push(count as f64 / seconds);
    results.p50.push(at(0.5));
    results.p99.push(at(0.99));
    results.cpu.push(used * 1e6 / count as f64);
    results.failures += failures;
}

/// Returns the CPU time of a process in seconds; 0 where there is no `/proc`.
fn cpu_time(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name of the program is in brackets, and may have spaces.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = |at: usize| fields.split_whitespace().nth(at).and_then(|ticks| ticks.parse::<f64>().ok());
    // Linux counts them in hundredths of a second, on every architecture.
    (ticks(11).unwrap_or(0.0) + ticks(12).unwrap_or(0.0)) / 100.0
}

/// A thread that ends idle sessions again and again.
struct Killing {
    stop: mpsc::Sender<()>,
    thread: JoinHandle<usize>,
}

impl Killing {
    fn start(url: &str, pause: Duration) -> Self {
        let (url, (stop, stopped)) = (url.to_owned(), mpsc::channel());
        let thread = std::thread::spawn(move || {
            let mut connection = server::connect(&url);
            let mut killed = 0;
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                killed += server::kill_idle(&mut connection);
            }
            killed
        });
        Self { stop, thread }
    }

    /// Returns how many sessions it has ended.
    fn end(self) -> usize {
        drop(self.stop);
        self.thread.join().expect("no panic")
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

fn print(connections: usize, pool: usize, contenders: &[Contender], results: &[Results]) {
    println!("\n{connections} connections to the server, {pool} in the pool");
    println!(
        "{:14} {:>10} {:>6} {:>8} {:>8} {:>12}",
        "", "requests/s", "ratio", "p50 µs", "p99 µs", "CPU µs/req."
    );
    let first = results.first().map_or(1.0, |results| median(&results.rates));
    for (contender, results) in contenders.iter().zip(results) {
        let rate = median(&results.rates);
        print!("{:14} {rate:10.0} {:6.2}", contender.name, rate / first);
        print!(" {:8.0} {:8.0} {:12.1}", median(&results.p50), median(&results.p99), median(&results.cpu));
        match (results.failures, results.killed) {
            (0, 0) => println!(),
            (failures, killed) => println!("   {failures} FAILED, {killed} sessions killed"),
        }
    }
}
