//! Database URLs: reading one, and writing one for a driver of another make.
//!
//! An error here never repeats what stands in the URL, except a scheme and the names of parameters, and those only
//! where no part of a password can have been taken for them.

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
use super::{Address, Backend, DatabaseSettings, Origin, Secret, SslMode, TlsVersion};
use schemes::{Scheme, scheme};

impl DatabaseSettings {
    /// Reads a database URL, or the path of an SQLite file.
    ///
    /// `postgres://user:password@host:port/name?sslmode=require`, `mysql://…`, `sqlite:path`, `:memory:`. A character of
    /// the password that has a meaning in a URL is percent-encoded; `:` and `@` may stand as they are. Several hosts are
    /// separated by commas, and a Unix socket is a host that begins with `%2F`, or the parameter `host` (for MySQL
    /// `socket`). Without a database's name PostgreSQL's is the user's, as in libpq.
    ///
    /// The parameters `passfile` and `service` are resolved; the environment's `PG*` variables and `~/.pgpass` are not read:
    /// [`Settings::load`](super::Settings::load) does that.
    pub fn from_url(alias: &str, url: &str, origin: Origin) -> Result<Self, UrlError> {
        Draft::from_url(alias, url, origin.clone())?
            .resolve_files()
            .map_err(|problem| UrlError { origin, problem: UrlProblem::File(problem) })
    }
}

impl Draft {
    /// Reads a database URL, without the files that its parameters name.
    pub(super) fn from_url(alias: &str, url: &str, origin: Origin) -> Result<Self, UrlError> {
        match read(alias, url.trim(), &origin) {
            Ok(draft) => Ok(draft),
            Err(problem) => Err(UrlError { origin, problem }),
        }
    }
}

fn read(alias: &str, url: &str, origin: &Origin) -> Result<Draft, UrlProblem> {
    // To SQLite a scheme in capitals is a part of the file's name.
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
            // SQLite reads such a URI itself.
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

/// SQLAlchemy's URLs have one slash more than the path: `sqlite+aiosqlite:///a.db` is `a.db` in the working directory.
fn sqlalchemy_sqlite(alias: &str, rest: &str, origin: &Origin) -> Result<DatabaseSettings, UrlProblem> {
    match rest {
        "" | "/" => sqlite(alias, ":memory:", origin),
        rest => sqlite(alias, rest.strip_prefix('/').ok_or(UrlProblem::SqlalchemyPath)?, origin),
    }
}

fn server(alias: &str, backend: Backend, rest: &str, origin: &Origin) -> Result<Draft, UrlProblem> {
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
    let mut parameters = Parameters::read(backend, query)?;

    let parts = [("user", user, &mut parameters.user), ("password", password, &mut parameters.password)];
    for (part, text, parameter) in parts {
        // As in libpq, what follows the `?` takes precedence.
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
    /// A password from a stronger place takes the place of this one.
    pub(super) fn forget_password(&mut self) {
        self.password = None;
    }

    /// A mode from a stronger place takes the place of this one.
    pub(super) fn keep_mode(&mut self, mode: SslMode) {
        self.mode = Some(mode);
    }

    /// Puts what is given, but for the addresses, into the settings.
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
                // `sslrootcert=system` alone asks for the strictest mode, as in libpq.
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
