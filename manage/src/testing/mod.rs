//! Support for a project's tests: in-process commands, and a separate database for each test.
//!
//! Available with the cargo feature `testing`, which a project enables only for its tests:
//!
//! ```toml
//! [dev-dependencies]
//! diesel-manage = { version = "0.1", features = ["testing"] }
//! ```
//!
//! - [`Project`] is a temporary directory with its own environment, in which command lines and functions run.
//! - [`Transcript`] is the output and the exit code of a command, as one text.
//! - [`Project::get`] sends a request to the program's routes.
//! - [`TestDatabase`] is a new database with the program's tables, on SQLite or on the server of the
//!   settings.
//!
//! ```
//! use manage::testing::Project;
//!
//! // In a project's own tests: `Project::new(manage::program!(shop))`.
//! let project = Project::new(manage::Program::new(&[])).with_database();
//! let ran = project.run(["migrate", "--check", "--no-such-option"]);
//! assert_eq!(ran.exit.0, 2);
//! assert_eq!(
//!     project.run(["version"]).to_string(),
//!     format!("$ manage version\n--- stdout ---\n{}\n--- exit code: 0 ---\n", manage::VERSION),
//! );
//! ```
//!
//! # Where the databases are
//!
//! [`Project::with_database`] uses the settings of the test process itself, and never changes the database
//! that they name. In this order:
//!
//! 1. the variable `TEST_DATABASE_URL`, for another alias `TEST_DATABASE_URL_<ALIAS>` (in the environment or
//!    in `.env`; with `_FILE`, a file that holds it);
//! 2. the database of that alias as `manage` has it: `DATABASE_URL`, `manage.toml`, …
//!
//! For a server, only the address and the login matter: the test databases are created on the same server,
//! and the role must be allowed to create databases. For SQLite it is a file in a temporary directory.
//!
//! # A new database, or a used one
//!
//! [`Project::with_database`] creates a database for the test and drops it. On PostgreSQL it is a copy of a
//! template: files for each table and index, so a program with 300 tables may wait a second or more for it. On
//! MySQL and MariaDB all migrations run.
//!
//! [`Project::with_reused_database`] takes a database that an earlier test of the same process used, without
//! what that test has left, or creates one if other tests use all of them. That takes milliseconds, also with
//! many migrations. Like Django's `TransactionTestCase`, and unlike its `TestCase`, it works by emptying, not
//! by a transaction: commands can commit, and open as many connections as they like. Before each test:
//!
//! - connections that are still open are terminated;
//! - rows are deleted, except those of the migrations;
//! - sequences and `AUTO_INCREMENT` start again where the migrations left them;
//! - a database whose schema is not as the migrations made it is dropped. So is one where rows of the
//!   migrations were changed, and on MySQL and MariaDB also one where rows were added to their tables. The test
//!   gets a new one.
//!
//! On PostgreSQL that takes three round trips, and PL/pgSQL, which a new database has; if the migrations drop it,
//! each test gets a new database.
//!
//! Two tests never use the same database at the same time. What may differ from a new database: the order of
//! rows without `ORDER BY`, the planner's statistics, and triggers have run for the deletions. What no
//! database has to itself is shared in either case, such as roles. A thread that outlives its test must not
//! connect again: it would see the next test's database.
//!
//! On SQLite a new database is the copy of one file, so the two are the same. Runners that start a process for
//! each test, such as nextest, do not profit.
//!
//! A test of code that takes a connection needs no more than Diesel's `begin_test_transaction`, like Django's
//! `TestCase`: what it does is rolled back when the connection closes. Commands open their own connections and
//! do not see it, and MySQL commits at each schema change.
//!
//! # What is left behind
//!
//! A database is dropped with its value, even if the test panics, and open connections are terminated. The
//! databases of a killed process, and those for reuse, are dropped by the next test process: each process
//! holds a session on the server whose name is part of its databases' names. On PostgreSQL one database remains,
//! `manage_template_…`, from which the others are copied. It is rebuilt when the migrations change, and
//! dropped when no test has used it for a week.
//!
//! The guide in the book: [Test your commands][guide].
//!
//! [guide]: https://github.com/diesel-manage/diesel-manage/blob/main/docs/guide/testing.md

mod database;
mod fingerprint;
mod folder;
mod mysql;
mod names;
mod postgres;
mod project;
mod rendering;
#[cfg(feature = "runserver")]
mod request;
mod restore;
mod restore_mysql;
mod restore_postgres;
mod reuse;
mod server;
mod texts;
mod transcript;
mod workers;

pub use database::{TestDatabase, settings};
pub use project::Project;
#[cfg(feature = "runserver")]
pub use request::Answer;
pub use transcript::{Called, Transcript};
