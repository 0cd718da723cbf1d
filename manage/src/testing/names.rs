//! The names of test databases, which identify their owner.

use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The prefix of a test database. Only databases with it are ever dropped.
pub(super) const TEST: &str = "manage_test_";

/// The prefix of a template.
pub(super) const TEMPLATE: &str = "manage_template_";

/// The prefix of a test process's session name on a server; the process's key follows.
pub(super) const SESSION: &str = "manage_test ";

/// Returns the key of this process among all that use a server: its start time, its id, and a random part.
pub(super) fn key() -> &'static str {
    static KEY: OnceLock<String> = OnceLock::new();
    KEY.get_or_init(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let chance = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), now);
        format!("{}_{}_{:04x}", base36(now.as_secs()), process::id(), chance & 0xffff)
    })
}

/// Returns a new name: `manage_test_<database>_<time>_<process>_<chance>_<number>`. It fits MySQL's and
/// PostgreSQL's limits.
pub(super) fn fresh(database: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    format!("{TEST}{}_{}_{}", plain(database), key(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Returns the name of a template.
pub(super) fn template(database: &str, fingerprint: u64) -> String {
    format!("{TEMPLATE}{}_{fingerprint:016x}", plain(database))
}

/// Returns the key of the process that created a database of this name; `None` for any other name.
pub(super) fn owner(name: &str) -> Option<&str> {
    let rest = name.strip_prefix(TEST)?;
    let (rest, number) = rest.rsplit_once('_')?;
    let (front, chance) = rest.rsplit_once('_')?;
    let (front, process) = front.rsplit_once('_')?;
    let (database, time) = front.rsplit_once('_')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let ours = digits(number)
        && digits(process)
        && chance.len() == 4
        && time.len() >= 6
        && time.bytes().all(|byte| byte.is_ascii_alphanumeric());
    ours.then(|| &name[TEST.len() + database.len() + 1..name.len() - number.len() - 1])
}

/// Returns the characters of a name that never need quotes, up to a maximum number.
fn plain(name: &str) -> String {
    let own = name.strip_prefix(TEST).unwrap_or(name);
    let letters = own.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(16);
    let plain: String = letters.map(|c| c.to_ascii_lowercase()).collect();
    if plain.is_empty() { "db".to_owned() } else { plain }
}

fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    while number > 0 || digits.is_empty() {
        digits.push(char::from_digit((number % 36) as u32, 36).unwrap_or('0'));
        number /= 36;
    }
    digits.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_whose_it_is() {
        for database in ["app", "with_under_score", "한글", "A name, much too long for any server"] {
            let name = fresh(database);
            assert_eq!(owner(&name), Some(key()), "{name}");
            assert!(name.len() <= 63, "{name}");
        }
        assert_ne!(fresh("app"), fresh("app"));
    }

    #[test]
    fn other_names_are_nobodys() {
        for name in [
            "app",
            "manage_test_app",
            "manage_test_app_1",
            "test_app_t5x2k9_12_abcd_1",
            "manage_test_a_b_c_d_e",
        ] {
            assert_eq!(owner(name), None, "{name}");
        }
    }
}
