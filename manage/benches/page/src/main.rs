//! How many requests a second a page with one query serves: by `runserver` and the pool of this project, and
//! by bare axum with Diesel's r2d2 pool and libpq.
//!
//!     cargo run --release --manifest-path manage/benches/page/Cargo.toml -- [OPTIONS] [CONTENDER…]
//!
//! The handler is the same everywhere: a row by its primary key, as a small page. Each contender is a process
//! of its own with as many runtime threads as there are processors, and the same size of pool. They take turns
//! in short rounds, so that noise hits all alike; the table has the median of the rounds. The client is one
//! thread with persistent connections. CPU is that of the contender alone.
//!
//! `--get` also prints what a connection costs out of each pool and back. `--kill MS` ends all idle sessions
//! again and again, and counts the requests that fail.
//!
//! It starts a PostgreSQL server itself, unless `DATABASE_URL` names one, in which it creates the table
//! `page_articles`.

mod client;
mod get;
mod measure;
mod server;

use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::var(server::CONTENDER) {
        Ok(name) => server::run(&name),
        Err(_) => measure::run(std::env::args().skip(1)),
    }
}
