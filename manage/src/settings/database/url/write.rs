//! Formats the settings of a database as a URL.

use std::path::Path;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode, utf8_percent_encode};

use super::parameters::MYSQL_MODES;
use super::{Address, Backend, DatabaseSettings, Origin, Secret, SslMode};

/// Everything except the characters that have no special meaning in any part of a URL.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Inside the brackets of an IPv6 address: the zone may have any name.
const IN_BRACKETS: &AsciiSet = &ENCODED.remove(b':');

/// In an SQLite URI.
const IN_PATH: &AsciiSet = &ENCODED.remove(b'/');

/// The maximum of `connect_timeout`, as in libpq.
const MOST_SECONDS: u64 = i32::MAX as u64;

impl DatabaseSettings {
    /// Returns these settings as a URL, for a driver that requires one. For SQLite it is the path, or a URI
    /// of that file if the path alone would be misread.
    ///
    /// [`DatabaseSettings::from_url`] parses it to these settings, with two exceptions: drivers have one name
    /// for MySQL and MariaDB, and take whole seconds, so a time limit is rounded up.
    ///
    /// Every part is percent-encoded, and the parameters have the names that libpq, or Diesel's own MySQL
    /// connection, reads. It contains the password: pass it only to a driver and never print it.
    pub fn url(&self) -> Secret {
        self.write(true)
    }

    /// Like [`DatabaseSettings::url`], without the time limit: `mysql_async` rejects unknown parameters.
    pub(crate) fn url_without_timeout(&self) -> Secret {
        self.write(false)
    }

    fn write(&self, with_timeout: bool) -> Secret {
        if self.backend == Backend::Sqlite {
            return Secret::new(sqlite_path(&self.name));
        }
        let mut url = format!("{}://", self.backend.name());
        if let Some(user) = &self.user {
            url += &encode(user);
        }
        if let Some(password) = &self.password {
            url.push(':');
            url += &encode(password.expose());
        }
        if self.user.is_some() || self.password.is_some() {
            url.push('@');
        }
        let hosts: Vec<String> = self.addresses.iter().map(|address| self.host(address)).collect();
        url += &hosts.join(",");
        url.push('/');
        url += &encode(&self.name);
        for (i, (name, value)) in self.query(with_timeout).iter().enumerate() {
            url.push(if i == 0 { '?' } else { '&' });
            url += name;
            url.push('=');
            url += value;
        }
        Secret::new(url)
    }

    fn host(&self, address: &Address) -> String {
        match address {
            Address::Tcp(host, port) if host.contains(':') => {
                format!("[{}]:{port}", utf8_percent_encode(host, IN_BRACKETS))
            }
            Address::Tcp(host, port) => format!("{}:{port}", encode(host)),
            // The socket is a parameter of its own, which can occur only once.
            Address::Unix(_, port) if self.backend == Backend::Mysql && self.addresses.len() == 1 => {
                format!("localhost:{port}")
            }
            Address::Unix(path, port) => format!("{}:{port}", encode_path(path)),
        }
    }

    /// Returns the parameters, with encoded values.
    fn query(&self, with_timeout: bool) -> Vec<(&str, String)> {
        let postgres = self.backend == Backend::Postgres;
        let mut query = Vec::new();
        if let (false, [Address::Unix(path, _)]) = (postgres, self.addresses.as_slice()) {
            query.push(("unix_socket", encode_path(path)));
        }
        if self.tls.mode != SslMode::default() {
            match postgres {
                true => query.push(("sslmode", self.tls.mode.name().to_owned())),
                false => query.push(("ssl_mode", MYSQL_MODES[self.tls.mode as usize].to_owned())),
            }
        }
        // Otherwise libpq would search for a file in the user's home.
        let system = self.tls.mode == SslMode::VerifyFull && postgres;
        match &self.tls.root_cert {
            Some(path) => query.push((if postgres { "sslrootcert" } else { "ssl_ca" }, encode_path(path))),
            None if system => query.push(("sslrootcert", "system".to_owned())),
            None => {}
        }
        if let Some(path) = &self.tls.client_cert {
            query.push((if postgres { "sslcert" } else { "ssl_cert" }, encode_path(path)));
        }
        if let Some(path) = &self.tls.client_key {
            query.push((if postgres { "sslkey" } else { "ssl_key" }, encode_path(path)));
        }
        let versions = [
            ("ssl_min_protocol_version", self.tls.min_version),
            ("ssl_max_protocol_version", self.tls.max_version),
        ];
        // MySQL's drivers have no such parameters.
        let versions = if postgres { versions.as_slice() } else { &[] };
        query.extend(
            versions.iter().filter_map(|(name, version)| Some((*name, version.as_ref()?.name().to_owned()))),
        );
        // A whole number of seconds, at least one: a fraction would become 0, which means no limit.
        let seconds = match self.connect_timeout {
            Duration::MAX => 0,
            limit => {
                (limit.as_secs().saturating_add(u64::from(limit.subsec_nanos() > 0))).clamp(1, MOST_SECONDS)
            }
        };
        if with_timeout {
            query.push(("connect_timeout", seconds.to_string()));
        }
        // Other MySQL drivers know none of them.
        let parameters = self.parameters.iter().filter(|_| postgres || with_timeout);
        query.extend(parameters.map(|(name, value)| (name.as_str(), encode(value))));
        query
    }
}

/// Returns a path that SQLite reads literally, or the URI of that file.
fn sqlite_path(path: &str) -> String {
    let is_read = |text: &str| {
        DatabaseSettings::from_url("", text, Origin::Code)
            .is_ok_and(|read| read.backend == Backend::Sqlite && read.name == text)
    };
    if path.is_empty() || is_read(path) {
        return path.to_owned();
    }
    match path.strip_prefix("file:") {
        // It is already a URI, in which these characters were not encoded.
        Some(rest) => format!("file:{}", rest.replace('@', "%40").replace("://", "%3A//")).trim().to_owned(),
        // After two slashes a host name would begin.
        None if path.starts_with("//") => format!("file://{}", utf8_percent_encode(path, IN_PATH)),
        None => format!("file:{}", utf8_percent_encode(path, IN_PATH)),
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// Encodes a path, which may not be UTF-8.
fn encode_path(path: &Path) -> String {
    percent_encode(path.as_os_str().as_encoded_bytes(), ENCODED).to_string()
}
