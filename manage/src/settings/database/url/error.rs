//! The problems of database URLs.

use std::fmt;

use crate::settings::{Origin, SslMode};

/// A database URL that cannot be used, and its origin.
///
/// It never contains a password, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UrlError {
    /// The origin of the URL.
    pub origin: Origin,
    /// The problem.
    pub problem: UrlProblem,
}

/// The problem of a database URL.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlProblem {
    /// The text is empty.
    Empty,
    /// The scheme is unknown. The text is `None` if it could contain something that must not be shown.
    Scheme(Option<String>),
    /// The text is the address of a server, but lacks the scheme.
    NoScheme,
    /// `postgres:` or `mysql:` is not followed by `//`.
    NoSlashes,
    /// The password contains an unencoded `/`, `?` or `#`.
    PercentEncode,
    /// The named part is not UTF-8 after decoding, or contains a NUL.
    NotText(&'static str),
    /// A host lacks its closing bracket, or is followed by unexpected text.
    Host,
    /// A URL, or a user and a password, are in place of a host name.
    UrlAsHost,
    /// A port is not a number from 1 to 65535.
    Port,
    /// The parameter `hostaddr` lists a different number of addresses than there are hosts.
    AddressCount,
    /// The parameter `port` lists a different number of ports than there are hosts.
    PortCount,
    /// An unknown parameter (`None` if its name must not be shown), a similar known one, and all known ones.
    UnknownParameter(Option<String>, Option<&'static str>, Vec<&'static str>),
    /// A parameter of other drivers or frameworks that is not supported here, and what to write instead.
    Unsupported(&'static str, &'static str),
    /// The named parameter has an invalid value, and the values that it accepts.
    Value(&'static str, String),
    /// `sslrootcert=system` is combined with a mode that verifies nothing.
    WeakWithSystem,
    /// The minimum version of TLS is above the maximum.
    TlsVersions,
    /// MySQL requires a database name.
    NoDatabase,
    /// The path of the SQLite file is missing.
    NoPath,
    /// An SQLite URL has parameters.
    SqliteParameters,
    /// An SQLite URL in SQLAlchemy's form has fewer than three slashes.
    SqlalchemyPath,
    /// The scheme of a database that is not supported, and what to write instead.
    OtherDatabase(String, &'static str),
    /// It is a JDBC URL.
    Jdbc,
    /// A file that a parameter names cannot be used. The text contains no password.
    File(String),
}

impl UrlProblem {
    /// Returns the problem of an `sslmode` that is not one of the five names.
    pub(super) fn ssl_mode(parameter: &'static str, value: &str) -> Self {
        Self::Value(parameter, SslMode::choice(value))
    }
}

const SCHEMES: &str = "postgres, postgresql, mysql, mariadb, sqlite";

impl fmt::Display for UrlProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the database URL is empty"),
            Self::Scheme(Some(scheme)) => {
                write!(f, "no database is known by the scheme `{scheme}`; known are {SCHEMES}")
            }
            Self::Scheme(None) => {
                write!(f, "the part before `://` is not a database's scheme; known are {SCHEMES}")
            }
            Self::NoScheme => {
                write!(
                    f,
                    "it is neither a URL, as in postgres://user@host:5432/name, nor the path of an SQLite file, as in \
                     sqlite:db.sqlite3; known schemes are {SCHEMES}"
                )
            }
            Self::NoSlashes => f.write_str("`//` must follow the scheme, as in postgres://user@host:5432/name"),
            Self::PercentEncode => f.write_str(
                "a `/`, `?`, `#` or `@` of the user, the password or the database's name must be percent-encoded \
                 (%2F, %3F, %23, %40)",
            ),
            Self::NotText(part) => write!(f, "the {part} is not UTF-8 after percent-decoding, or holds a NUL"),
            Self::Host => f.write_str("write an IPv6 address in brackets, as in [::1]:5432"),
            Self::UrlAsHost => {
                f.write_str("a host is a name or an IP address alone, without a scheme, a user or a password")
            }
            Self::Port => f.write_str("the port must be a number from 1 to 65535"),
            Self::PortCount => f.write_str("`port` must name one port, or one for each host"),
            Self::Unsupported(name, instead) => {
                write!(f, "the parameter `{name}` has no meaning here: {instead}")
            }
            Self::AddressCount => f.write_str("`hostaddr` must name one address for each host"),
            Self::TlsVersions => f.write_str("`ssl_min_protocol_version` is above `ssl_max_protocol_version`"),
            Self::SqlalchemyPath => f.write_str(
                "a URL of SQLAlchemy's kind has three slashes before a relative path and four before an absolute one; \
                 without `+DRIVER` it is sqlite:db.sqlite3",
            ),
            Self::OtherDatabase(scheme, instead) => {
                write!(f, "`{scheme}` is not a database that this program supports: {instead}")
            }
            Self::Jdbc => f.write_str(
                "a URL does not begin with `jdbc:`, and has the user and the password before its host, as in \
                 postgres://user:password@host:5432/name",
            ),
            Self::File(text) => f.write_str(text),
            Self::UnknownParameter(Some(name), meant, known) => {
                write!(f, "the parameter `{name}` is not known")?;
                match meant {
                    Some(meant) => write!(f, "; perhaps `{meant}` is meant"),
                    None => write!(f, "; known are {}", known.join(", ")),
                }
            }
            Self::UnknownParameter(None, _, known) => {
                write!(
                    f,
                    "one of the parameters is not known; known are {}; a `&` of a password is written %26",
                    known.join(", ")
                )
            }
            Self::Value(name, takes) => write!(f, "the parameter `{name}` takes {takes}"),
            Self::WeakWithSystem => f.write_str("`sslrootcert=system` needs `sslmode=verify-full`"),
            Self::NoDatabase => f.write_str("the database's name is missing, as in mysql://user@host:3306/name"),
            Self::NoPath => f.write_str("the path of the SQLite file is missing, as in sqlite:db.sqlite3"),
            Self::SqliteParameters => f.write_str(
                "an sqlite: URL has no parameters; a `?` of the file's name is written %3F, and SQLite's own \
                 parameters go with file:name?mode=ro",
            ),
        }
    }
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.problem)
    }
}

impl std::error::Error for UrlError {}

/// Returns the scheme, if it has the form of one. Any other text may be the first half of a password.
pub(super) fn harmless_scheme(text: &str) -> Option<String> {
    let is_scheme = text.len() <= 32
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'+');
    is_scheme.then(|| text.to_owned())
}

/// Returns a parameter's name, if it has the form of one.
pub(super) fn harmless_name(text: &str) -> Option<String> {
    let is_name = !text.is_empty()
        && text.len() <= 32
        && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'-');
    is_name.then(|| text.to_owned())
}
