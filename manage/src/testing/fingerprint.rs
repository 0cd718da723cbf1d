//! A hash of a database's schema: the same migrations give the same number.

use crate::migrations::Migrations;
use crate::settings::DatabaseSettings;

/// Returns the hash of these migrations for the role of these settings, which will own the database.
pub(super) fn fingerprint(migrations: &Migrations, settings: &DatabaseSettings) -> u64 {
    of(migrations.each(), settings)
}

/// Computes the hash. Each migration has a name, its SQL, and the statements that run before it.
fn of<'a>(
    migrations: impl Iterator<Item = (&'a str, &'a str, &'a [&'static str])>,
    settings: &DatabaseSettings,
) -> u64 {
    let mut hash = Fnv::default();
    hash.text(settings.backend.name());
    hash.text(settings.user.as_deref().unwrap_or_default());
    // A search path, for example, decides where tables are created.
    for (name, value) in &settings.parameters {
        hash.text(name);
        hash.text(value);
    }
    for (name, sql, before) in migrations {
        hash.text(name);
        hash.text(sql);
        before.iter().for_each(|statement| hash.text(statement));
    }
    hash.0
}

/// FNV-1a, which is stable across builds, unlike the standard library's hashes.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    /// Adds a text and a terminator.
    fn text(&mut self, text: &str) {
        for byte in text.bytes().chain([0xff]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Origin;

    /// Returns the hash of one migration, for a role.
    fn number(name: &str, sql: &str, before: &[&'static str], url: &str) -> u64 {
        let settings = DatabaseSettings::from_url("default", url, Origin::Code).expect("a URL");
        of(std::iter::once((name, sql, before)), &settings)
    }

    #[test]
    fn it_follows_all_that_decides_what_is_made() {
        const NAME: &str = "2026-01-01-000000_a";
        const SQL: &str = "CREATE TABLE a (id INTEGER)";
        const URL: &str = "postgres://app:one@db/shop";
        let one = number(NAME, SQL, &[], URL);
        assert_eq!(one, number(NAME, SQL, &[], "postgres://app:two@elsewhere/other"));
        for other in [
            number("2026-01-01-000000_b", SQL, &[], URL),
            number(NAME, "CREATE TABLE a (id BIGINT)", &[], URL),
            number(NAME, SQL, &["SET search_path = other"], URL),
            number(NAME, SQL, &[], "postgres://role@db/shop"),
            number(NAME, SQL, &[], "postgres://app@db/shop?options=-csearch_path%3Dother"),
        ] {
            assert_ne!(one, other);
        }
    }
}
