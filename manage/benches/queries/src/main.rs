//! How fast queries are on the connections of this crate, beside Diesel's own and diesel-async's.
//!
//! README.md beside this package's Cargo.toml explains the method; `run.sh` builds and starts it.

mod contender;
mod measure;
mod processes;
mod report;
mod rows;
mod schema;
mod servers;
mod work;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};

use crate::contender::{
    Any, AsyncMysql, AsyncPg, Contender, DieselSqlite, LibMysql, LibPq, OurMysql, OurPg, OurSqlite,
};
use crate::measure::Samples;
use crate::report::{Entry, Report};
use crate::rows::Row;
use crate::servers::{Database, Via};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Time queries on manage's connections, beside Diesel's own and diesel-async's
#[derive(Parser)]
struct Arguments {
    /// Only these backends
    #[arg(value_enum)]
    backends: Vec<Backend>,

    /// Only rows whose name contains one of these texts
    #[arg(long, value_name = "TEXT", value_delimiter = ',')]
    rows: Vec<String>,

    /// Only contenders whose name contains one of these texts; Diesel's own always takes part
    #[arg(long, value_name = "TEXT", value_delimiter = ',')]
    only: Vec<String>,

    /// How often each contender takes its turn in each row [default: 40, with --quick 9]
    #[arg(long, value_name = "COUNT")]
    rounds: Option<usize>,

    /// Finish within a minute: fewer and shorter turns
    #[arg(long)]
    quick: bool,

    /// Instead time processes that start, connect, run one query and end
    #[arg(long)]
    processes: bool,

    /// How PostgreSQL is reached
    #[arg(long, value_enum, default_value_t)]
    via: Via,

    /// Also write the results to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Backend {
    Postgres,
    Mysql,
    Sqlite,
}

fn main() {
    let arguments = Arguments::parse();
    if let Err(error) = run(&arguments) {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let backends = match &arguments.backends[..] {
        [] => &[Backend::Postgres, Backend::Mysql, Backend::Sqlite],
        some => some,
    };
    let mut report = Report::default();
    for backend in backends {
        let (mut database, contenders) = start(*backend, arguments.via)?;
        let title = backend.title(arguments.via);
        if arguments.processes {
            let rounds = arguments.rounds.unwrap_or(if arguments.quick { 20 } else { 200 });
            processes::measure(title, &database, rounds, &mut report)?;
        } else {
            measure(arguments, title, &mut database, contenders, &mut report)?;
        }
    }
    if let Some(path) = &arguments.json {
        report.write(path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

impl Backend {
    fn title(self, via: Via) -> &'static str {
        match (self, via) {
            (Self::Postgres, Via::Tcp) => "postgres",
            (Self::Postgres, Via::Socket) => "postgres (socket)",
            (Self::Postgres, Via::Pgbouncer) => "postgres (pgbouncer)",
            (Self::Mysql, _) => "mysql",
            (Self::Sqlite, _) => "sqlite",
        }
    }
}

/// Starts a server. The first contender is what the others are compared with.
fn start(backend: Backend, via: Via) -> Result<(Database, Vec<Box<dyn Contender>>)> {
    Ok(match backend {
        Backend::Postgres => {
            let database = Database::postgres(via)?;
            let at = &database.addresses;
            let contenders: Vec<Box<dyn Contender>> = vec![
                Box::new(LibPq::new(at)?),
                Box::new(Any::new(at)?),
                Box::new(OurPg::new(at)?),
                Box::new(AsyncPg::new(at)?),
            ];
            (database, contenders)
        }
        Backend::Mysql => {
            let database = Database::mariadb()?;
            let at = &database.addresses;
            let contenders: Vec<Box<dyn Contender>> = vec![
                Box::new(LibMysql::new(at)?),
                Box::new(Any::new(at)?),
                Box::new(OurMysql::new(at)?),
                Box::new(AsyncMysql::new(at)?),
            ];
            (database, contenders)
        }
        Backend::Sqlite => {
            let database = Database::sqlite()?;
            let at = &database.addresses;
            let contenders: Vec<Box<dyn Contender>> = vec![
                Box::new(DieselSqlite::new(at)?),
                Box::new(Any::new(at)?),
                Box::new(OurSqlite::new(at)?),
            ];
            (database, contenders)
        }
    })
}

fn measure(
    arguments: &Arguments,
    backend: &'static str,
    database: &mut Database,
    mut contenders: Vec<Box<dyn Contender>>,
    report: &mut Report,
) -> Result<()> {
    let rounds = arguments.rounds.unwrap_or(if arguments.quick { 9 } else { 40 }).max(1);
    let turn = Duration::from_millis(if arguments.quick { 15 } else { 40 });
    let mut index = 0;
    contenders.retain(|contender| {
        index += 1;
        let is_wanted = |text: &String| contender.name().to_lowercase().contains(&text.to_lowercase());
        index == 1 || arguments.only.is_empty() || arguments.only.iter().any(is_wanted)
    });
    report.begin(backend);
    for row in Row::ALL {
        if !arguments.rows.is_empty() && !arguments.rows.iter().any(|text| row.name().contains(text)) {
            continue;
        }
        if let Some(entries) = measure_row(row, rounds, turn, database, &mut contenders)? {
            report.add(backend, row, rounds, entries);
        }
    }
    Ok(())
}

/// Measures one row: the contenders take turns, each round begins with another one.
fn measure_row(
    row: Row,
    rounds: usize,
    turn: Duration,
    database: &mut Database,
    contenders: &mut [Box<dyn Contender>],
) -> Result<Option<Vec<Entry>>> {
    let count = contenders.len();
    // Ids of rows to delete: each turn has its own.
    let mut next = 1;
    let mut step = row.most().min(500) as i32;
    if row == Row::Delete {
        database.fill_doomed((rounds + 4) as i32 * count as i32 * step)?;
    }
    let mut take = |contender: &mut Box<dyn Contender>, times: usize| {
        let first = next;
        next += times as i32;
        match contender.run(row, times, first) {
            Some(Ok(sample)) => Ok(Some(sample)),
            Some(Err(error)) => Err(format!("{}, {}: {error}", row.title(), contender.name())),
            None => Ok(None),
        }
    };
    // As many repetitions as fill a turn of the first contender.
    let mut times = 1;
    let started = Instant::now();
    loop {
        let Some(sample) = take(&mut contenders[0], times)? else { return Ok(None) };
        let fitting = (times as f64 * turn.as_secs_f64() / sample.wall.as_secs_f64().max(1e-6)) as usize;
        let fitting = fitting.clamp(1, row.most());
        if fitting <= times * 2 || started.elapsed() > turn * 4 {
            times = fitting;
            break;
        }
        times = fitting.min(times * 10);
    }
    step = step.min(times as i32);
    times = if row == Row::Delete { step as usize } else { times };
    let mut samples: Vec<Option<Samples>> = Vec::new();
    // Prepared statements, caches and the server's memory are warm before the first round.
    for contender in contenders.iter_mut() {
        samples.push(take(contender, times.min(20))?.map(|_| Samples::default()));
    }
    for round in 0..rounds {
        for position in 0..count {
            let index = (round + position) % count;
            if let Some(samples) = &mut samples[index]
                && let Some(sample) = take(&mut contenders[index], times)?
            {
                samples.add(sample, times);
            }
        }
    }
    if matches!(row, Row::Insert | Row::Returning | Row::Batch) {
        database.empty("notes")?;
    }
    let named = contenders.iter().map(|contender| contender.name()).zip(samples);
    Ok(Some(named.filter_map(|(name, samples)| Some(Entry { name, times, samples: samples? })).collect()))
}
