//! SQLite's pragmas.

use diesel::QueryResult;
use diesel::prelude::*;

use super::Rows;
use crate::database::Connection;

const COLUMNS: &str = "\
    SELECT t.name AS table_name, c.name AS name, c.dflt_value AS default_value, NULL AS attributes \
    FROM sqlite_master t, pragma_table_xinfo(t.name) c WHERE t.type = 'table' AND c.dflt_value IS NOT NULL";

/// The indexes that constraints make have no SQL of their own.
const DEFINITIONS: &str = "\
    SELECT i.tbl_name AS table_name, i.sql AS definition, \
        (SELECT group_concat(c.name, char(10)) FROM pragma_index_info(i.name) c) AS columns \
    FROM sqlite_master i WHERE i.type = 'index' AND i.sql IS NOT NULL ORDER BY i.name";

pub(super) fn read(connection: &mut Connection) -> QueryResult<Rows> {
    let columns = diesel::sql_query(COLUMNS).load(connection)?;
    Ok((columns, diesel::sql_query(DEFINITIONS).load(connection)?, Vec::new()))
}
