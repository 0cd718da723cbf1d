//! The configuration and its sources: defaults, `manage.toml`, `.env`, the environment, in ascending
//! precedence.
//!
//! [`Settings::load`] reads all of it once. Every value knows its [`Origin`], so that an error names the file
//! and line, or the variable, to fix. A password is a [`Secret`], which never prints.
//!
//! ```
//! use manage::prelude::*;
//!
//! fn show(cx: &Context) -> Result<()> {
//!     for database in cx.settings()?.databases() {
//!         // default: PostgreSQL at db:5432/app as app, set by DATABASE_URL (environment)
//!         cx.line(format_args!("{}: {database}, set by {}", database.alias, database.origin))?;
//!     }
//!     let api_key: Option<Secret> = cx.settings()?.variable("API_KEY")?;
//!     ensure!(api_key.is_some_and(|key| !key.is_empty()), "API_KEY is missing");
//!     Ok(())
//! }
//! ```
//!
//! The guide in the book: [Settings][guide].
//!
//! [guide]: https://github.com/diesel-manage/diesel-manage/blob/main/docs/guide/settings.md

mod apps;
mod argument_variables;
mod database;
#[cfg(feature = "runserver")]
mod deployed;
mod envfile;
mod environment;
mod environment_name;
mod error;
mod file;
mod find;
mod load;
mod migrations;
mod named_secret;
mod origin;
mod pool;
mod reading;
mod secret;
mod secret_files;
#[cfg_attr(
    not(feature = "runserver"),
    allow(dead_code, reason = "the file has the same form in every build")
)]
mod server;
mod trust;
mod variables;
mod written;

/// The variable with the directories whose files are used no matter who owns them, separated as in `PATH`;
/// `*` means all.
const SAFE_DIRECTORY: &str = "MANAGE_SAFE_DIRECTORY";

pub(crate) use argument_variables::ArgumentVariables;
pub use database::database_settings::{Address, Backend, DatabaseSettings, SslMode, TlsSettings, TlsVersion};
pub(crate) use database::near_misses::variable_names;
pub use database::part::{Part, PartOrigins};
pub use database::url::{UrlError, UrlProblem};
#[cfg(feature = "runserver")]
pub(crate) use deployed::DeployedVariables;
pub use environment::Environment;
pub(crate) use error::Ending;
pub use error::SettingsError;
pub use load::{Settings, Source};
#[cfg(feature = "lint")]
pub(crate) use migrations::MigrationSettings;
pub use origin::Origin;
pub use pool::PoolSettings;
pub use secret::Secret;

#[cfg(feature = "testing")]
pub(crate) use database::for_tests::for_tests;
pub(crate) use named_secret::{file as secret_of_file, variable as secret_of_variable};
#[cfg(feature = "_network")]
pub(crate) use reading::read as read_file;
pub(crate) use reading::within;
use secret_files::secrets_of;
pub(crate) use secret_files::{SecretFile, secret_files};
