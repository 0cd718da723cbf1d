//! The journal mode of a new database file: WAL, unless the file system does not support it.

use std::fs::Metadata;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;

use super::file::{folder, may_write, target, uri};
use crate::profile::setting_up;

/// How long to retry while other processes open the same new file.
const LIMIT: Duration = Duration::from_secs(2);

/// Returns whether opening this name creates a database: the file does not exist, or is empty.
pub(super) fn is_new(name: &str, file: Option<&Metadata>) -> bool {
    let is_empty = file.is_none_or(|file| file.is_file() && file.len() == 0);
    is_empty && !has_own_rules(name)
}

/// Returns whether a URI has a parameter that rules WAL out.
fn has_own_rules(name: &str) -> bool {
    let query = uri(name).map_or("", |(_, query)| query);
    query.split('&').any(|pair| {
        let key = pair.split('=').next().unwrap_or_default();
        pair == "mode=ro" || ["immutable", "nolock", "vfs"].contains(&key)
    })
}

/// Switches a new database to WAL, where readers and a writer do not wait for each other. An existing
/// database keeps the mode that its owner chose, as the mode belongs to the file and every program that opens
/// it.
pub(super) fn use_wal(connection: &mut diesel::SqliteConnection, path: &Path) {
    let real = target(path);
    if !may_write(folder(&real)) || (real.exists() && !may_write(&real)) || is_on_a_network(folder(&real)) {
        return;
    }
    let started = Instant::now();
    // SQLite does not wait here for another process that switches the mode, whatever the busy timeout is.
    while setting_up(|| connection.batch_execute("PRAGMA journal_mode = WAL")).is_err() {
        if started.elapsed() >= LIMIT {
            // The database also works without WAL.
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Returns whether a directory is, or may be, on another machine. WAL needs memory that all processes share.
#[cfg(target_os = "linux")]
pub(super) fn is_on_a_network(folder: &Path) -> bool {
    /// From Linux's `magic.h` and the file systems' own headers: NFS, SMB (three versions), 9P, FUSE (also
    /// the directories that Docker Desktop shares with its host), AFS (twice), Ceph, Lustre, GFS2, OCFS2, and
    /// VirtualBox's shared directories.
    const KINDS: [u64; 13] = [
        0x6969,
        0x517b,
        0xff53_4d42,
        0xfe53_4d42,
        0x0102_1997,
        0x6573_5546,
        0x5346_414f,
        0x6b41_4653,
        0x00c3_6400,
        0x0bd0_0bd0,
        0x0116_1970,
        0x7461_636f,
        0x786f_4256,
    ];
    // The kind is a signed number on some architectures.
    #[expect(clippy::allow_attributes, reason = "the next one depends on the architecture")]
    #[allow(clippy::unnecessary_cast, clippy::cast_sign_loss, clippy::cast_possible_truncation)]
    rustix::fs::statfs(folder).is_ok_and(|found| KINDS.contains(&u64::from(found.f_type as u32)))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn is_on_a_network(_: &Path) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use diesel::connection::SimpleConnection as _;
    use diesel::prelude::*;
    use diesel::sql_types::Text;

    use super::super::connection::SqliteConnection;
    use super::super::file::open;
    use crate::settings::{DatabaseSettings, Origin};

    fn mode(connection: &mut SqliteConnection) -> String {
        diesel::select(diesel::dsl::sql::<Text>("(SELECT journal_mode FROM pragma_journal_mode)"))
            .get_result(connection)
            .expect("a mode")
    }

    #[test]
    fn a_new_file_has_wal_and_an_old_one_keeps_its_mode() {
        let folder = tempfile::tempdir().expect("a directory");
        let settings = |name: &str| {
            let path = folder.path().join(name);
            DatabaseSettings::sqlite("default", path.to_str().expect("UTF-8"), Origin::Code)
        };
        std::fs::write(folder.path().join("empty.db"), "").expect("a file");
        std::os::unix::fs::symlink("linked.db", folder.path().join("link.db")).expect("a link");
        for name in ["new.db", "empty.db", "link.db"] {
            let mut connection = open(&settings(name)).expect("a database");
            assert_eq!(mode(&mut connection), "wal", "{name}");
            connection.batch_execute("PRAGMA journal_mode = DELETE; CREATE TABLE t (x)").expect("SQL");
            drop(connection);
            assert_eq!(mode(&mut open(&settings(name)).expect("a database")), "delete", "{name}");
        }
        let uri = format!("file:{}?nolock=1", folder.path().join("uri.db").display());
        let own = DatabaseSettings::sqlite("default", uri, Origin::Code);
        assert_eq!(mode(&mut open(&own).expect("a database")), "delete");
        // The last connection removes the WAL files when it closes.
        drop(open(&settings("last.db")).expect("a database"));
        let left = std::fs::read_dir(folder.path()).expect("a directory").flatten();
        let left: Vec<_> =
            left.map(|file| file.file_name()).filter(|name| name.to_string_lossy().contains('-')).collect();
        assert!(left.is_empty(), "{left:?}");
    }

    #[test]
    fn many_open_a_new_file_at_once() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("a.db");
        let settings = DatabaseSettings::sqlite("default", path.to_str().expect("UTF-8"), Origin::Code);
        std::thread::scope(|scope| {
            for number in 0..16 {
                let settings = &settings;
                scope.spawn(move || {
                    let mut connection = open(settings).expect("a database");
                    connection
                        .batch_execute(&format!(
                            "CREATE TABLE t{number} (x); INSERT INTO t{number} VALUES (1)"
                        ))
                        .expect("SQL");
                    assert_eq!(mode(&mut connection), "wal");
                });
            }
        });
    }
}
