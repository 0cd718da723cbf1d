//! Writing the settings of a database as a URL.

use std::path::Path;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode, utf8_percent_encode};

use super::parameters::MYSQL_MODES;
use super::{Address, Backend, DatabaseSettings, Secret, SslMode};

/// Everything but the characters that mean the same in every part of a URL.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl DatabaseSettings {
    /// The URL that says the same, for a driver that wants one; for SQLite the path.
    ///
    /// Every part is percent-encoded, and the parameters have the names that libpq, or Diesel's own MySQL connection,
    /// reads. It holds the password: give it to a driver, never to a person.
    pub fn url(&self) -> Secret {
        self.write(true)
    }

    /// The same without the time limit: `mysql_async` refuses a parameter that it does not know.
    pub(crate) fn url_without_timeout(&self) -> Secret {
        self.write(false)
    }

    fn write(&self, with_timeout: bool) -> Secret {
        if self.backend == Backend::Sqlite {
            return Secret::new(&self.name);
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
            Address::Tcp(host, port) if host.contains(':') => format!("[{host}]:{port}"),
            Address::Tcp(host, port) => format!("{}:{port}", encode(host)),
            Address::Unix(path, port) if self.backend == Backend::Postgres => {
                format!("{}:{port}", encode_path(path))
            }
            // The socket goes into a parameter of its own.
            Address::Unix(_, port) => format!("localhost:{port}"),
        }
    }

    /// The parameters, whose values are encoded.
    fn query(&self, with_timeout: bool) -> Vec<(&str, String)> {
        let postgres = self.backend == Backend::Postgres;
        let mut query = Vec::new();
        if let (false, Some(Address::Unix(path, _))) = (postgres, self.addresses.first()) {
            query.push(("unix_socket", encode_path(path)));
        }
        if self.tls.mode != SslMode::default() {
            match postgres {
                true => query.push(("sslmode", self.tls.mode.name().to_owned())),
                false => query.push(("ssl_mode", MYSQL_MODES[self.tls.mode as usize].to_owned())),
            }
        }
        // libpq would otherwise look for a file in the user's home.
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
        query.extend(
            versions.into_iter().filter_map(|(name, version)| Some((name, version?.name().to_owned()))),
        );
        // A whole number of seconds, at least one: a fraction would become 0, which stands for no limit at all.
        let seconds = match self.connect_timeout {
            Duration::MAX => 0,
            limit => (limit.as_secs() + u64::from(limit.subsec_nanos() > 0)).max(1),
        };
        if with_timeout {
            query.push(("connect_timeout", seconds.to_string()));
        }
        query.extend(self.parameters.iter().map(|(name, value)| (name.as_str(), encode(value))));
        query
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// A path is bytes, and may be no text.
fn encode_path(path: &Path) -> String {
    percent_encode(path.as_os_str().as_encoded_bytes(), ENCODED).to_string()
}
