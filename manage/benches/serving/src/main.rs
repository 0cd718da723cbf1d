//! How many requests a second `serve` answers beside bare axum with the same handler, and what idle and slow
//! clients cost it.
//!
//!     cargo run --release --manifest-path manage/benches/serving/Cargo.toml -- [OPTIONS]
//!
//! Each contender is a process of its own. They take turns in short rounds, so that noise hits all alike; the
//! table has the median of the rounds. The client is one thread with persistent connections; CPU is that of
//! the contender alone. `--idle N` opens N connections that have had one request each, and `--slow N` as many
//! clients that send their head a byte a second: others must be served meanwhile.

mod client;
mod contender;
mod idle;
mod turns;

use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str =
    "options: --rounds N (10), --seconds S (1), --connections N,N (16,64), --idle N, --slow N";

struct Options {
    rounds: usize,
    length: Duration,
    connections: Vec<usize>,
    idle: Option<usize>,
    slow: Option<usize>,
}

fn main() -> ExitCode {
    if let Ok(name) = std::env::var(contender::CONTENDER) {
        return contender::run(&name);
    }
    match options(std::env::args().skip(1)) {
        Ok(Options { idle: Some(count), .. }) => idle::idle(count),
        Ok(Options { slow: Some(count), .. }) => idle::slow(count),
        Ok(options) => turns::run(&options),
        Err(error) => {
            eprintln!("{error}\n{USAGE}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        rounds: 10,
        length: Duration::from_secs(1),
        connections: vec![16, 64],
        idle: None,
        slow: None,
    };
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or(format!("{argument} needs a value"))?;
        let number = |text: &str| text.parse().map_err(|_| format!("{text} is not a number"));
        match argument.as_str() {
            "--rounds" => options.rounds = number(&value)?,
            "--seconds" => options.length = Duration::from_secs(number(&value)? as u64),
            "--connections" => {
                options.connections = value.split(',').map(number).collect::<Result<_, _>>()?;
            }
            "--idle" => options.idle = Some(number(&value)?),
            "--slow" => options.slow = Some(number(&value)?),
            other => return Err(format!("{other} is no option")),
        }
    }
    Ok(options)
}
