//! Opens SQLite files.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use diesel::QueryResult;
use diesel::connection::{Connection as _, SimpleConnection as _};
use percent_encoding::percent_decode_str;

use super::connection::SqliteConnection;
use super::journal;
use crate::database::{ConnectError, Reason};
use crate::profile::setting_up;
use crate::settings::{DatabaseSettings, Origin, Part};

/// How long a statement, or the beginning of a transaction, waits for another process that writes.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// The first bytes of every SQLite file that is not empty.
const HEADER: &[u8; 16] = b"SQLite format 3\0";

/// Sets a connection up, with [`BUSY_TIMEOUT`] in milliseconds.
const SET_UP: &str = "PRAGMA busy_timeout = 30000; PRAGMA foreign_keys = ON";

/// Opens the file, or creates it. Foreign keys are enforced, as on the other backends, and a new database
/// gets WAL.
pub(crate) fn open(settings: &DatabaseSettings) -> Result<SqliteConnection, ConnectError> {
    let path = path(&settings.name);
    let file = path.as_deref().and_then(|path| path.metadata().ok());
    let mut connection = open_at(settings, path.as_deref(), file.as_ref())?;
    if let Some(path) = path.filter(|_| journal::is_new(&settings.name, file.as_ref())) {
        journal::use_wal(connection.inner_mut(), &path);
    }
    Ok(connection)
}

/// Opens the file for reading. It does not create a missing file; an empty in-memory database takes its
/// place.
pub(crate) fn open_to_read(settings: &DatabaseSettings) -> Result<SqliteConnection, ConnectError> {
    match path(&settings.name) {
        Some(path) if !path.exists() => {
            could_be_made(settings, &path)?;
            open_unchanged(&DatabaseSettings::sqlite(settings.alias.clone(), ":memory:", Origin::Code))
        }
        _ => open_unchanged(settings),
    }
}

/// Like [`open`], but leaves an empty file unchanged until something is written.
pub(crate) fn open_unchanged(settings: &DatabaseSettings) -> Result<SqliteConnection, ConnectError> {
    let path = path(&settings.name);
    let file = path.as_deref().and_then(|path| path.metadata().ok());
    open_at(settings, path.as_deref(), file.as_ref())
}

fn open_at(
    settings: &DatabaseSettings,
    path: Option<&Path>,
    file: Option<&Metadata>,
) -> Result<SqliteConnection, ConnectError> {
    let mut connection = establish(settings, path, file)?;
    let set = setting_up(|| connection.batch_execute(SET_UP));
    set.map_err(|error| explain(settings, path, &error.to_string()))?;
    Ok(connection)
}

/// The files that this process has opened as databases.
///
/// A process that closes a file loses all POSIX locks that it has on it, SQLite's among them. So this crate
/// reads a file directly only before its first connection.
static OPENED: Mutex<Opened> = Mutex::new(Opened { files: BTreeSet::new(), names: BTreeMap::new() });

struct Opened {
    /// Their canonical paths.
    files: BTreeSet<PathBuf>,
    /// The paths by which they were opened, and which file each of them was. To compare that is cheaper than
    /// to find the canonical path.
    names: BTreeMap<OsString, FileId>,
}

/// The device and the number of a file.
type FileId = (u64, u64);

#[cfg(unix)]
fn file_id(file: &Metadata) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt as _;
    Some((file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn file_id(_: &Metadata) -> Option<FileId> {
    None
}

fn establish(
    settings: &DatabaseSettings,
    path: Option<&Path>,
    file: Option<&Metadata>,
) -> Result<SqliteConnection, ConnectError> {
    let opened = || OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    let connect = || {
        diesel::SqliteConnection::establish(&settings.name)
            .map(|connection| SqliteConnection::new(connection, settings))
            .map_err(|error| explain(settings, path, &error.to_string()))
    };
    let Some(path) = path else { return connect() };
    let id = file.and_then(file_id);
    if id.is_some() && id.as_ref() == opened().names.get(path.as_os_str()) {
        return connect();
    }
    let canonical = || path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let is_first = !opened().files.contains(&canonical());
    let connection = if is_first {
        let mut opened = opened();
        if !opened.files.contains(&canonical()) {
            is_database(settings, path)?;
        }
        let connection = connect()?;
        opened.files.insert(canonical());
        connection
    } else {
        // From the second connection on nothing reads the file directly.
        connect()?
    };
    if let Some(id) = path.metadata().ok().as_ref().and_then(file_id) {
        opened().names.insert(path.into(), id);
    }
    Ok(connection)
}

/// Sets how long a statement waits for another process that writes.
pub(super) fn wait_for_writers(
    connection: &mut diesel::SqliteConnection,
    limit: Duration,
) -> QueryResult<()> {
    let sql = format!("PRAGMA busy_timeout = {}", limit.as_millis().clamp(1, 86_400_000));
    setting_up(|| connection.batch_execute(&sql))
}

/// Returns the error of a failed statement. SQLite waits only for locks, so a statement that took the whole
/// time limit failed because of a lock.
pub(crate) fn failed(
    settings: &DatabaseSettings,
    limit: Duration,
    took: Duration,
    message: &str,
) -> ConnectError {
    // SQLite counts whole milliseconds.
    if took + Duration::from_millis(2) >= limit.min(BUSY_TIMEOUT) {
        return ConnectError::new(settings, Reason::Locked, message).with_code(Some("SQLITE_BUSY"));
    }
    explain(settings, path(&settings.name).as_deref(), message)
}

/// Reads from the file and then calls a function. Both wait for a writer no longer than the limit.
pub(crate) fn within<T>(
    connection: &mut SqliteConnection,
    limit: Duration,
    work: impl FnOnce(&mut SqliteConnection) -> QueryResult<T>,
) -> QueryResult<T> {
    wait_for_writers(connection.inner_mut(), limit.min(BUSY_TIMEOUT))?;
    let answer =
        connection.batch_execute("SELECT count(*) FROM sqlite_master").and_then(|()| work(connection));
    wait_for_writers(connection.inner_mut(), BUSY_TIMEOUT)?;
    answer
}

/// Returns the path of the file that a name refers to; `None` for an in-memory database, or for an empty
/// name.
pub(crate) fn path(name: &str) -> Option<PathBuf> {
    let path = match name.strip_prefix("file:") {
        None => Cow::Borrowed(name),
        Some(uri) => {
            let (path, query) = uri.split_once(['?', '#']).unwrap_or((uri, ""));
            if query.split('&').any(|pair| pair == "mode=memory") {
                return None;
            }
            // `file:///path` and `file://localhost/path` have a host in front.
            let path = match path.strip_prefix("//") {
                Some(rest) => &rest[rest.find('/').unwrap_or(rest.len())..],
                None => path,
            };
            percent_decode_str(path).decode_utf8_lossy()
        }
    };
    let in_memory = path.is_empty() || path == ":memory:";
    (!in_memory).then(|| PathBuf::from(path.into_owned()))
}

/// Fails if the file exists but is not a database. SQLite would notice only at the first statement.
fn is_database(settings: &DatabaseSettings, path: &Path) -> Result<(), ConnectError> {
    // Opening a named pipe would block, and a device cannot be locked.
    if fs::metadata(path).is_ok_and(|file| !file.is_file() && !file.is_dir()) {
        return Err(ConnectError::new(settings, Reason::File, "it is not a regular file"));
    }
    let mut header = [0; HEADER.len()];
    match File::open(path).and_then(|mut file| file.read_exact(&mut header)) {
        Ok(()) if &header == HEADER => Ok(()),
        Ok(()) => Err(ConnectError::new(settings, Reason::File, "the file is not an SQLite database")),
        // An empty file is an empty database; a file that is shorter than the header is not a database.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => match fs::metadata(path) {
            Ok(file) if file.len() > 0 => {
                Err(ConnectError::new(settings, Reason::File, "the file is not an SQLite database"))
            }
            _ => Ok(()),
        },
        Err(_) => Ok(()),
    }
}

/// Returns the host and the parameters of a name that is a URI.
pub(super) fn uri(name: &str) -> Option<(&str, &str)> {
    let uri = name.strip_prefix("file:")?;
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let host = path.strip_prefix("//").map_or("", |rest| &rest[..rest.find('/').unwrap_or(rest.len())]);
    Some((host, query.split('#').next().unwrap_or_default()))
}

/// Follows symbolic links; the final target need not exist.
pub(super) fn target(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    // Linux follows at most 40 links.
    for _ in 0..40 {
        let Ok(next) = fs::read_link(&path) else { break };
        path = folder(&path).join(next);
    }
    path
}

/// Fails if the file does not exist and cannot be created.
pub(crate) fn could_be_made(settings: &DatabaseSettings, path: &Path) -> Result<(), ConnectError> {
    let file = |message: String| ConnectError::new(settings, Reason::File, message);
    if let Some((host, query)) = uri(&settings.name) {
        if !host.is_empty() && host != "localhost" {
            return Err(file("a URI of a file names no host: it begins with file:/ or file:///".to_owned()));
        }
        if let Some(mode) = query.split('&').find(|pair| ["mode=ro", "mode=rw"].contains(pair)) {
            let message = format!("it is not there, and {mode} does not make it");
            return Err(ConnectError::new(settings, Reason::NotThere, message).with_code(Some("ENOENT")));
        }
    }
    // SQLite creates the target of a link.
    let path = &target(path);
    let folder = folder(path);
    match fs::symlink_metadata(path).map_err(|error| (error.kind(), error)) {
        Ok(_) | Err((io::ErrorKind::NotFound | io::ErrorKind::NotADirectory, _)) => {}
        Err((io::ErrorKind::PermissionDenied, _)) => {
            return Err(file(format!("the directory {} may not be entered", folder.display())));
        }
        Err((_, error)) => {
            return Err(file(error.to_string().split(" (os error").next().unwrap_or_default().to_owned()));
        }
    }
    if !folder.is_dir() {
        return Err(no_folder(settings, folder));
    }
    if !is_writable(folder) {
        let message = format!("the directory {} is not writable", folder.display());
        return Err(ConnectError::new(settings, Reason::File, message));
    }
    Ok(())
}

pub(super) fn explain(settings: &DatabaseSettings, path: Option<&Path>, message: &str) -> ConnectError {
    let file = |message: &str| ConnectError::new(settings, Reason::File, message);
    let Some(path) = path else { return file(message) };
    if path.is_dir() {
        return file("it is a directory");
    }
    if !path.exists() {
        return could_be_made(settings, path).err().unwrap_or_else(|| file(message));
    }
    // Checks the permissions instead of opening the file: see `OPENED`.
    if !may_read(path) {
        return file("the file is not readable");
    }
    // SQLite creates files beside the database, with WAL even to read it.
    let wal = "With WAL, SQLite creates files beside the database also to read it. Open it as file:PATH?immutable=1 if nobody changes it, \
               or leave WAL before (PRAGMA journal_mode = DELETE).";
    if !may_write(path) {
        return file("the file is not writable").with_hint(wal);
    }
    let folder = folder(path);
    if !may_write(folder) {
        return file(&format!("{message}; the directory {} is not writable", folder.display()))
            .with_hint(wal);
    }
    file(message)
}

fn no_folder(settings: &DatabaseSettings, folder: &Path) -> ConnectError {
    ConnectError::new(settings, Reason::File, format!("the directory {} does not exist", folder.display()))
        .with_hint(format!("Create the directory; the path comes from {}.", settings.origin_of(Part::Name)))
}

pub(super) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(unix)]
pub(super) fn may_write(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}

#[cfg(unix)]
fn may_read(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::READ_OK).is_ok()
}

#[cfg(not(unix))]
fn may_read(path: &Path) -> bool {
    fs::metadata(path).is_ok()
}

#[cfg(not(unix))]
fn may_write(path: &Path) -> bool {
    path.is_dir() || fs::metadata(path).is_ok_and(|file| !file.permissions().readonly())
}

#[cfg(unix)]
fn is_writable(folder: &Path) -> bool {
    use rustix::fs::Access;
    rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

#[cfg(not(unix))]
fn is_writable(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|folder| !folder.permissions().readonly())
}

#[cfg(test)]
mod tests {
    use diesel::prelude::*;
    use diesel::sql_types::Integer;

    use super::{SqliteConnection, *};
    use crate::settings::Origin;

    fn try_open(path: &Path) -> Result<SqliteConnection, ConnectError> {
        open(&DatabaseSettings::sqlite("default", path.to_str().expect("UTF-8"), Origin::Code))
    }

    #[test]
    fn an_error_names_the_file_and_what_is_wrong_with_it() {
        let folder = tempfile::tempdir().expect("a directory");
        let text = folder.path().join("notes.txt");
        fs::write(&text, "a text that is longer than sixteen bytes").expect("a file");
        let short = folder.path().join("short.txt");
        fs::write(&short, "short").expect("a file");
        for (path, words) in [
            (text, "not an SQLite database"),
            (short, "not an SQLite database"),
            (folder.path().join("none/a.db"), "none does not exist"),
            (folder.path().to_path_buf(), "it is a directory"),
            #[cfg(unix)]
            ("/dev/null".into(), "not a regular file"),
        ] {
            let error = try_open(&path).map(drop).expect_err("no database");
            assert_eq!(error.reason, Reason::File);
            let shown = error.to_string();
            assert!(shown.contains(words) && shown.contains(path.to_str().expect("UTF-8")), "{shown}");
        }
    }

    /// A name for which another file takes the place of the first one is checked again.
    #[cfg(unix)]
    #[test]
    fn a_name_that_refers_to_another_file_is_another_file() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("a.db");
        let id = || fs::metadata(&path).ok().as_ref().and_then(file_id);
        let known = || OPENED.lock().expect("a lock").names.get(path.as_os_str()).copied();
        for _ in 0..3 {
            drop(try_open(&path).expect("a new database"));
            drop(try_open(&path).expect("a database"));
            assert!(id() == known(), "{:?} {:?}", id(), known());
            fs::rename(&path, folder.path().join("old.db")).expect("another name");
        }
        let other = folder.path().join("b.txt");
        fs::write(&other, "a text that is longer than sixteen bytes").expect("a file");
        let link = folder.path().join("link.db");
        fs::rename(folder.path().join("old.db"), &path).expect("another name");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        drop(try_open(&link).expect("a database"));
        fs::remove_file(&link).expect("a link");
        std::os::unix::fs::symlink(&other, &link).expect("a link");
        let error = try_open(&link).map(drop).expect_err("no database");
        assert!(error.to_string().contains("not an SQLite database"), "{error}");
    }

    #[test]
    fn a_new_file_is_made_and_foreign_keys_hold() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("a.db");
        fs::write(&path, "").expect("an empty file");
        let mut connection = try_open(&path).expect("an empty file is an empty database");
        let pragma = |connection: &mut SqliteConnection, name: &str| {
            diesel::select(diesel::dsl::sql::<Integer>(&format!("(SELECT * FROM pragma_{name})")))
                .get_result::<i32>(connection)
                .expect("a pragma")
        };
        assert_eq!(pragma(&mut connection, "foreign_keys"), 1);
        assert_eq!(u128::try_from(pragma(&mut connection, "busy_timeout")), Ok(BUSY_TIMEOUT.as_millis()));
        // A reported commit survives a power failure, as on the other backends.
        assert_eq!(pragma(&mut connection, "synchronous"), 2);
    }

    #[test]
    fn names_in_all_spellings() {
        for (name, expected) in [
            ("a.db", Some("a.db")),
            (":memory:", None),
            ("", None),
            ("file:a%20b.db?mode=ro", Some("a b.db")),
            ("file:///srv/a.db", Some("/srv/a.db")),
            ("file:a?mode=memory&cache=shared", None),
            ("file::memory:?cache=shared", None),
        ] {
            assert_eq!(path(name), expected.map(PathBuf::from), "{name}");
        }
    }
}
