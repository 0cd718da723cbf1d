//! The settings of one database, whatever they were read from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::{Origin, PartOrigins, Secret};

/// The kind of database server, or SQLite's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Backend {
    /// SQLite: a file, or `:memory:`.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB.
    Mysql,
}

impl Backend {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::Mysql];

    /// The name of the folder of its migrations and of its cargo feature: `sqlite`, `postgres` or `mysql`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
        }
    }

    /// The port that its servers listen on unless told otherwise; 0 for SQLite.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Sqlite => 0,
            Self::Postgres => 5432,
            Self::Mysql => 3306,
        }
    }

    /// Whether this program was built with the driver for it.
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
pub enum Address {
    /// A name or an IP address (an IPv6 address without its brackets), and a port.
    Tcp(String, u16),
    /// PostgreSQL: the folder of the socket and the port in its name, as libpq has it. MySQL: the socket itself.
    Unix(PathBuf, u16),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp(host, port) => write!(f, "{host}:{port}"),
            Self::Unix(path, _) => write!(f, "{}", path.display()),
        }
    }
}

/// How much TLS is asked for, in the words of libpq's `sslmode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SslMode {
    /// Never.
    Disable,
    /// With TLS where the server offers it, without where it does not. Nothing is verified.
    #[default]
    Prefer,
    /// Only with TLS. The certificate is verified only where `sslrootcert` is given, as libpq does.
    Require,
    /// Only with TLS, and a certificate of a trusted authority, for whatever name.
    VerifyCa,
    /// Only with TLS, and a certificate of a trusted authority for this very host.
    VerifyFull,
}

impl SslMode {
    /// The five words that a setting may have, in their order of strength.
    pub const NAMES: [&'static str; 5] = ["disable", "prefer", "require", "verify-ca", "verify-full"];

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

    /// The word for it.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// A version of TLS. Older ones are not spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2.
    V1_2,
    /// TLS 1.3.
    V1_3,
}

impl TlsVersion {
    /// libpq's word for it: `TLSv1.2`.
    pub fn name(self) -> &'static str {
        match self {
            Self::V1_2 => "TLSv1.2",
            Self::V1_3 => "TLSv1.3",
        }
    }
}

/// The TLS settings of one database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSettings {
    /// How much TLS is asked for.
    pub mode: SslMode,
    /// A PEM file of the authorities to trust. Without it: those of the operating system.
    pub root_cert: Option<PathBuf>,
    /// A PEM file with the client's own certificate chain, for servers that ask for one.
    pub client_cert: Option<PathBuf>,
    /// A PEM file with the client's private key.
    pub client_key: Option<PathBuf>,
    /// The oldest version to accept, for PostgreSQL. Without it: TLS 1.2.
    pub min_version: Option<TlsVersion>,
    /// The newest version to offer, for PostgreSQL. Without it: TLS 1.3.
    pub max_version: Option<TlsVersion>,
}

/// The settings of one database.
///
/// `Display` and `Debug` print no password: a value is shown by its allowed parts, never by hiding some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseSettings {
    /// The name that commands know it by; `default` unless told otherwise.
    pub alias: String,
    /// The kind of server.
    pub backend: Backend,
    /// Whether the settings call it MariaDB rather than MySQL. Only what is shown of it differs.
    pub is_mariadb: bool,
    /// The database's name; for SQLite the path of the file, or `:memory:`.
    pub name: String,
    /// Where the servers listen, to be tried in this order. Empty for SQLite.
    pub addresses: Vec<Address>,
    /// The user to log in as.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<Secret>,
    /// Encryption of the connection.
    pub tls: TlsSettings,
    /// A client-side limit for the whole of one attempt to connect, names and TLS included. [`Duration::MAX`] is none.
    pub connect_timeout: Duration,
    /// Further parameters of PostgreSQL's, by libpq's names: `application_name`, `options`, `target_session_attrs`, …
    pub parameters: BTreeMap<String, String>,
    /// What it was read from, for messages.
    pub origin: Origin,
    /// What single parts were read from, where that differs: see [`DatabaseSettings::origin_of`].
    pub part_origins: PartOrigins,
}

impl DatabaseSettings {
    /// The alias of the database that a command uses unless told otherwise.
    pub const DEFAULT_ALIAS: &str = "default";

    /// How long one attempt to connect may take where nothing else is said.
    pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

    /// The settings of an SQLite file.
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
            parameters: BTreeMap::new(),
            origin,
            part_origins: PartOrigins::default(),
        }
    }
}

impl DatabaseSettings {
    /// A text of somebody else's, such as a driver's error, without the password, plain or as a URL writes it.
    pub(crate) fn without_secrets(&self, text: &str) -> String {
        let Some(password) =
            self.password.as_ref().map(Secret::expose).filter(|password| !password.is_empty())
        else {
            return text.to_owned();
        };
        let encoded =
            percent_encoding::utf8_percent_encode(password, percent_encoding::NON_ALPHANUMERIC).to_string();
        text.replace(password, "…").replace(&encoded, "…")
    }
}

/// A text whose control characters a terminal would obey.
struct Printable<'a>(&'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| {
            if c.is_control() { write!(f, "{}", c.escape_default()) } else { write!(f, "{c}") }
        })
    }
}

/// The database as a person would name it: `PostgreSQL at db:5432/app as app`, `SQLite at db.sqlite3`.
impl fmt::Display for DatabaseSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_mariadb {
            true => f.write_str("MariaDB at ")?,
            false => write!(f, "{} at ", self.backend)?,
        }
        if self.backend == Backend::Sqlite {
            // What stands behind the `?` of a URI is no part of the path.
            let is_uri = self.name.starts_with("file:");
            let path = self.name.split_once('?').filter(|_| is_uri).map_or(&*self.name, |(path, _)| path);
            return write!(f, "{}", Printable(path));
        }
        for (i, address) in self.addresses.iter().enumerate() {
            f.write_str(if i > 0 { "," } else { "" })?;
            match address {
                Address::Unix(folder, port) if self.backend == Backend::Postgres => {
                    write!(f, "{}", folder.join(format!(".s.PGSQL.{port}")).display())?;
                }
                address => write!(f, "{address}")?,
            }
        }
        write!(f, "/{}", Printable(&self.name))?;
        match &self.user {
            Some(user) => write!(f, " as {}", Printable(user)),
            None => Ok(()),
        }
    }
}
