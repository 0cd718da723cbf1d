//! Database URLs: reading one, and writing one for a driver of another make.
//!
//! An error here never repeats what stands in the URL, except a scheme and the names of parameters, and those only
//! where no part of a password can have been taken for them.

mod error;
mod hosts;
mod parameters;
#[cfg(test)]
mod tests;
mod write;

use std::borrow::Cow;
use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

pub use error::{UrlError, UrlProblem};

use super::{Address, Backend, DatabaseSettings, Origin, PartOrigins, Secret, SslMode, TlsSettings};
use parameters::Parameters;

impl DatabaseSettings {
    /// Reads a database URL, or the path of an SQLite file.
    ///
    /// `postgres://user:password@host:port/name?sslmode=require`, `mysql://…`, `sqlite:path`, `:memory:`. A character of
    /// the password that has a meaning in a URL is percent-encoded; `:` and `@` may stand as they are. Several hosts are
    /// separated by commas, and a Unix socket is a host that begins with `%2F`, or the parameter `host` (for MySQL
    /// `socket`). Without a database's name PostgreSQL's is the user's, as in libpq.
    pub fn from_url(alias: &str, url: &str, origin: Origin) -> Result<Self, UrlError> {
        match read(alias, url.trim(), &origin) {
            Ok(settings) => Ok(settings),
            Err(problem) => Err(UrlError { origin, problem }),
        }
    }
}

fn read(alias: &str, url: &str, origin: &Origin) -> Result<DatabaseSettings, UrlProblem> {
    if url.is_empty() {
        return Err(UrlProblem::Empty);
    }
    if let Some((scheme, rest)) = url.split_once("://") {
        return match scheme.to_ascii_lowercase().as_str() {
            "postgres" | "postgresql" => server(alias, Backend::Postgres, rest, origin),
            "mysql" => server(alias, Backend::Mysql, rest, origin),
            "mariadb" => server(alias, Backend::Mysql, rest, origin)
                .map(|settings| DatabaseSettings { is_mariadb: true, ..settings }),
            "sqlite" | "sqlite3" => sqlite(alias, rest, origin),
            // SQLite reads such a URI itself.
            "file" if !rest.contains('@') => Ok(DatabaseSettings::sqlite(alias, url, origin.clone())),
            _ => Err(UrlProblem::Scheme(error::harmless_scheme(scheme))),
        };
    }
    if let Some((scheme, rest)) = url.split_once(':') {
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" | "sqlite3" => return sqlite(alias, rest, origin),
            "file" if !rest.contains('@') => return Ok(DatabaseSettings::sqlite(alias, url, origin.clone())),
            "postgres" | "postgresql" | "mysql" | "mariadb" => return Err(UrlProblem::NoSlashes),
            _ => {}
        }
    }
    if !looks_like_a_file(url) {
        return Err(UrlProblem::NoScheme);
    }
    Ok(DatabaseSettings::sqlite(alias, url, origin.clone()))
}

/// Whether a text without a scheme is the path of a file. A misspelt URL must not become an empty new database, so that
/// a name alone needs an ending, and nothing may stand there that a path rarely has and a URL or a list of parameters does.
fn looks_like_a_file(text: &str) -> bool {
    if text == ":memory:" {
        return true;
    }
    let (drive, path) = match text.split_once(":\\").or(text.split_once(":/")) {
        Some((drive, path)) if drive.len() == 1 => (true, path),
        _ => (false, text),
    };
    let foreign = path.contains(['@', '=', ';', ':', '?']) || path.contains("//");
    !foreign && (drive || path.contains(['.', '/', '\\']))
}

fn sqlite(alias: &str, rest: &str, origin: &Origin) -> Result<DatabaseSettings, UrlProblem> {
    if rest.contains('?') {
        return Err(UrlProblem::SqliteParameters);
    }
    if rest.contains('@') && rest.split('@').next().is_some_and(|login| login.contains(':')) {
        // It was a server's address; its password must not become a file's name.
        return Err(UrlProblem::NoScheme);
    }
    let path = decode(rest, "path")?;
    if path.is_empty() {
        return Err(UrlProblem::NoPath);
    }
    Ok(DatabaseSettings::sqlite(alias, path, origin.clone()))
}

fn server(
    alias: &str,
    backend: Backend,
    rest: &str,
    origin: &Origin,
) -> Result<DatabaseSettings, UrlProblem> {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    // An `@` after the authority means that a raw `/`, `?` or `#` cut a password in two. What follows would then be read
    // out of the password's second half, so that no detail of a failure may be told.
    let cut_in_two = tail.contains('@');
    let read = || {
        if tail.contains('#') || tail.split('?').next().is_some_and(|path| path.contains('@')) {
            return Err(UrlProblem::PercentEncode);
        }
        server_parts(alias, backend, authority, tail, origin)
    };
    read().map_err(|problem| if cut_in_two { UrlProblem::PercentEncode } else { problem })
}

fn server_parts(
    alias: &str,
    backend: Backend,
    authority: &str,
    tail: &str,
    origin: &Origin,
) -> Result<DatabaseSettings, UrlProblem> {
    let (login, hosts) = match authority.rsplit_once('@') {
        Some((login, hosts)) => (login, hosts),
        None => ("", authority),
    };
    let (user, password) = match login.split_once(':') {
        Some((user, password)) => (user, password),
        None => (login, ""),
    };
    let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
    let parameters = Parameters::read(backend, query)?;

    let user = parameters.user.clone().map_or_else(|| decode(user, "user"), Ok)?;
    let password = parameters.password.clone().map_or_else(|| decode(password, "password"), Ok)?;
    let mut name = match &parameters.database {
        Some(name) => name.clone(),
        None => decode(path.strip_prefix('/').unwrap_or(path), "database")?,
    };
    if name.is_empty() {
        match backend {
            Backend::Postgres => name.clone_from(&user),
            _ => return Err(UrlProblem::NoDatabase),
        }
    }
    Ok(DatabaseSettings {
        alias: alias.to_owned(),
        backend,
        is_mariadb: false,
        name,
        addresses: hosts::addresses(backend, hosts, &parameters)?,
        user: Some(user).filter(|user| !user.is_empty()),
        password: Some(password).filter(|password| !password.is_empty()).map(Secret::new),
        tls: TlsSettings {
            mode: parameters.ssl_mode()?,
            root_cert: parameters.root_cert.clone(),
            client_cert: parameters.client_cert.clone(),
            client_key: parameters.client_key.clone(),
        },
        connect_timeout: parameters.connect_timeout.unwrap_or(DatabaseSettings::DEFAULT_CONNECT_TIMEOUT),
        parameters: parameters.handed_on,
        origin: origin.clone(),
        part_origins: PartOrigins::default(),
    })
}

/// The text that a part of a URL stands for. `part` names it in an error.
fn decode(text: &str, part: &'static str) -> Result<String, UrlProblem> {
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| UrlProblem::NotText(part))?;
    match decoded {
        // No driver can send it, and C strings would end at it.
        text if text.contains('\0') => Err(UrlProblem::NotText(part)),
        text => Ok(Cow::into_owned(text)),
    }
}

/// The parameters that are handed to the server as they are.
type HandedOn = BTreeMap<String, String>;

impl Parameters {
    /// The mode that was asked for. `sslrootcert=system` alone asks for the strictest one, as in libpq.
    fn ssl_mode(&self) -> Result<SslMode, UrlProblem> {
        match (self.mode, self.system_roots) {
            (None, true) => Ok(SslMode::VerifyFull),
            (Some(SslMode::Disable | SslMode::Prefer | SslMode::Require), true) => {
                Err(UrlProblem::WeakWithSystem)
            }
            (mode, _) => Ok(mode.unwrap_or_default()),
        }
    }
}
