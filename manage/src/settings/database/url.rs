//! Database URLs: parses them, and writes them for other drivers.
//!
//! An error repeats nothing of the URL, except a scheme and the names of parameters, and those only if they
//! cannot be part of a password.

mod error;
mod hosts;
mod known;
mod parameters;
mod schemes;
#[cfg(test)]
mod tests;
mod write;

use std::borrow::Cow;
use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

pub use error::{UrlError, UrlProblem};

pub(super) use hosts::combine;
pub(super) use parameters::Parameters;

use super::draft::Draft;
use crate::settings::{Address, Backend, DatabaseSettings, Origin, Secret, SslMode, TlsVersion};
use schemes::{Scheme, scheme};

impl DatabaseSettings {
    /// Parses a database URL, or the path of an SQLite file.
    ///
    /// `postgres://user:password@host:port/name?sslmode=require`, `mysql://…`, `sqlite:path`, `:memory:`.
    /// Characters of the password that have a meaning in a URL must be percent-encoded, except `:` and `@`.
    /// Several hosts are separated by commas. A Unix socket is a host that begins with `%2F`, or the
    /// parameter `host` (for MySQL `socket`). For PostgreSQL the default database name is the user's name, as
    /// in libpq.
    ///
    /// The parameters `passfile` and `service` are resolved. The environment's `PG*` variables and
    /// `~/.pgpass` are not read; [`Settings::load`](crate::settings::Settings::load) reads them.
    pub fn from_url(alias: &str, url: &str, origin: Origin) -> Result<Self, UrlError> {
        Draft::from_url(alias, url, origin.clone())?
            .resolve_files()
            .map_err(|problem| UrlError { origin, problem: UrlProblem::File(problem) })
    }
}

impl Draft {
    /// Parses a database URL without reading the files that its parameters name.
    pub(super) fn from_url(alias: &str, url: &str, origin: Origin) -> Result<Self, UrlError> {
        match read(alias, url.trim(), &origin) {
            Ok(draft) => Ok(draft),
            Err(problem) => Err(UrlError { origin, problem }),
        }
    }
}

fn read(alias: &str, url: &str, origin: &Origin) -> Result<Draft, UrlProblem> {
    // For SQLite, a scheme in capitals is part of the file name.
    let sqlite_uri =
        |rest: &str| Ok(DatabaseSettings::sqlite(alias, format!("file:{rest}"), origin.clone()).into());
    if url.is_empty() {
        return Err(UrlProblem::Empty);
    }
    if url.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("jdbc:")) {
        return Err(UrlProblem::Jdbc);
    }
    if let Some((text, rest)) = url.split_once("://") {
        return match scheme(text) {
            Some(Scheme::Postgres) => server(alias, Backend::Postgres, rest, origin),
            Some(Scheme::Mysql) => server(alias, Backend::Mysql, rest, origin),
            Some(Scheme::Mariadb) => server(alias, Backend::Mysql, rest, origin).map(|mut draft| {
                draft.settings.is_mariadb = true;
                draft
            }),
            Some(Scheme::Sqlite) => sqlite(alias, rest, origin).map(Draft::from),
            Some(Scheme::SqlalchemySqlite) => sqlalchemy_sqlite(alias, rest, origin).map(Draft::from),
            Some(Scheme::Other(instead)) => {
                Err(UrlProblem::OtherDatabase(text.to_ascii_lowercase(), instead))
            }
            // SQLite parses such a URI itself.
            None if text.eq_ignore_ascii_case("file") && !rest.contains('@') => {
                sqlite_uri(&format!("//{rest}"))
            }
            None => Err(UrlProblem::Scheme(error::harmless_scheme(text))),
        };
    }
    if let Some((text, rest)) = url.split_once(':') {
        match scheme(text) {
            Some(Scheme::Sqlite) => return sqlite(alias, rest, origin).map(Draft::from),
            Some(Scheme::Postgres | Scheme::Mysql | Scheme::Mariadb | Scheme::SqlalchemySqlite) => {
                return Err(UrlProblem::NoSlashes);
            }
            None if text.eq_ignore_ascii_case("file") && !rest.contains('@') => return sqlite_uri(rest),
            _ => {}
        }
    }
    if !looks_like_a_file(url) {
        return Err(UrlProblem::NoScheme);
    }
    Ok(DatabaseSettings::sqlite(alias, url, origin.clone()).into())
}

/// Returns whether a text without a scheme is the path of a file. A misspelt URL must not create an empty
/// database. So a name alone needs an extension, and characters that are rare in paths but common in URLs or
/// parameter lists are not allowed.
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
        // It is a server's address; its password must not become a file name.
        return Err(UrlProblem::NoScheme);
    }
    let path = decode(rest, "path")?;
    if path.is_empty() {
        return Err(UrlProblem::NoPath);
    }
    Ok(DatabaseSettings::sqlite(alias, path, origin.clone()))
}

/// Parses an SQLAlchemy URL, which has one slash more than the path: `sqlite+aiosqlite:///a.db` is `a.db` in
/// the working directory.
fn sqlalchemy_sqlite(alias: &str, rest: &str, origin: &Origin) -> Result<DatabaseSettings, UrlProblem> {
    match rest {
        "" | "/" => sqlite(alias, ":memory:", origin),
        rest => sqlite(alias, rest.strip_prefix('/').ok_or(UrlProblem::SqlalchemyPath)?, origin),
    }
}

fn server(alias: &str, backend: Backend, rest: &str, origin: &Origin) -> Result<Draft, UrlProblem> {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    // An `@` after the authority means that a raw `/`, `?` or `#` split a password. The rest would then be
    // parsed from the second half of the password, so an error must not show any detail.
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
) -> Result<Draft, UrlProblem> {
    let (login, hosts) = match authority.rsplit_once('@') {
        Some((login, hosts)) => (login, hosts),
        None => ("", authority),
    };
    let (user, password) = match login.split_once(':') {
        Some((user, password)) => (user, password),
        None => (login, ""),
    };
    let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
    let mut parameters = Parameters::read(backend, path, query)?;

    let parts = [("user", user, &mut parameters.user), ("password", password, &mut parameters.password)];
    for (part, text, parameter) in parts {
        // As in libpq, parameters after the `?` take precedence.
        if parameter.is_none() && !text.is_empty() {
            *parameter = Some(decode(text, part)?);
            parameters.given.insert(part);
        }
    }
    if parameters.database.is_none() {
        let name = decode(path.strip_prefix('/').unwrap_or(path), "database")?;
        if !name.is_empty() {
            parameters.database = Some(name);
            parameters.given.insert("dbname");
        }
    }
    if backend == Backend::Mysql && parameters.database.is_none() {
        return Err(UrlProblem::NoDatabase);
    }
    let mut settings = DatabaseSettings::sqlite(alias, "", origin.clone());
    settings.backend = backend;
    settings.addresses = hosts::addresses(backend, hosts, &mut parameters)?;
    parameters.fill(&mut settings)?;
    if !parameters.given.contains("dbname") {
        settings.name = settings.user.clone().unwrap_or_default();
    }
    Ok(Draft::new(settings, parameters))
}

/// Percent-decodes a part of a URL. `part` names it in an error.
fn decode(text: &str, part: &'static str) -> Result<String, UrlProblem> {
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| UrlProblem::NotText(part))?;
    match decoded {
        // No driver can send a NUL, and C strings end at it.
        text if text.contains('\0') => Err(UrlProblem::NotText(part)),
        text => Ok(Cow::into_owned(text)),
    }
}

/// The parameters that are passed to the server unchanged.
type HandedOn = BTreeMap<String, String>;

impl Parameters {
    /// Removes the password, because a source with a higher precedence sets it.
    pub(super) fn forget_password(&mut self) {
        self.password = None;
    }

    /// Sets the mode, because a source with a higher precedence sets it.
    pub(super) fn keep_mode(&mut self, mode: SslMode) {
        self.mode = Some(mode);
    }

    /// Applies everything that is given, except the addresses, to the settings.
    pub(super) fn fill(&mut self, settings: &mut DatabaseSettings) -> Result<(), UrlProblem> {
        if let Some(user) = self.user.take() {
            settings.user = Some(user);
        }
        if let Some(password) = self.password.take() {
            settings.password = Some(Secret::new(password));
        }
        if let Some(name) = self.database.take() {
            settings.name = name;
        }
        if let Some(limit) = self.connect_timeout {
            settings.connect_timeout = limit;
        }
        let tls = &mut settings.tls;
        if let Some(mode) = self.mode {
            tls.mode = mode;
        }
        if self.system_roots {
            match self.mode {
                // `sslrootcert=system` alone implies the strictest mode, as in libpq.
                None => tls.mode = SslMode::VerifyFull,
                Some(SslMode::Disable | SslMode::Prefer | SslMode::Require) => {
                    return Err(UrlProblem::WeakWithSystem);
                }
                Some(_) => {}
            }
        }
        tls.root_cert = self.root_cert.take().or(tls.root_cert.take());
        tls.client_cert = self.client_cert.take().or(tls.client_cert.take());
        tls.client_key = self.client_key.take().or(tls.client_key.take());
        tls.min_version = self.min_version.or(tls.min_version);
        tls.max_version = self.max_version.or(tls.max_version);
        if (tls.min_version, tls.max_version) == (Some(TlsVersion::V1_3), Some(TlsVersion::V1_2)) {
            return Err(UrlProblem::TlsVersions);
        }
        settings.parameters.append(&mut self.handed_on);
        Ok(())
    }
}
