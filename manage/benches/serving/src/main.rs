//! How many requests a second `serve` answers beside bare axum and Django with the same handlers, and what idle
//! and slow clients cost it.
//!
//!     cargo run --release --manifest-path manage/benches/serving/Cargo.toml -- [OPTIONS] [CONTENDER…]
//!
//! README.md says what is measured, and how.

mod article;
mod client;
mod contenders;
mod django;
mod get;
mod http2;
mod idle;
mod json;
mod kill;
mod options;
mod process;
mod turns;

use std::process::ExitCode;

use manage_test_support::Postgres;

use crate::contenders::{ALL, Kind, Scenario};
use crate::options::{Options, Task, USAGE};

fn main() -> ExitCode {
    if let Ok(name) = std::env::var(process::CONTENDER) {
        return Kind::named(&name).run();
    }
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match options.task {
        Task::List => ALL.iter().for_each(|kind| println!("{:24} {}", kind.to_string(), kind.what)),
        Task::Idle(count) => idle::idle(count),
        Task::Slow(count) => idle::slow(count),
        Task::Get => with_database(get::run),
        Task::Turns => {
            for scenario in Scenario::ALL {
                let kinds = turns::available(scenario, &options);
                match scenario {
                    _ if kinds.is_empty() => {}
                    Scenario::Query => with_database(|url| turns::run(scenario, &kinds, &options, url)),
                    _ => turns::run(scenario, &kinds, &options, NO_DATABASE),
                }
            }
        }
    }
    ExitCode::SUCCESS
}

/// The database of contenders that use none.
const NO_DATABASE: &str = "postgres://nobody@localhost/none";

/// Calls a function with the URL of a database that has the table: the one of `DATABASE_URL`, or one of a
/// server that is started for it.
fn with_database(function: impl FnOnce(&str)) {
    let server;
    let url = match std::env::var(process::DATABASE_URL) {
        Ok(url) => url,
        Err(_) => {
            // All contenders keep their pools while they wait for their turn.
            server =
                Postgres::builder().setting("max_connections = 500").start().expect("a PostgreSQL server");
            server.create_database("serving");
            server.url("serving")
        }
    };
    article::create_table(&url);
    function(&url);
}
