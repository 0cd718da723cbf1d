//! What every source of a database's settings shares: addresses, words, and where relative paths start.

use std::path::{Path, PathBuf};

use super::{Address, Backend, DatabaseSettings, SettingsError, SslMode};

/// A host's address: an absolute path is the folder of a Unix socket.
pub(super) fn address(host: &str, port: u16) -> Address {
    if host.starts_with('/') {
        return Address::Unix(PathBuf::from(host), port);
    }
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    Address::Tcp(bare.to_owned(), port)
}

/// One of libpq's words.
pub(super) fn parse_mode(text: &str, place: &str) -> Result<SslMode, SettingsError> {
    SslMode::parse(text).ok_or_else(|| {
        // The value is not repeated: it may be a password that slipped into the wrong line.
        SettingsError::new(format!("{place}: The value is no sslmode."))
            .hint(format!("It is one of {}.", SslMode::NAMES.join(", ")))
    })
}

/// Relative paths of a file's settings start from the file's folder.
pub(super) fn beside(mut settings: DatabaseSettings, folder: &Path) -> DatabaseSettings {
    let is_file = settings.backend == Backend::Sqlite
        && settings.name != ":memory:"
        && !settings.name.starts_with("file:");
    if is_file && !folder.as_os_str().is_empty() {
        settings.name = folder.join(&settings.name).to_string_lossy().into_owned();
    }
    let tls = &mut settings.tls;
    for path in [&mut tls.root_cert, &mut tls.client_cert, &mut tls.client_key].into_iter().flatten() {
        // `system` is libpq's word for the authorities of the operating system.
        if path.as_os_str() != "system" {
            *path = folder.join(&*path);
        }
    }
    settings
}
