//! Parsing shared by all sources of database settings: addresses, keywords, and relative paths.

use std::path::{Path, PathBuf};

use super::draft::Draft;
use crate::settings::{Address, Backend, DatabaseSettings, SettingsError, SslMode};

/// Returns the addresses of a host setting, which may include a port: `db`, `db:5433`, `[::1]:5433`, `::1`,
/// the directory of a Unix socket, or several, separated by commas. An error describes the problem.
pub(super) fn addresses(
    text: &str,
    port: Option<u16>,
    backend: Backend,
) -> Result<(Vec<Address>, bool), &'static str> {
    // A newline comes from a file or a heredoc; no host contains one.
    let text = text.trim();
    if text.contains("://") || text.contains('@') {
        return Err("is a URL rather than a host");
    }
    let mut has_port = port.is_some();
    let mut addresses = Vec::new();
    for host in text.split(',') {
        let (host, own) = split_port(host.trim())?;
        if host.is_empty() || host.contains(char::is_control) {
            return Err("is not the name of a host");
        }
        if let (Some(own), Some(port)) = (own, port)
            && own != port
        {
            return Err("names another port than the setting for the port");
        }
        has_port |= own.is_some();
        let port = own.or(port).unwrap_or(backend.default_port());
        if host.starts_with('/') {
            addresses.push(Address::Unix(PathBuf::from(host), port));
        } else if host.contains(|c: char| c.is_whitespace() || c == '/') {
            return Err("is not the name of a host");
        } else {
            addresses.push(Address::Tcp(host.to_owned(), port));
        }
    }
    Ok((addresses, has_port))
}

fn split_port(text: &str) -> Result<(&str, Option<u16>), &'static str> {
    let number = |text: &str| {
        text.parse().ok().filter(|port| *port > 0).ok_or("has a port that is not a number from 1 to 65535")
    };
    if text.starts_with('/') {
        return Ok((text, None));
    }
    if let Some(text) = text.strip_prefix('[') {
        let (host, rest) = text.split_once(']').ok_or("lacks the closing bracket of an IPv6 address")?;
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(number(port)?))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err("has something odd behind the bracket of an IPv6 address"),
        };
    }
    match text.split_once(':') {
        // Two colons without brackets are an IPv6 address.
        Some((host, port)) if !port.contains(':') => Ok((host, Some(number(port)?))),
        _ => Ok((text, None)),
    }
}

/// Parses the name of an `sslmode`.
pub(super) fn parse_mode(text: &str, place: &str) -> Result<SslMode, SettingsError> {
    SslMode::parse(text).ok_or_else(|| {
        // The value is not repeated: it may be a password in the wrong line.
        SettingsError::new(format!("{place}: The value is no sslmode."))
            .hint(format!("It is {}.", SslMode::choice(text)))
    })
}

/// Resolves the relative paths of a file's settings against the file's directory.
pub(super) fn beside(draft: Draft, folder: &Path) -> Result<Draft, SettingsError> {
    let Draft { mut settings, mut given } = draft;
    let is_file = settings.backend == Backend::Sqlite
        && settings.name != ":memory:"
        && !settings.name.starts_with("file:");
    if is_file && !folder.as_os_str().is_empty() {
        settings.name = file_beside(&settings, folder)?;
    }
    let tls = &mut settings.tls;
    let paths = [&mut tls.root_cert, &mut tls.client_cert, &mut tls.client_key, &mut given.passfile];
    for path in paths.into_iter().flatten() {
        // `system` is libpq's name for the authorities of the operating system.
        if path.as_os_str() != "system" {
            *path = folder.join(&*path);
        }
    }
    if let Some(path) = settings.parameters.get_mut("server-public-key-path")
        && let Some(text) = folder.join(&*path).to_str()
    {
        *path = text.to_owned();
    }
    Ok(Draft { settings, given })
}

/// Returns the path of an SQLite file. Diesel requires UTF-8, which a directory's name may not be.
fn file_beside(settings: &DatabaseSettings, folder: &Path) -> Result<String, SettingsError> {
    let path = folder.join(&settings.name);
    if let Some(text) = path.to_str() {
        return Ok(text.to_owned());
    }
    // A relative path up from the working directory contains no directory names.
    let here = std::env::current_dir().ok();
    let below = here.as_deref().and_then(|here| here.strip_prefix(folder).ok());
    let up = below.map(|below| below.components().map(|_| "..").collect::<PathBuf>().join(&settings.name));
    up.and_then(|path| path.into_os_string().into_string().ok()).ok_or_else(|| {
        let problem = format!("{}: the path of the directory is not valid UTF-8.", settings.origin);
        SettingsError::new(problem)
            .hint("Write an absolute path of an SQLite file that is, or rename the directory.")
    })
}
