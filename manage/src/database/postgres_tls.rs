//! The TLS settings as the PostgreSQL driver takes them.

use tokio_postgres_rustls::MakeRustlsConnect;

use super::ConnectError;
use super::tls::{Kept, client_config};
use crate::settings::DatabaseSettings;

/// What the driver needs to encrypt with these settings.
pub(super) fn connector(settings: &DatabaseSettings) -> Result<MakeRustlsConnect, ConnectError> {
    static KEPT: Kept<MakeRustlsConnect> = Kept::new();
    KEPT.get(settings, || Ok(MakeRustlsConnect::new(client_config(settings)?)))
}
