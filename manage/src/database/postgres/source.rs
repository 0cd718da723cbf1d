//! A query of a project, without its type: the code that runs queries exists once.

use std::any::TypeId;

use diesel::connection::DebugQuery;
use diesel::pg::{Pg, PgQueryBuilder};
use diesel::query_builder::bind_collector::RawBytesBindCollector;
use diesel::query_builder::{QueryBuilder as _, QueryFragment, QueryId};
use diesel::result::Error as QueryError;
use diesel::{QueryResult, debug_query};

use super::connection::PostgresConnection;
use super::statements::Text;

pub(super) trait Source: Text {
    /// Calls a function with the query as the instrumentation shows it.
    fn show(&self, see: &mut dyn FnMut(&dyn DebugQuery));

    /// Returns the parameters. The connection looks up the types that only the server knows.
    fn binds(&self, connection: &mut PostgresConnection) -> QueryResult<Binds>;
}

/// The parameters of a query.
#[derive(Default)]
pub(super) struct Binds {
    pub(super) types: Vec<u32>,
    pub(super) values: Vec<Option<Vec<u8>>>,
}

impl<T: QueryFragment<Pg> + QueryId> Text for T {
    fn id(&self) -> Option<TypeId> {
        T::query_id()
    }

    fn sql(&self) -> QueryResult<String> {
        let mut builder = PgQueryBuilder::default();
        self.to_sql(&mut builder, &Pg)?;
        Ok(builder.finish())
    }

    fn is_safe(&self) -> QueryResult<bool> {
        self.is_safe_to_cache_prepared(&Pg)
    }
}

impl<T: QueryFragment<Pg> + QueryId> Source for T {
    fn show(&self, see: &mut dyn FnMut(&dyn DebugQuery)) {
        see(&debug_query::<Pg, _>(self));
    }

    fn binds(&self, connection: &mut PostgresConnection) -> QueryResult<Binds> {
        let mut binds = RawBytesBindCollector::<Pg>::new();
        self.collect_binds(&mut binds, connection, &Pg)?;
        let types = binds
            .metadata
            .iter()
            .map(|metadata| metadata.oid().map_err(|error| QueryError::SerializationError(Box::new(error))));
        Ok(Binds { types: types.collect::<QueryResult<_>>()?, values: binds.binds })
    }
}
