//! The TLS settings for the PostgreSQL driver.

use tokio_postgres_rustls::MakeRustlsConnect;

use crate::database::ConnectError;
use crate::database::network::tls::{TlsCache, client_config};
use crate::settings::DatabaseSettings;

/// Returns the driver's TLS connector for these settings.
pub(super) fn connector(settings: &DatabaseSettings) -> Result<MakeRustlsConnect, ConnectError> {
    static CACHE: TlsCache<MakeRustlsConnect> = TlsCache::new();
    CACHE.get(settings, || Ok(MakeRustlsConnect::new(client_config(settings)?)))
}
