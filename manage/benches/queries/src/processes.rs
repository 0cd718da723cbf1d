//! The same work as whole processes: start, connect, one query, end.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::measure::{Sample, Samples};
use crate::report::{Entry, Report};
use crate::rows::Row;
use crate::servers::Database;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The programs, with the arguments of each.
const PROGRAMS: [(&str, &str, &[&str]); 2] =
    [("Diesel's own", "once_diesel", &[]), ("manage::Connection", "once_manage", &["once_manage"])];

/// How many processes a turn has: enough for the kernel's clock.
const TIMES: usize = 10;

/// Measures both programs with one database.
pub fn measure(backend: &'static str, database: &Database, rounds: usize, report: &mut Report) -> Result<()> {
    let programs = PROGRAMS.map(|(name, file, arguments)| (name, beside(file), arguments));
    let mut samples: [Samples; PROGRAMS.len()] = Default::default();
    let url = &database.addresses.main;
    for (_, program, arguments) in &programs {
        turn(program, arguments, url)?;
    }
    for round in 0..rounds {
        for position in 0..programs.len() {
            let index = (round + position) % programs.len();
            let (_, program, arguments) = &programs[index];
            samples[index].add(turn(program, arguments, url)?, TIMES);
        }
    }
    let entries = programs.iter().zip(samples);
    let entries = entries.map(|((name, ..), samples)| Entry { name, times: TIMES, samples }).collect();
    report.begin(backend);
    report.add(backend, Row::Process, rounds, entries);
    Ok(())
}

/// The directory of this program has the others.
fn beside(file: &str) -> PathBuf {
    std::env::current_exe().expect("this program has a path").with_file_name(file)
}

/// Runs a program some times.
fn turn(program: &PathBuf, arguments: &[&str], url: &str) -> Result<Sample> {
    let before = cpu()?;
    let started = Instant::now();
    for _ in 0..TIMES {
        once(program, arguments, url)?;
    }
    let wall = started.elapsed();
    Ok(Sample { wall, cpu: cpu()? - before })
}

fn once(program: &PathBuf, arguments: &[&str], url: &str) -> Result<()> {
    let mut command = Command::new(program);
    command.args(arguments).env("DATABASE_URL", url).current_dir("/").stdin(Stdio::null());
    let output = command.output().map_err(|error| format!("{}: {error}", program.display()))?;
    if output.stdout != b"1\n" || !output.status.success() {
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("{} failed: {printed}", program.display()).into());
    }
    Ok(())
}

/// The CPU time of all processes that have ended, which the kernel gives in hundredths of a second.
fn cpu() -> Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name of the program, in brackets, may contain spaces.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields
        .split_whitespace()
        .skip(13)
        .take(2)
        .map(str::parse::<u64>)
        .sum::<std::result::Result<u64, _>>()?;
    Ok(Duration::from_millis(ticks * 10))
}
