//! A query for any backend, as a query for the one that runs it.

use std::borrow::Borrow;
use std::cell::Cell;
use std::marker::PhantomData;

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::connection::{Connection, MultiConnectionHelper};
use diesel::internal::derives::multiconnection::AstPassHelper as _;
use diesel::query_builder::{AstPass, Query, QueryBuilder as _, QueryFragment, QueryId};
use diesel::sql_types::{TypeMetadata, Untyped};

use super::multi::{Binds, Builder, MultiBackend};

/// A query `T` that runs on the connection `C`; `Q` is it or a reference to it.
///
/// Each of Diesel's passes over it does only its own work. In particular, a statement that is found in the
/// cache by its type costs no SQL text.
pub(super) struct OneBackend<Q, T, C> {
    query: Q,
    backend: MultiBackend,
    types: PhantomData<fn(T, C)>,
}

impl<Q: Borrow<T>, T: QueryFragment<MultiBackend>, C: Variant> OneBackend<Q, T, C> {
    pub(super) fn new(query: Q) -> Self {
        Self { query, backend: C::multi_backend(), types: PhantomData }
    }

    /// Returns the query itself: Diesel's implementation for a reference has the passes do all work again.
    fn query(&self) -> &T {
        self.query.borrow()
    }

    fn build(&self, out: &mut <C::Backend as Backend>::QueryBuilder) -> QueryResult<()> {
        C::build(out, |builder| self.query().to_sql(builder, &self.backend))
    }

    fn collect<'b>(
        &'b self,
        out: &mut <C::Backend as Backend>::BindCollector<'b>,
        lookup: &mut <C::Backend as TypeMetadata>::MetadataLookup,
    ) -> QueryResult<()> {
        C::collect(out, |binds| self.query().collect_binds(binds, C::to_any(lookup), &self.backend))
    }
}

impl<Q, T, C, DB> QueryFragment<DB> for OneBackend<Q, T, C>
where
    DB: Backend,
    C: Variant<Backend = DB>,
    Q: Borrow<T>,
    T: QueryFragment<MultiBackend>,
{
    /// The passes come here if Diesel has a reference to this query. What a pass takes shows which one it is.
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if let Some((out, lookup)) = pass.bind_collector() {
            return self.collect(out, lookup);
        }
        if let Some((out, _)) = pass.debug_binds() {
            return self.query().walk_ast(AstPass::collect_debug_binds_pass(out, &self.backend));
        }
        let built = Cell::new(None);
        let build = |out: &mut DB::QueryBuilder| built.set(Some(self.build(out)));
        pass.reborrow().cast_database::<DB>(
            |binds| binds,
            |out| {
                build(out);
                out
            },
            |backend| backend,
            |lookup| lookup,
        );
        if let Some(result) = built.into_inner() {
            return result;
        }
        if !self.query().is_safe_to_cache_prepared(&self.backend)? {
            pass.unsafe_to_cache_prepared();
        }
        // A whole query is never empty.
        pass.push_sql("");
        Ok(())
    }

    fn to_sql(&self, out: &mut DB::QueryBuilder, _: &DB) -> QueryResult<()> {
        self.build(out)
    }

    fn collect_binds<'b>(
        &'b self,
        out: &mut DB::BindCollector<'b>,
        lookup: &mut DB::MetadataLookup,
        _: &'b DB,
    ) -> QueryResult<()> {
        self.collect(out, lookup)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        self.query().is_safe_to_cache_prepared(&self.backend)
    }

    fn is_noop(&self, _: &DB) -> QueryResult<bool> {
        self.query().is_noop(&self.backend)
    }
}

impl<Q, T: QueryId, C> QueryId for OneBackend<Q, T, C> {
    type QueryId = T::QueryId;

    const HAS_STATIC_QUERY_ID: bool = T::HAS_STATIC_QUERY_ID;
}

/// The rows are read as rows of `MultiBackend`, so their type does not matter to the connection.
impl<Q, T: Query, C> Query for OneBackend<Q, T, C> {
    type SqlType = Untyped;
}

/// Returns the SQL text of a query or a part of one.
pub(super) fn sql(query: &impl QueryFragment<MultiBackend>, backend: &MultiBackend) -> QueryResult<String> {
    let mut builder = match backend {
        #[cfg(feature = "sqlite")]
        MultiBackend::Sqlite(_) => Builder::Sqlite(Default::default()),
        #[cfg(feature = "postgres")]
        MultiBackend::Postgres(_) => Builder::Postgres(Default::default()),
        #[cfg(feature = "mysql")]
        MultiBackend::Mysql(_) => Builder::Mysql(Default::default()),
    };
    query.to_sql(&mut builder, backend)?;
    Ok(builder.finish())
}

/// One of the connections behind `manage::database::Connection`.
pub(super) trait Variant: Connection + MultiConnectionHelper {
    /// Returns this connection's backend.
    fn multi_backend() -> MultiBackend;

    /// Calls a function with the connection's query builder as one for any backend.
    fn build(
        out: &mut <Self::Backend as Backend>::QueryBuilder,
        push: impl FnOnce(&mut Builder) -> QueryResult<()>,
    ) -> QueryResult<()>;

    /// Calls a function with the connection's bind parameters as those for any backend.
    fn collect<'b>(
        out: &mut <Self::Backend as Backend>::BindCollector<'b>,
        push: impl FnOnce(&mut Binds<'b>) -> QueryResult<()>,
    ) -> QueryResult<()>;
}

macro_rules! variant {
    ($name:ident, $connection:ty) => {
        #[expect(clippy::allow_attributes, reason = "the last patterns depend on the features")]
        impl Variant for $connection {
            #[inline]
            fn multi_backend() -> MultiBackend {
                MultiBackend::$name(Default::default())
            }

            #[inline]
            fn build(
                out: &mut <Self::Backend as Backend>::QueryBuilder,
                push: impl FnOnce(&mut Builder) -> QueryResult<()>,
            ) -> QueryResult<()> {
                let mut builder = Builder::$name(std::mem::take(out));
                push(&mut builder)?;
                *out = match builder {
                    Builder::$name(builder) => builder,
                    #[allow(unreachable_patterns)]
                    _ => unreachable!("a query builder keeps its backend"),
                };
                Ok(())
            }

            #[inline]
            fn collect<'b>(
                out: &mut <Self::Backend as Backend>::BindCollector<'b>,
                push: impl FnOnce(&mut Binds<'b>) -> QueryResult<()>,
            ) -> QueryResult<()> {
                let mut binds = Binds::$name(std::mem::take(out));
                push(&mut binds)?;
                *out = match binds {
                    Binds::$name(binds) => binds,
                    #[allow(unreachable_patterns)]
                    _ => unreachable!("bind parameters keep their backend"),
                };
                Ok(())
            }
        }
    };
}

#[cfg(feature = "sqlite")]
variant!(Sqlite, crate::database::SqliteConnection);
#[cfg(feature = "postgres")]
variant!(Postgres, crate::database::PostgresConnection);
#[cfg(feature = "mysql")]
variant!(Mysql, crate::database::MysqlConnection);
