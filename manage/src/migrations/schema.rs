//! Schemas of a PostgreSQL database that are migrated on their own: Diesel's table and the journal are in each.

use std::fmt;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::{Lock, MigrationPlan, Migrations};
use crate::console::printable;
use crate::database::{Connection, Pooling};
use crate::settings::{Backend, DatabaseSettings};

/// Why a schema cannot be migrated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SchemaError {
    /// The database has no such schema.
    Missing(String),
    /// The connection goes through a transaction pooler, which gives each transaction any session.
    Pooled,
    /// The database is none of PostgreSQL.
    OtherBackend,
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(schema) => {
                write!(f, "The database has no schema '{}'.", printable(schema))
            }
            Self::Pooled => f.write_str("A schema cannot be chosen through a transaction pooler."),
            Self::OtherBackend => f.write_str(
                "--schema is for PostgreSQL: on other databases a schema is a database of its own.",
            ),
        }
    }
}

impl std::error::Error for SchemaError {}

/// Returns the names of schemas without those that are repeated. Fails if the database has no schemas.
pub(crate) fn distinct_schemas(names: &[String], backend: Backend) -> Result<Vec<&str>, SchemaError> {
    if !names.is_empty() && backend != Backend::Postgres {
        return Err(SchemaError::OtherBackend);
    }
    let mut distinct: Vec<&str> = Vec::new();
    for name in names {
        if !distinct.contains(&name.as_str()) {
            distinct.push(name);
        }
    }
    Ok(distinct)
}

/// Opens a connection to read the plan of a database, or of one schema of it. `owner` is the session's name for
/// the users of the server.
pub(crate) fn read_plan(
    settings: &DatabaseSettings,
    schema: Option<&str>,
    owner: &str,
    migrations: &Migrations,
) -> crate::error::Result<MigrationPlan> {
    let mut connection = match schema {
        None => Connection::open_to_read(settings)?,
        Some(schema) => {
            let (mut connection, pooling) = Lock::open_connection(settings, owner)?;
            enter_schema(&mut connection, &pooling, schema)?;
            connection
        }
    };
    Ok(MigrationPlan::read(&mut connection, migrations)?)
}

/// Makes a schema the only one in the session's search path.
pub(crate) fn enter_schema(
    connection: &mut Connection,
    pooling: &Pooling,
    schema: &str,
) -> crate::error::Result<()> {
    if pooling.is_pooled(connection) {
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
