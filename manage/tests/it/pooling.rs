//! A pooler before the shared PostgreSQL server, and who holds a lock behind it.

use manage_test_support::{PgBouncer, TestDatabase, shared_postgres};

/// A new database, PgBouncer with these lines of configuration, and the way through it. Unless the lines say
/// otherwise it pools transactions.
pub(crate) fn pooler(further: &[&str]) -> (TestDatabase, PgBouncer, String) {
    let database = TestDatabase::postgres();
    // Few server sessions: without a transaction the next client would often have the holder's.
    let lines = [&["pool_mode = transaction", "default_pool_size = 5"], further].concat();
    let pooler = PgBouncer::start(shared_postgres().unwrap(), &lines).unwrap();
    let url = pooler.url(database.name());
    (database, pooler, url)
}

/// What the session does that holds a lock in this database; nothing where none does.
pub(crate) fn state_of_holder(database: &TestDatabase) -> String {
    shared_postgres().unwrap().query_value(&format!(
        "SELECT a.state FROM pg_locks l JOIN pg_stat_activity a USING (pid)
            WHERE l.locktype = 'advisory' AND l.granted AND a.datname = '{}'",
        database.name()
    ))
}
