//! The other holder of a lock, for those who wait for it.

/// The other holder of a lock, as far as the database reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockHolder {
    /// Its program, user, address and session, and since when that exists.
    pub text: String,
    /// The SQL that ends its session; `None` if no session holds the lock.
    pub end_sql: Option<String>,
}
