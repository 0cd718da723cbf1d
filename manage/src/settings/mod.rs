//! Where configuration comes from: defaults, `manage.toml`, `.env`, the environment, in rising order.
//!
//! [`Settings::load`] reads all of it once. Every value knows its [`Origin`], so that an error names the file and
//! line, or the variable, to mend. A password is a [`Secret`], which never prints.

mod database;
mod database_parts;
mod database_sources;
mod database_table;
mod database_variables;
mod draft;
mod envfile;
mod environment;
mod error;
mod file;
mod find;
#[cfg(feature = "testing")]
mod for_tests;
mod libpq;
mod load;
mod near_misses;
mod origin;
mod part;
mod secret;
mod secret_files;
mod stage;
mod url;
mod variables;

pub use database::{Address, Backend, DatabaseSettings, SslMode, TlsSettings, TlsVersion};
pub use environment::Environment;
pub use error::SettingsError;
pub use load::{Settings, Source};
pub use origin::Origin;
pub use part::{Part, PartOrigins};
pub use secret::Secret;
pub use url::{UrlError, UrlProblem};

#[cfg(feature = "testing")]
pub(crate) use for_tests::for_tests;
pub(crate) use secret_files::{SecretFile, secret_files, secrets_of};
