//! Replaces files atomically: a reader sees the old text or the new one, never a partial one.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use super::{NotRegular, random_hex};

/// The suffix of an incomplete file.
const UNFINISHED: &str = ".new";

/// The age at which an incomplete file is considered left behind by a killed process.
const LEFT_BEHIND: Duration = Duration::from_secs(60 * 60);

/// Writes a text to a new file in the same directory, and renames it to `path`.
///
/// The new file has the permissions of the replaced one, and its owner if possible. A symbolic link is
/// replaced itself; its target is unchanged. Anything else, such as a directory or a named pipe, is an error.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let (Some(name), Some(directory)) = (path.file_name(), path.parent()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let replaced = match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => return Err(NotRegular::Directory.into()),
        Ok(metadata) if metadata.is_file() => Some(metadata),
        Ok(metadata) if metadata.is_symlink() => None,
        Ok(_) => return Err(NotRegular::Other.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    remove_leftovers(directory, name);
    let mut new = OsString::from(".");
    new.push(name);
    new.push(format!(".{}{UNFINISHED}", random_hex()));
    let new = directory.join(new);
    // Created exclusively by this call, so no link is followed and two processes never write to the same
    // file.
    let mut file = File::create_new(&new)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| replaced.as_ref().map_or(Ok(()), |replaced| keep(&file, replaced)))
        .and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}

/// Gives a new file the permissions of the one that it replaces.
fn keep(file: &File, replaced: &Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
        let ours = file.metadata()?;
        if (ours.uid(), ours.gid()) != (replaced.uid(), replaced.gid()) {
            // Only root can change the owner. Otherwise a member of the file's group keeps the group.
            let _ = fchown(file, Some(replaced.uid()), Some(replaced.gid()))
                .or_else(|_| fchown(file, None, Some(replaced.gid())));
        }
        // This program never writes a set-user-id program.
        file.set_permissions(fs::Permissions::from_mode(replaced.mode() & 0o777))
    }
    #[cfg(not(unix))]
    {
        let _ = (file, replaced);
        Ok(())
    }
}

/// Removes incomplete files of this name that a killed process left behind.
fn remove_leftovers(directory: &Path, name: &OsStr) {
    let mut start = OsString::from(".");
    start.push(name);
    start.push(".");
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let file = entry.file_name();
        let middle = file.as_encoded_bytes().strip_prefix(start.as_encoded_bytes());
        let middle = middle.and_then(|rest| rest.strip_suffix(UNFINISHED.as_bytes()));
        let is_random =
            |middle: &[u8]| middle.len() == random_hex().len() && middle.iter().all(u8::is_ascii_hexdigit);
        if !middle.is_some_and(is_random) {
            continue;
        }
        // These are the entry's own metadata: links are not followed.
        let age = entry.metadata().and_then(|metadata| metadata.modified());
        if age.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > LEFT_BEHIND)) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
    use std::thread;
    use std::time::SystemTime;

    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).expect("a directory").flatten();
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn permissions_stay_and_a_new_file_has_the_usual_ones() {
        let folder = tempfile::tempdir().expect("a directory");
        let (path, usual) = (folder.path().join("a.md"), folder.path().join("usual"));
        fs::write(&usual, "").expect("a file");
        replace(&path, "one").expect("written");
        let mode = |path: &Path| fs::metadata(path).expect("there").mode() & 0o7777;
        assert_eq!(mode(&path), mode(&usual));
        for kept in [0o600, 0o640, 0o666, 0o444] {
            fs::set_permissions(&path, fs::Permissions::from_mode(kept)).expect("a mode");
            replace(&path, "two").expect("written");
            assert_eq!(mode(&path), kept);
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o4755)).expect("a mode");
        replace(&path, "three").expect("written");
        assert_eq!(mode(&path), 0o755);
        assert_eq!(names(folder.path()), ["a.md", "usual"]);
    }

    #[test]
    fn what_a_link_leads_to_stays() {
        let folder = tempfile::tempdir().expect("a directory");
        let (path, victim) = (folder.path().join("a.md"), folder.path().join("victim"));
        fs::write(&victim, "dear").expect("a file");
        symlink(&victim, &path).expect("a link");
        // A predictable name, which could be a link.
        symlink(&victim, folder.path().join(".a.md.new")).expect("a link");
        replace(&path, "text").expect("written");
        assert_eq!(fs::read_to_string(&victim).expect("there"), "dear");
        assert!(path.symlink_metadata().expect("there").is_file());
        fs::remove_file(&path).expect("removed");
        fs::hard_link(&victim, &path).expect("a link");
        replace(&path, "text").expect("written");
        assert_eq!(fs::read_to_string(&victim).expect("there"), "dear");
        assert_eq!(fs::read_to_string(&path).expect("there"), "text");
    }

    #[test]
    fn directories_and_pipes_stay() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("a.md");
        fs::create_dir(&path).expect("a directory");
        let error = replace(&path, "text").expect_err("a directory").to_string();
        assert_eq!(error, "it is a directory; remove it");
        fs::remove_dir(&path).expect("removed");
        let _socket = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
        let error = replace(&path, "text").expect_err("a socket").to_string();
        assert_eq!(error, "it is not a regular file; remove it");
        assert_eq!(names(folder.path()), ["a.md"]);
    }

    #[test]
    fn what_a_killed_process_left_behind_is_removed_and_what_is_being_written_is_not() {
        let folder = tempfile::tempdir().expect("a directory");
        let at = |name: &str| folder.path().join(name);
        let files = [".a.md.0123456789abcdef.new", ".a.md.fedcba9876543210.new", ".a.md.x.new", ".b.md.new"];
        for name in files {
            fs::write(at(name), "").expect("a file");
        }
        let old = SystemTime::now() - LEFT_BEHIND - Duration::from_secs(60);
        for name in [files[0], files[2], files[3]] {
            File::options().write(true).open(at(name)).expect("there").set_modified(old).expect("a time");
        }
        replace(&at("a.md"), "text").expect("written");
        assert_eq!(names(folder.path()), [files[1], files[2], files[3], "a.md"]);
    }

    #[test]
    fn a_reader_beside_several_writers_sees_whole_texts() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("a.md");
        let texts = ["a".repeat(100_000), "b".repeat(50_000)];
        replace(&path, &texts[0]).expect("written");
        thread::scope(|scope| {
            for text in &texts {
                let path = &path;
                scope.spawn(move || (0..50).for_each(|_| replace(path, text).expect("written")));
            }
            for _ in 0..100 {
                let text = fs::read_to_string(&path).expect("there");
                assert!(texts.contains(&text), "a part of {} bytes", text.len());
            }
        });
        assert_eq!(names(folder.path()), ["a.md"]);
    }
}
