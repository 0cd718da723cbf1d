//! What do `manage migrate` and `diesel migration run` cost, with everything to do and with nothing?
//!
//! `manage/benches/migrating.sh` builds and runs it. In each round each program migrates a database of its own
//! from empty, and is then run once more. They take turns, so that whatever else the machine does meets them
//! alike.

#[path = "../figures/mod.rs"]
mod figures;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use figures::{Figures, heading};
use manage_test_support::{Backend, DatabaseServer};

/// A program that migrates.
struct Contender {
    name: String,
    program: PathBuf,
    /// What makes it migrate.
    arguments: Vec<String>,
    /// Its own, so that it finds what it left.
    database: String,
}

struct Options {
    backend: Backend,
    contenders: Vec<Contender>,
    rounds: usize,
}

const USAGE: &str = "migrating --backend sqlite|postgres|mysql --migrations FOLDER --diesel PROGRAM \
                     --manage [NAME=]PROGRAM [--manage …] [--rounds 10]";

fn options() -> Result<Options, String> {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (mut backend, mut migrations, mut diesel) = (None, None, None);
    let (mut builds, mut rounds) = (Vec::new(), 10);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or(format!("{name} needs a value"))?;
        match name.as_str() {
            "--backend" => {
                backend = Some(match value.as_str() {
                    "sqlite" => Backend::Sqlite,
                    "postgres" => Backend::Postgres,
                    "mysql" => Backend::MariaDb,
                    _ => return Err(format!("there is no backend {value}")),
                });
            }
            "--migrations" => migrations = Some(value),
            "--diesel" => diesel = Some(value),
            "--manage" => builds.push(match value.split_once('=') {
                Some((name, program)) => (name.to_owned(), program.to_owned()),
                None => ("manage migrate".to_owned(), value),
            }),
            "--rounds" => rounds = value.parse().map_err(|_| format!("--rounds {value}: not a number"))?,
            _ => return Err(format!("there is no option {name}")),
        }
    }
    let backend = backend.ok_or("--backend is missing")?;
    let migrations = migrations.ok_or("--migrations is missing")?;
    let mut contenders = vec![Contender {
        name: "diesel migration run".to_owned(),
        program: diesel.ok_or("--diesel is missing")?.into(),
        arguments: ["migration", "run", "--migration-dir", &migrations].map(str::to_owned).into(),
        database: "by_diesel".to_owned(),
    }];
    contenders.extend(builds.into_iter().enumerate().map(|(number, (name, program))| Contender {
        name,
        program: program.into(),
        arguments: vec!["migrate".to_owned()],
        database: format!("by_manage_{number}"),
    }));
    if contenders.len() == 1 {
        return Err("--manage is missing".to_owned());
    }
    Ok(Options { backend, contenders, rounds })
}

/// Where the databases are.
enum Place {
    Folder(tempfile::TempDir),
    Server(&'static DatabaseServer),
}

impl Place {
    fn new(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => Self::Folder(tempfile::tempdir().expect("a temporary folder")),
            backend => Self::Server(DatabaseServer::shared(backend)),
        }
    }

    fn url(&self, database: &str) -> String {
        match self {
            Self::Folder(folder) => folder.path().join(database).display().to_string(),
            Self::Server(server) => server.url(database),
        }
    }

    /// Creates the database again, without tables.
    fn empty(&self, database: &str) {
        match self {
            Self::Folder(folder) => {
                for ending in ["", "-wal", "-shm", "-journal"] {
                    let _ = std::fs::remove_file(folder.path().join(format!("{database}{ending}")));
                }
                std::fs::write(folder.path().join(database), "").expect("an empty database");
            }
            Self::Server(server) => {
                server.execute(&format!("DROP DATABASE IF EXISTS {database}"));
                server.create_database(database);
            }
        }
    }
}

/// Runs a program to its end, which must be a good one. Returns milliseconds.
fn run(contender: &Contender, folder: &Path, url: &str) -> f64 {
    let start = Instant::now();
    let output = Command::new(&contender.program)
        .args(&contender.arguments)
        .current_dir(folder)
        .env("DATABASE_URL", url)
        .stdin(Stdio::null())
        .output()
        .expect("a program that can be run");
    let passed = start.elapsed();
    assert!(output.status.success(), "{}: {}", contender.name, String::from_utf8_lossy(&output.stderr));
    passed.as_secs_f64() * 1e3
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
    let place = Place::new(options.backend);
    // Without settings of another project.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut all: Vec<(Vec<f64>, Vec<f64>)> =
        options.contenders.iter().map(|_| (Vec::new(), Vec::new())).collect();
    for _ in 0..options.rounds {
        for (contender, (pending, nothing)) in options.contenders.iter().zip(&mut all) {
            place.empty(&contender.database);
            let url = place.url(&contender.database);
            pending.push(run(contender, folder.path(), &url));
            nothing.extend((0..5).map(|_| run(contender, folder.path(), &url)));
        }
    }
    println!("{:?}, {} rounds, ms:\n{}", options.backend, options.rounds, heading());
    for (contender, (pending, nothing)) in options.contenders.iter().zip(all) {
        println!("{}", pending.into_iter().collect::<Figures>().line(&contender.name));
        println!("{}", nothing.into_iter().collect::<Figures>().line("  nothing to do"));
    }
    ExitCode::SUCCESS
}
