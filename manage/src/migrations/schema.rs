//! Migrates one schema of a PostgreSQL database: Diesel's table and the journal are in it, too.

use std::fmt;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::console::printable;
use crate::database::Connection;

/// Why a schema cannot be migrated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SchemaError {
    /// The database has no such schema.
    Missing(String),
    /// The connection goes through a transaction pooler, which gives each transaction any session.
    Pooled,
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(schema) => {
                write!(f, "The database has no schema '{}'.", printable(schema))
            }
            Self::Pooled => f.write_str("A schema cannot be migrated through a transaction pooler."),
        }
    }
}

impl std::error::Error for SchemaError {}

/// Makes a schema the only one in the session's search path.
pub(crate) fn enter_schema(
    connection: &mut Connection,
    is_pooled: bool,
    schema: &str,
) -> crate::error::Result<()> {
    if is_pooled {
        return Err(SchemaError::Pooled.into());
    }
    let query = diesel::dsl::sql::<BigInt>("(SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = ");
    let found: i64 = diesel::select(query.bind::<Text, _>(schema).sql(")")).get_result(connection)?;
    if found == 0 {
        return Err(SchemaError::Missing(schema.to_owned()).into());
    }
    let set = diesel::dsl::sql::<Text>("pg_catalog.set_config('search_path', pg_catalog.quote_ident(");
    let set = set.bind::<Text, _>(schema).sql("), false)");
    diesel::select(set).get_result::<String>(connection)?;
    Ok(())
}
