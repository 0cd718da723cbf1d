//! A type of the database: `CREATE TYPE stage AS ENUM ('draft', 'live')`.

use std::io::Write;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::SqlType;

#[derive(QueryId, SqlType)]
#[diesel(postgres_type(name = "stage"))]
pub struct StageType;

#[derive(AsExpression, Clone, Copy, Debug, FromSqlRow, PartialEq)]
#[diesel(sql_type = StageType)]
pub enum Stage {
    Draft,
    Live,
}

impl ToSql<StageType, Pg> for Stage {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(match self {
            Self::Draft => b"draft",
            Self::Live => b"live",
        })?;
        Ok(IsNull::No)
    }
}

impl FromSql<StageType, Pg> for Stage {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        match value.as_bytes() {
            b"draft" => Ok(Self::Draft),
            b"live" => Ok(Self::Live),
            other => Err(format!("the database has a stage more: {}", String::from_utf8_lossy(other)).into()),
        }
    }
}
