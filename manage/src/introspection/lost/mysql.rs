//! MySQL's and MariaDB's `information_schema`.

use diesel::QueryResult;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::Rows;
use crate::database::Connection;

/// MariaDB reports a default as SQL, MySQL as a value unless it is an expression.
const COLUMNS: &str = "\
    SELECT table_name AS table_name, column_name AS name, \
        CASE WHEN column_default IS NULL OR column_default = 'NULL' THEN NULL \
            WHEN VERSION() LIKE '%MariaDB%' OR column_default LIKE 'CURRENT_TIMESTAMP%' THEN column_default \
            WHEN extra LIKE '%DEFAULT_GENERATED%' THEN CONCAT('(', column_default, ')') \
            ELSE QUOTE(column_default) END AS default_value, \
        NULLIF(TRIM(CONCAT(REPLACE(REPLACE(extra, 'DEFAULT_GENERATED', ''), 'INVISIBLE', ''), \
            IF(column_comment = '', '', CONCAT(' COMMENT ', QUOTE(column_comment))))), '') AS attributes \
    FROM information_schema.columns \
    WHERE table_schema = IF(? = '', DATABASE(), ?) \
        AND (generation_expression IS NULL OR generation_expression = '')";

const DEFINITIONS: &str = "\
    SELECT table_name AS table_name, \
        GROUP_CONCAT(column_name ORDER BY seq_in_index SEPARATOR '\n') AS columns, \
        CONCAT(IF(MIN(non_unique) = 0, 'UNIQUE INDEX ', 'INDEX '), index_name, ' (', \
            GROUP_CONCAT(column_name ORDER BY seq_in_index SEPARATOR ', '), ')') AS definition \
    FROM information_schema.statistics \
    WHERE table_schema = IF(? = '', DATABASE(), ?) AND index_name <> 'PRIMARY' \
    GROUP BY table_name, index_name ORDER BY table_name, index_name";

pub(super) fn read(connection: &mut Connection, schema: Option<&str>) -> QueryResult<Rows> {
    let schema = schema.unwrap_or_default();
    let both = |query: &'static str| diesel::sql_query(query).bind::<Text, _>(schema).bind::<Text, _>(schema);
    let columns = both(COLUMNS).load(connection)?;
    Ok((columns, both(DEFINITIONS).load(connection)?, Vec::new()))
}
