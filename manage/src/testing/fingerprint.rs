//! What a database is after its migrations, as one number: the same migrations, the same number.

use diesel::connection::{
    AnsiTransactionManager, CacheSize, Connection, ConnectionSealed, Instrumentation, SimpleConnection,
    TransactionManager,
};
use diesel::migration::Migration;
use diesel::query_builder::{QueryFragment, QueryId};
use diesel::{ConnectionResult, QueryResult};

use crate::Result;
use crate::database::MultiBackend;
use crate::migrations::Migrations;
use crate::settings::DatabaseSettings;

/// The number of these migrations for the role of these settings: what is made belongs to it.
pub(super) fn fingerprint(migrations: &Migrations, settings: &DatabaseSettings) -> Result<u64> {
    of(migrations.each(), settings)
}

fn of<'a>(
    migrations: impl Iterator<Item = (String, &'a dyn Migration<MultiBackend>)>,
    settings: &DatabaseSettings,
) -> Result<u64> {
    let mut hash = Fnv::default();
    hash.text(settings.backend.name());
    hash.text(settings.user.as_deref().unwrap_or_default());
    // A search path, for one, decides where tables go.
    for (name, value) in &settings.parameters {
        hash.text(name);
        hash.text(value);
    }
    for (name, migration) in migrations {
        hash.text(&name);
        let mut recorder = Recorder::default();
        migration.run(&mut recorder).map_err(|error| anyhow::anyhow!("{error}"))?;
        hash.text(&recorder.sql);
    }
    Ok(hash.0)
}

/// FNV-1a: stable from one build to the next, as the standard library's hashes are not.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    /// Takes in a text and its end.
    fn text(&mut self, text: &str) {
        for byte in text.bytes().chain([0xff]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

/// A connection to nothing, which keeps what it is told to run: a migration gives its SQL to a connection alone.
#[derive(Default)]
struct Recorder {
    sql: String,
    transactions: AnsiTransactionManager,
    instrumentation: Option<Box<dyn Instrumentation>>,
}

impl SimpleConnection for Recorder {
    fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        self.sql.push_str(query);
        Ok(())
    }
}

impl ConnectionSealed for Recorder {}

impl Connection for Recorder {
    type Backend = MultiBackend;
    type TransactionManager = AnsiTransactionManager;

    fn establish(_: &str) -> ConnectionResult<Self> {
        Ok(Self::default())
    }

    fn execute_returning_count<T>(&mut self, _: &T) -> QueryResult<usize>
    where
        T: QueryFragment<Self::Backend> + QueryId,
    {
        Ok(0)
    }

    fn transaction_state(
        &mut self,
    ) -> &mut <AnsiTransactionManager as TransactionManager<Self>>::TransactionStateData {
        &mut self.transactions
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        &mut self.instrumentation
    }

    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        self.instrumentation = Some(Box::new(instrumentation));
    }

    fn set_prepared_statement_cache_size(&mut self, _: CacheSize) {}
}

#[cfg(test)]
mod tests {
    use diesel::migration::MigrationSource;
    use diesel_migrations::{EmbeddedMigration, EmbeddedMigrations, EmbeddedName, TomlMetadataWrapper};

    use super::*;
    use crate::settings::Origin;

    /// The number of one migration, for a role.
    fn number(name: &'static str, sql: &'static str, url: &str) -> u64 {
        let metadata = TomlMetadataWrapper::new(true);
        let migration = EmbeddedMigration::new(sql, None, EmbeddedName::new(name), metadata);
        let source = EmbeddedMigrations::new(Box::leak(Box::new([migration])));
        let migrations = MigrationSource::<MultiBackend>::migrations(&source).expect("one migration");
        let settings = DatabaseSettings::from_url("default", url, Origin::Code).expect("a URL");
        of(migrations.iter().map(|migration| (migration.name().to_string(), &**migration)), &settings)
            .expect("a number")
    }

    #[test]
    fn it_follows_all_that_decides_what_is_made() {
        const NAME: &str = "2026-01-01-000000_a";
        const SQL: &str = "CREATE TABLE a (id INTEGER)";
        const URL: &str = "postgres://app:one@db/shop";
        let one = number(NAME, SQL, URL);
        assert_eq!(one, number(NAME, SQL, "postgres://app:two@elsewhere/other"));
        for other in [
            number("2026-01-01-000000_b", SQL, URL),
            number(NAME, "CREATE TABLE a (id BIGINT)", URL),
            number(NAME, SQL, "postgres://role@db/shop"),
            number(NAME, SQL, "postgres://app@db/shop?options=-csearch_path%3Dother"),
        ] {
            assert_ne!(one, other);
        }
    }
}
