//! The name of a lock, in the format of each kind of database.

use sha2::{Digest as _, Sha256};

/// The name of a lock. Two programs that share a database share a lock if and only if its name is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LockName {
    /// PostgreSQL's advisory locks are numbers, specific to a database.
    pub(in crate::database) number: i64,
    /// MySQL's locks belong to the whole server, so the database's name follows this part: letters and
    /// digits.
    pub(in crate::database) own: String,
    /// The suffix of SQLite's lock file after the name of the database's file.
    pub(in crate::database) suffix: String,
}

impl LockName {
    /// Returns the lock of migrations: the first eight letters of "diesel-manage", which other users of
    /// advisory locks are unlikely to choose.
    pub(crate) fn migrations() -> Self {
        let number = i64::from_be_bytes(*b"diesel-m");
        Self { number, own: "migrate".to_owned(), suffix: "-migrate.lock".to_owned() }
    }

    /// Returns the lock of a command of an app, or of one of its keys.
    pub(crate) fn command(app: &str, command: &str, key: Option<&str>) -> Self {
        Self::hashed(&["command", app, command, key.unwrap_or_default()], command)
    }

    /// Returns the lock of a key that several commands share.
    pub(crate) fn key(key: &str) -> Self {
        Self::hashed(&["key", key], "key")
    }

    fn hashed(parts: &[&str], shown: &str) -> Self {
        // Each part with its length: ("a", "bc") is not ("ab", "c").
        let text: String = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
        // A key may be chosen by an attacker, who must not find one with the same lock as another.
        let hash: [u8; 32] = Sha256::digest(format!("diesel-manage {text}")).into();
        let [a, b, c, d, e, f, g, h, ..] = hash;
        let first = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
        let shown: String = shown.chars().take(40).map(plain).collect();
        Self {
            number: first.cast_signed(),
            own: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
            suffix: format!("-{shown}-{first:016x}.lock"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
                assert!(one.number != other.number && one.own != other.own && one.suffix != other.suffix);
            }
        }
    }

    #[test]
    fn the_number_of_a_command_never_changes() {
        // Replicas of two versions must agree.
        let name = LockName::command("blog", "import", Some("a"));
        assert_eq!(name.number.cast_unsigned(), 0x8a13_7e91_dde1_ba8f);
        assert_eq!(name.own, "8a137e91dde1ba8f53145ca4baf20bd5522dd98505b55fac99d5446a6f8d3a5c");
        assert_eq!(LockName::migrations().number, 0x6469_6573_656c_2d6d);
    }
}
