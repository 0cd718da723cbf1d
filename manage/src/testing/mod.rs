//! For a team's tests: commands run in-process, and databases that are made for one test.
//!
//! It is there with the cargo feature `testing`, which a project turns on for its tests alone:
//!
//! ```toml
//! [dev-dependencies]
//! diesel-manage = { version = "0.1", features = ["testing"] }
//! ```
//!
//! - [`Project`] is a folder of its own with an environment of its own, in which command lines run, and functions.
//! - [`Transcript`] is what a command said and how it ended, as one text.
//! - [`TestDatabase`] is a new database with the program's tables, on SQLite or on the server of the settings.
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
//! [`Project::with_database`] asks the settings that the tests themselves run with, and never touches the database that
//! they name. In this order:
//!
//! 1. the variable `TEST_DATABASE_URL`, for another alias `TEST_DATABASE_URL_<ALIAS>` (in the environment or in `.env`;
//!    with `_FILE`, a file that holds it);
//! 2. the database of that alias as `manage` has it: `DATABASE_URL`, `manage.toml`, …
//!
//! Of a server, only the address and the login count: the tests' databases are new ones beside that database, and the role
//! must be allowed to create some. For SQLite it is a file in a temporary folder.
//!
//! # What is left behind
//!
//! A database is dropped with its value, also when the test panics, and connections that are still open are cut. One whose
//! process was killed is dropped when the next test process begins: each process holds a session on the server whose name is
//! part of the names of its databases. On PostgreSQL one database stays, `manage_template_…`, from which the others are
//! copied; it is made anew when the migrations change, and dropped when no test has used it for a week.

mod database;
mod fingerprint;
mod folder;
mod mysql;
mod names;
mod postgres;
mod project;
mod server;
mod texts;
mod transcript;

pub use database::{TestDatabase, settings};
pub use project::Project;
pub use transcript::{Called, Transcript};
