//! What Diesel's derive generates for several backends: the backend, its values, and its SQL.
//!
//! The connection itself is not the derive's, which builds a query's SQL again in each pass over the query and
//! opens a URL by trying one backend after the other. Its enums are only reachable as associated types of
//! `MultiBackend`, and their variants are those of the enum below. Diesel's versions are limited to 2.3,
//! because a later derive may generate something else; this crate's code would then no longer compile.

use diesel::backend::Backend;

pub use derived::MultiBackend;

/// The query builder of one of the backends.
pub(super) type Builder = <MultiBackend as Backend>::QueryBuilder;
/// The bind parameters of a query for one of the backends.
pub(super) type Binds<'a> = <MultiBackend as Backend>::BindCollector<'a>;
/// A value of one of the backends.
pub(super) type RawValue<'a> = <MultiBackend as Backend>::RawValue<'a>;

#[expect(missing_docs, reason = "the derive documents nothing of what it makes")]
mod derived {
    /// Names the connections to the derive.
    #[derive(diesel::MultiConnection)]
    #[expect(dead_code, reason = "only what the derive generates beside it is used")]
    pub(super) enum Variants {
        #[cfg(feature = "sqlite")]
        Sqlite(crate::database::SqliteConnection),
        #[cfg(feature = "postgres")]
        Postgres(crate::database::PostgresConnection),
        #[cfg(feature = "mysql")]
        Mysql(crate::database::MysqlConnection),
    }
}
