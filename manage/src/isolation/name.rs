//! What a lock is called, in the form that each kind of database wants.

#[cfg(any(feature = "sqlite", test))]
use std::path::{Path, PathBuf};

/// The name of a lock. Two programs that share a database have the same lock exactly when they have the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LockName {
    /// PostgreSQL's advisory locks have a number, and are each database's own.
    pub(crate) number: i64,
    /// MySQL's are the whole server's, so the database's name goes into the text as well: this is the rest of it.
    salt: String,
    /// What SQLite's lock file has behind the name of the database's file.
    suffix: String,
}

impl LockName {
    /// The lock of migrations: the first eight letters of "diesel-manage", which other users of advisory locks will
    /// hardly choose.
    pub(crate) fn migrations() -> Self {
        let number = i64::from_be_bytes(*b"diesel-m");
        Self { number, salt: String::new(), suffix: "-migrate.lock".to_owned() }
    }

    /// The lock of a command of an app, or of one key of it.
    pub(crate) fn command(app: &str, command: &str, key: Option<&str>) -> Self {
        Self::hashed(&["command", app, command, key.unwrap_or_default()], command)
    }

    /// The lock of a key that several commands share.
    pub(crate) fn key(key: &str) -> Self {
        Self::hashed(&["key", key], "key")
    }

    fn hashed(parts: &[&str], shown: &str) -> Self {
        // Each part with its length: ("a", "bc") is not ("ab", "c").
        let text: String = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
        let hash = fnv1a(format!("diesel-manage {text}").as_bytes());
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
        let shown: String = shown.chars().take(40).map(plain).collect();
        Self {
            number: i64::from_be_bytes(hash.to_be_bytes()),
            salt: format!("{hash:016x}"),
            suffix: format!("-{shown}-{hash:016x}.lock"),
        }
    }

    /// An SQL expression for MySQL's name of it, which may have 64 letters.
    pub(crate) fn mysql(&self) -> String {
        format!("CONCAT('diesel-manage ', LEFT(SHA1(CONCAT(COALESCE(DATABASE(), ''), '{}')), 40))", self.salt)
    }

    /// SQLite's lock file, beside the file of the database. By whatever name that is opened, and whether or not it is
    /// there yet, the lock is the same.
    #[cfg(any(feature = "sqlite", test))]
    pub(crate) fn file(&self, database: &Path) -> PathBuf {
        let mut path = real_path(database).into_os_string();
        path.push(&self.suffix);
        path.into()
    }
}

/// The path without links and dots, also of a file that is not there.
#[cfg(any(feature = "sqlite", test))]
fn real_path(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    // As many links as Linux follows.
    for _ in 0..40 {
        if let Ok(real) = path.canonicalize() {
            return real;
        }
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        match path.read_link() {
            Ok(target) => path = folder.join(target),
            Err(_) => {
                let real = folder.canonicalize().ok();
                return real.zip(path.file_name()).map_or(path.clone(), |(folder, name)| folder.join(name));
            }
        }
    }
    path
}

/// FNV-1a of 64 bits: the same number in every build and on every machine, for ever.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn every_part_counts() {
        let names = [
            LockName::command("blog", "import", None),
            LockName::command("shop", "import", None),
            LockName::command("blog", "import", Some("a")),
            LockName::command("blog", "importa", None),
            LockName::command("blogi", "mport", None),
            LockName::key("import"),
            LockName::migrations(),
        ];
        for (i, one) in names.iter().enumerate() {
            for other in &names[i + 1..] {
                assert!(one.number != other.number && one.salt != other.salt && one.suffix != other.suffix);
            }
        }
    }

    #[test]
    fn the_number_of_a_command_never_changes() {
        // Replicas of two versions must agree.
        assert_eq!(LockName::command("blog", "import", Some("a")).salt, "b067b1befa2ec216");
        assert_eq!(LockName::migrations().number, 0x6469_6573_656c_2d6d);
    }

    #[test]
    fn odd_names_make_a_plain_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let name = LockName::command("it", "../a b/ü", None).file(&folder.path().join("none.db"));
        let file = name.file_name().and_then(|name| name.to_str()).expect("a name");
        assert_eq!(name.parent(), folder.path().canonicalize().ok().as_deref());
        assert!(file.starts_with("none.db----a-b---"), "{file}");
    }
}
