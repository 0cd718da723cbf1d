//! Real database servers for tests, and what it takes to test a program with them.
//!
//! [`Postgres`] and [`MariaDb`] start servers of their own: in a temporary directory, on a free port of
//! 127.0.0.1, never as root, next to whatever runs on the machine. They end when the test process ends,
//! however it ends.
//!
//! A test program is a [`Suite`] with `harness = false`. A function with [`case`] is a test, wherever it is:
//!
//! ```no_run
//! use manage_test_support::{Need, Suite, TestDatabase, case, needs, on_each_backend};
//!
//! #[case]
//! fn it_runs_everywhere() {}
//!
//! #[case(needs(Need::Redis))]
//! fn it_is_skipped_without_redis() {}
//!
//! #[case(on_each_backend)]
//! fn migrate_applies_all(database: TestDatabase) {
//!     assert!(!database.url().is_empty());
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     Suite::of_cases().run()
//! }
//! ```
#![cfg(unix)]

mod account;
mod case;
mod caught;
mod cell;
mod docker;
mod documents;
mod either;
mod extent;
mod files;
mod find;
pub mod fuzz;
pub mod hostile;
mod instance;
mod mariadb;
mod need;
mod overdue;
mod pgbouncer;
mod port;
mod postgres;
mod process;
mod program;
mod projects;
mod proxy;
mod rabbitmq;
mod redis;
mod running;
mod scram;
mod server;
mod shared;
mod suite;
mod template;
mod terminal;
mod tls;
mod transcript;
mod turns;
mod wait;
mod watch;
mod watched;

pub use account::Account;
pub use case::{Case, CaseName, builds, builds_with, inside, needs, on_each_backend, only_if};
pub use docker::build_log;
pub use documents::{Block, blocks};
pub use either::{DatabaseServer, execute};
pub use extent::{ALL, random_cases, tests_all};
pub use files::unnamed_files;
pub use find::{POSTGRES_BIN, Unavailable};
#[doc(hidden)]
pub use inventory;
pub use manage_test_support_macros::case;
pub use mariadb::{MariaDb, MariaDbBuilder};
pub use need::{Need, REQUIRE, python};
pub use pgbouncer::PgBouncer;
pub use port::free_port;
pub use postgres::{Postgres, PostgresBuilder};
pub use program::Program;
pub use projects::{BUILD, cargo, lock, project_target, with_cargo, workspace};
pub use proxy::{Fault, Link, Point, Proxy};
pub use rabbitmq::RabbitMq;
pub use redis::Redis;
pub use running::Running;
pub use rustix::process::Signal;
pub use scram::scram_verifier;
pub use shared::{Backend, TestDatabase, shared_mariadb, shared_postgres};
pub use suite::Suite;
pub use terminal::{PROMPT, Terminal};
pub use tls::Tls;
pub use transcript::Transcript;
pub use wait::{happens_within, wait_until};

/// The superuser of both servers, for TCP.
pub(crate) const USER: &str = "tester";

/// Every character that has a meaning in a URL, in SQL, in a shell or in a settings file, and one that is not
/// ASCII.
pub(crate) const PASSWORD: &str = r##"p@ss:w/o?r#d %25+é'"\&=;$`[x]{y}"##;

/// Returns a part of a URL that means exactly this text.
pub(crate) fn percent_encoded(text: impl AsRef<str>) -> String {
    percent_encoding::utf8_percent_encode(text.as_ref(), URL_PART).to_string()
}

const URL_PART: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
