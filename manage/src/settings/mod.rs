//! Where configuration comes from: defaults, `manage.toml`, `.env`, the environment, in rising order.

mod database;
mod origin;
mod secret;

pub use database::{Address, Backend, DatabaseSettings, SslMode, TlsSettings};
pub use origin::Origin;
pub use secret::Secret;
