//! The settings of one database, from any source.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::console::{echo_name, is_connection, printable};
use crate::settings::{Origin, PartOrigins, PoolSettings, Secret};

/// The kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// SQLite: a file, or `:memory:`.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB.
    Mysql,
}

impl Backend {
    /// All kinds.
    pub(crate) const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::Mysql];

    /// Returns the name of the directory of its migrations and of its cargo feature: `sqlite`, `postgres` or
    /// `mysql`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
        }
    }

    /// Returns the default port of its servers; 0 for SQLite.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Sqlite => 0,
            Self::Postgres => 5432,
            Self::Mysql => 3306,
        }
    }

    /// Returns an example URL.
    pub(crate) fn example(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite:db.sqlite3",
            Self::Postgres => "postgres://user@host/name",
            Self::Mysql => "mysql://user@host/name",
        }
    }

    /// Returns whether this program was built with the driver for it.
    pub fn is_compiled_in(self) -> bool {
        match self {
            Self::Sqlite => cfg!(feature = "sqlite"),
            Self::Postgres => cfg!(feature = "postgres"),
            Self::Mysql => cfg!(feature = "mysql"),
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MySQL",
        })
    }
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Address {
    /// A name or an IP address (an IPv6 address without its brackets), and a port.
    Tcp(String, u16),
    /// PostgreSQL: the directory of the socket and the port in its name, as libpq has it. MySQL: the socket
    /// itself.
    Unix(PathBuf, u16),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host, port) if host.contains(':') && !is_connection(host) => {
                write!(f, "[{}]:{port}", printable(host))
            }
            Self::Tcp(host, port) => write!(f, "{}:{port}", echo_name(host)),
            Self::Unix(path, _) => write!(f, "{}", echo_name(path)),
        }
    }
}

/// The TLS mode, with the names of libpq's `sslmode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SslMode {
    /// Never use TLS.
    Disable,
    /// With TLS if the server offers it, otherwise without. Nothing is verified.
    #[default]
    Prefer,
    /// Only with TLS. The certificate is verified only if `sslrootcert` is given, as in libpq.
    Require,
    /// Only with TLS, and a certificate of a trusted authority, for any host name.
    VerifyCa,
    /// Only with TLS, and a certificate of a trusted authority for this host.
    VerifyFull,
}

impl SslMode {
    /// The five names that a setting may have, from weakest to strongest.
    pub const NAMES: [&'static str; 5] = ["disable", "prefer", "require", "verify-ca", "verify-full"];

    /// Returns which values there are, for the error of another one.
    pub(super) fn choice(value: &str) -> String {
        let names = Self::NAMES.join(", ");
        // libpq has it.
        let instead = match value {
            "allow" => "; instead of `allow` write prefer, which encrypts where it can",
            _ => "",
        };
        format!("one of {names}{instead}")
    }

    /// Reads one of [`SslMode::NAMES`].
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "disable" => Self::Disable,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => return None,
        })
    }

    /// Returns its name: `verify-full`.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// A version of TLS. Older ones are not supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2.
    V1_2,
    /// TLS 1.3.
    V1_3,
}

impl TlsVersion {
    /// Returns libpq's name for it: `TLSv1.2`.
    pub fn name(self) -> &'static str {
        match self {
            Self::V1_2 => "TLSv1.2",
            Self::V1_3 => "TLSv1.3",
        }
    }
}

/// The TLS settings of one database. Start from the default and change individual fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsSettings {
    /// The TLS mode.
    pub mode: SslMode,
    /// A PEM file of the authorities to trust. By default: those of the operating system.
    pub root_cert: Option<PathBuf>,
    /// A PEM file with the client's own certificate chain, for servers that request one.
    pub client_cert: Option<PathBuf>,
    /// A PEM file with the client's private key.
    pub client_key: Option<PathBuf>,
    /// The oldest version to accept, for PostgreSQL. By default: TLS 1.2.
    pub min_version: Option<TlsVersion>,
    /// The newest version to offer, for PostgreSQL. By default: TLS 1.3.
    pub max_version: Option<TlsVersion>,
}

/// The settings of one database.
///
/// `Display` and `Debug` print no password: only allowed parts are shown.
///
/// They come from [`Settings::database`](crate::settings::Settings::database), [`DatabaseSettings::from_url`]
/// or [`DatabaseSettings::sqlite`]; each field can then be changed:
///
/// ```
/// use std::time::Duration;
///
/// use manage::settings::{DatabaseSettings, Origin};
///
/// let mut replica = DatabaseSettings::from_url("replica", "postgres://app@db/shop", Origin::Code)?;
/// replica.connect_timeout = Duration::from_secs(2);
/// assert_eq!(replica.to_string(), "PostgreSQL at db:5432/shop as app");
/// # Ok::<(), manage::settings::UrlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DatabaseSettings {
    /// Its alias in commands; by default `default`.
    pub alias: String,
    /// The kind of server.
    pub backend: Backend,
    /// Whether the settings call it MariaDB rather than MySQL. This changes only how it is displayed.
    pub is_mariadb: bool,
    /// The database's name; for SQLite the path of the file, or `:memory:`.
    pub name: String,
    /// The addresses of the servers, which are tried in this order. Empty for SQLite.
    pub addresses: Vec<Address>,
    /// The user to log in as.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<Secret>,
    /// Encryption of the connection.
    pub tls: TlsSettings,
    /// The client-side time limit of one connection attempt, including name lookup and TLS. [`Duration::MAX`]
    /// means no limit.
    pub connect_timeout: Duration,
    /// The size of its pools, and how long they keep connections.
    pub pool: PoolSettings,
    /// Further PostgreSQL parameters, by libpq's names: `application_name`, `options`,
    /// `target_session_attrs`, …
    pub parameters: BTreeMap<String, String>,
    /// Its origin, for messages.
    pub origin: Origin,
    /// The origins of single parts, where they differ: see [`DatabaseSettings::origin_of`].
    pub part_origins: PartOrigins,
}

impl DatabaseSettings {
    /// The alias of the database that commands use by default.
    pub const DEFAULT_ALIAS: &str = "default";

    /// The default time limit of one connection attempt.
    pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

    /// Returns the settings of an SQLite file.
    pub fn sqlite(alias: impl Into<String>, path: impl Into<String>, origin: Origin) -> Self {
        Self {
            alias: alias.into(),
            backend: Backend::Sqlite,
            is_mariadb: false,
            name: path.into(),
            addresses: Vec::new(),
            user: None,
            password: None,
            tls: TlsSettings::default(),
            connect_timeout: Self::DEFAULT_CONNECT_TIMEOUT,
            pool: PoolSettings::default(),
            parameters: BTreeMap::new(),
            origin,
            part_origins: PartOrigins::default(),
        }
    }

    /// Returns the same settings under another alias.
    #[must_use]
    pub fn with_alias(self, alias: impl Into<String>) -> Self {
        Self { alias: alias.into(), ..self }
    }

    /// Returns the settings of another database of the same server; for SQLite, of another file.
    #[must_use]
    pub fn with_name(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }
}

impl DatabaseSettings {
    /// Removes secrets from a foreign text, such as a driver's error: the password, plain or URL-encoded, and
    /// parts that contain a misplaced password.
    pub(crate) fn without_secrets(&self, text: &str) -> String {
        let text = self.without_misplaced(text);
        let Some(password) =
            self.password.as_ref().map(Secret::expose).filter(|password| !password.is_empty())
        else {
            return text;
        };
        let encoded =
            percent_encoding::utf8_percent_encode(password, percent_encoding::NON_ALPHANUMERIC).to_string();
        text.replace(password, "…").replace(&encoded, "…")
    }

    /// Removes from a foreign text the parts of these settings that are a URL or contain a password: a server
    /// repeats the name of a database that does not exist.
    pub(crate) fn without_misplaced(&self, text: &str) -> String {
        let parts = [Some(&self.name), self.user.as_ref()].into_iter().flatten();
        let parts = parts.chain(self.parameters.values()).filter(|part| is_connection(part));
        parts.fold(text.to_owned(), |text, part| text.replace(part.as_str(), &echo_name(part)))
    }
}

/// A readable description: `PostgreSQL at db:5432/app as app`, `SQLite at db.sqlite3`.
impl fmt::Display for DatabaseSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_mariadb {
            true => f.write_str("MariaDB at ")?,
            false => write!(f, "{} at ", self.backend)?,
        }
        if self.backend == Backend::Sqlite {
            // The part after the `?` of a URI is not part of the path.
            let is_uri = self.name.starts_with("file:");
            let path = self.name.split_once('?').filter(|_| is_uri).map_or(&*self.name, |(path, _)| path);
            // In a path, `:` and `@` do not mark a login.
            return write!(
                f,
                "{}",
                if path.contains("://") && !is_uri { echo_name(path) } else { printable(path) }
            );
        }
        for (i, address) in self.addresses.iter().enumerate() {
            f.write_str(if i > 0 { "," } else { "" })?;
            match address {
                Address::Unix(folder, port) if self.backend == Backend::Postgres => {
                    write!(f, "{}", echo_name(&folder.join(format!(".s.PGSQL.{port}"))))?;
                }
                address => write!(f, "{address}")?,
            }
        }
        write!(f, "/{}", echo_name(&self.name))?;
        match &self.user {
            Some(user) => write!(f, " as {}", echo_name(user)),
            None => Ok(()),
        }
    }
}
