//! Checks whether a file accepts writes, by a write that is rolled back and leaves the file unchanged.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use diesel::QueryResult;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::connection::SqliteConnection;
use super::file::{explain, failed, folder, may_write, path, target, uri, wait_for_writers};
use crate::database::{ConnectError, Reason};
use crate::files::random_hex;
use crate::settings::DatabaseSettings;

/// With a rollback journal the first change to a page creates the journal and writes the page to it.
const CHANGE: &str = "PRAGMA user_version = 0";

/// With WAL a change stays in memory until the commit, or until the cache is full: some of these 20 pages go
/// to the WAL file, where they have no effect without a commit.
const CHANGE_WITH_WAL: &str = "PRAGMA cache_size = 10; \
     CREATE TABLE \"diesel-manage write probe\" (x BLOB); \
     INSERT INTO \"diesel-manage write probe\" VALUES (zeroblob(81920))";

/// The minimum free space for a database: its journal takes some pages, too.
const ROOM: u64 = 64 * 1024;

/// Fails if the URL or the file's permissions rule out a write.
pub(crate) fn check_writable(settings: &DatabaseSettings, path: &Path) -> Result<(), ConnectError> {
    let query = uri(&settings.name).map_or("", |(_, query)| query);
    let is_on = |value: &str| ["1", "on", "yes", "true"].contains(&value.to_ascii_lowercase().as_str());
    let rules_out = |pair: &&str| *pair == "mode=ro" || pair.strip_prefix("immutable=").is_some_and(is_on);
    if let Some(pair) = query.split('&').find(rules_out) {
        let message = format!("`{pair}` opens it read-only");
        return Err(ConnectError::new(settings, Reason::Configuration, message)
            .with_hint(format!("Remove `{pair}` from {}, or wait without --writable.", settings.origin)));
    }
    if path.exists() && !may_write(path) {
        return Err(ConnectError::new(settings, Reason::File, format!("{} is not writable", path.display())));
    }
    Ok(())
}

/// Writes to the file in a transaction that is rolled back. It waits for another writer no longer than the
/// limit.
pub(crate) fn try_write(
    connection: &mut SqliteConnection,
    settings: &DatabaseSettings,
    limit: Duration,
) -> Result<(), ConnectError> {
    let started = Instant::now();
    let failure = |error: diesel::result::Error, limit, took| {
        let message = error.to_string();
        let Some(path) = path(&settings.name) else { return failed(settings, limit, took, &message) };
        no_room(settings, &path).unwrap_or_else(|| failed(settings, limit, took, &message))
    };
    let driver = connection.inner_mut();
    let begun = wait_for_writers(driver, limit).and_then(|()| driver.batch_execute("BEGIN IMMEDIATE"));
    begun.map_err(|error| failure(error, limit, started.elapsed()))?;
    let changed = change(driver);
    let rolled_back = driver.batch_execute("ROLLBACK");
    // The lock is held since BEGIN, so a later failure is not due to a lock.
    changed.and(rolled_back).map_err(|error| failure(error, Duration::MAX, Duration::ZERO))
}

fn change(driver: &mut diesel::SqliteConnection) -> QueryResult<()> {
    let question = diesel::dsl::sql::<Text>("(SELECT journal_mode FROM pragma_journal_mode)");
    let mode: String = diesel::select(question).get_result(driver)?;
    driver.batch_execute(if mode == "wal" { CHANGE_WITH_WAL } else { CHANGE })
}

/// Creates a file beside a database that does not exist yet, writes to it, and removes it.
pub(crate) fn try_create(settings: &DatabaseSettings, path: &Path) -> Result<(), ConnectError> {
    let path = target(path);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!("-write-probe-{}", random_hex()));
    let beside = folder(&path).join(name);
    let write = || -> io::Result<()> {
        let mut file = File::create_new(&beside)?;
        // On Unix an open file can be removed at once, so a process that is killed leaves nothing behind.
        let removed = cfg!(unix).then(|| fs::remove_file(&beside));
        let written = file.write_all(&[0; 4096]).and_then(|()| file.sync_all());
        drop(file);
        written.and(removed.unwrap_or_else(|| fs::remove_file(&beside)))
    };
    write().map_err(|error| {
        no_room(settings, &path).unwrap_or_else(|| explain(settings, Some(&path), &error.to_string()))
    })
}

/// Returns the error of a file system that is too full for a write.
#[cfg(unix)]
fn no_room(settings: &DatabaseSettings, path: &Path) -> Option<ConnectError> {
    let found = rustix::fs::statvfs(folder(path)).ok()?;
    (found.f_bavail.saturating_mul(found.f_frsize) < ROOM).then(|| {
        let message = format!("the file system of {} is full", folder(path).display());
        ConnectError::new(settings, Reason::Unhealthy, message).with_code(Some("SQLITE_FULL"))
    })
}

#[cfg(not(unix))]
fn no_room(_: &DatabaseSettings, _: &Path) -> Option<ConnectError> {
    let _ = ROOM;
    None
}
