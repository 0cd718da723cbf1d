//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use crate::contenders::{ALL, Kind};

pub(crate) const USAGE: &str = "options: --rounds N (10), --seconds S (1), --connections N,N (16,64), --pool N (10), \
     --python PATH (none), --list, --get, --kill MS, --idle N, --slow N; then the contenders to measure (all)";

/// What to measure, and how.
pub(crate) struct Options {
    pub(crate) task: Task,
    pub(crate) rounds: usize,
    pub(crate) length: Duration,
    pub(crate) connections: Vec<usize>,
    /// The number of connections in each pool.
    pub(crate) pool: usize,
    /// A Python with Django, gunicorn and psycopg.
    pub(crate) python: Option<PathBuf>,
    /// How often the server ends all sessions that are idle.
    pub(crate) kill: Option<Duration>,
    pub(crate) contenders: Vec<&'static Kind>,
}

pub(crate) enum Task {
    Turns,
    List,
    Get,
    Idle(usize),
    Slow(usize),
}

impl Options {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            task: Task::Turns,
            rounds: 10,
            length: Duration::from_secs(1),
            connections: vec![16, 64],
            pool: 10,
            python: None,
            kill: None,
            contenders: Vec::new(),
        };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--rounds" => options.rounds = number(&value()?)?,
                "--seconds" => options.length = seconds(&value()?)?,
                "--connections" => {
                    options.connections = value()?.split(',').map(number).collect::<Result<_, _>>()?;
                }
                "--pool" => options.pool = number(&value()?)?,
                "--python" => options.python = Some(value()?.into()),
                "--kill" => options.kill = Some(Duration::from_millis(number(&value()?)? as u64)),
                "--list" => options.task = Task::List,
                "--get" => options.task = Task::Get,
                "--idle" => options.task = Task::Idle(number(&value()?)?),
                "--slow" => options.task = Task::Slow(number(&value()?)?),
                name => options.contenders.extend(contenders(name)?),
            }
        }
        if options.contenders.is_empty() {
            options.contenders = ALL.iter().collect();
        }
        Ok(options)
    }
}

/// Returns the contenders of a name: one, or all of `json`, `http2` or `query`.
fn contenders(name: &str) -> Result<Vec<&'static Kind>, String> {
    let found: Vec<_> =
        ALL.iter().filter(|kind| kind.to_string() == name || kind.scenario.name() == name).collect();
    if found.is_empty() { Err(format!("{name} is neither an option nor a contender")) } else { Ok(found) }
}

fn number(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| format!("{text} is not a number"))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or(format!("{text} is not a number of seconds"))
}
