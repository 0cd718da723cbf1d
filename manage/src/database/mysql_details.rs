//! The number of a MySQL error, which Diesel's error no longer has: the server is asked for it.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use diesel::QueryResult;
use diesel::result::Error as QueryError;
use diesel::sql_types::{Integer, Text, Unsigned};
use diesel_async::{AsyncMysqlConnection, RunQueryDsl as _};

use super::delegate::ErrorDetails;
use super::server_error::{ErrorFields, ServerError};
use crate::settings::DatabaseSettings;

/// How long the answer may take.
const LIMIT: Duration = Duration::from_secs(1);

/// The last error of a connection, until its number is known.
///
/// The session remembers the errors of its last statement. While an error is made the connection may still be borrowed, so
/// the question is asked before the connection does anything else or is dropped; not at all if nobody kept the error.
#[derive(Clone, Debug)]
pub struct MysqlDetails {
    settings: Arc<DatabaseSettings>,
    last: Arc<Mutex<Weak<ServerError>>>,
}

impl MysqlDetails {
    pub(super) fn new(settings: &DatabaseSettings) -> Self {
        Self { settings: Arc::new(settings.clone()), last: Arc::default() }
    }

    /// The error whose number is to be asked for.
    pub(super) fn take(&self) -> Option<Arc<ServerError>> {
        std::mem::take(&mut *self.last.lock().unwrap_or_else(PoisonError::into_inner)).upgrade()
    }
}

impl ErrorDetails for MysqlDetails {
    fn explain(&self, error: QueryError) -> QueryError {
        let QueryError::DatabaseError(_, information) = &error else { return error };
        let fields = ErrorFields { message: information.message().to_owned(), ..ErrorFields::default() };
        let answer = ServerError::new(&self.settings, fields);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&answer);
        answer.into_diesel(error)
    }
}

/// A row of `SHOW ERRORS`.
#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = Unsigned<Integer>, column_name = "Code")]
    code: u32,
    #[diesel(sql_type = Text, column_name = "Message")]
    message: String,
}

/// Asks for the number of an error. Whether the session ended meanwhile is found out by what comes next.
pub(super) async fn ask_number(connection: &mut AsyncMysqlConnection, error: &ServerError) {
    let question = diesel::sql_query("SHOW ERRORS").load(connection);
    let Ok(answer) = tokio::time::timeout(LIMIT, question).await else { return };
    let rows: QueryResult<Vec<Row>> = answer;
    let row = rows.into_iter().flatten().find(|row| error.has_message(&row.message));
    if let Some(number) = row.and_then(|row| u16::try_from(row.code).ok()) {
        error.set_number(number);
    }
}

/// The SQLSTATE that MySQL and MariaDB send along with a number, where they agree on it and it is more than "general error".
pub(super) fn sqlstate(number: u16) -> Option<&'static str> {
    Some(match number {
        1062 | 1022 | 1048 | 1052 | 1169 | 1216 | 1217 | 1451 | 1452 | 1557 | 1586 | 1859 => "23000",
        1040 | 1251 => "08004",
        1042 | 1043 | 1047 | 1053 | 1152 | 1153 | 1158 | 1159 | 1160 | 1161 | 1184 => "08S01",
        1045 | 1698 => "28000",
        1046 => "3D000",
        1050 => "42S01",
        1051 | 1109 | 1146 => "42S02",
        1054 | 1247 => "42S22",
        1060 => "42S21",
        1044
        | 1049
        | 1055..=1057
        | 1059
        | 1061
        | 1063..=1075
        | 1083
        | 1091
        | 1101
        | 1102
        | 1103
        | 1110
        | 1113
        | 1115
        | 1118
        | 1133
        | 1140..=1145
        | 1147..=1149
        | 1170
        | 1171
        | 1203
        | 1226
        | 1227
        | 1231
        | 1235
        | 1248
        | 1304
        | 1305
        | 1318
        | 1370
        | 1410 => "42000",
        1058 | 1136 => "21S01",
        1222 | 1241 | 1242 => "21000",
        1213 => "40001",
        1264 | 1690 => "22003",
        1292 => "22007",
        1317 => "70100",
        1365 => "22012",
        1406 => "22001",
        1568 => "25001",
        1644 => "45000",
        1792 => "25006",
        1005 | 1021 | 1114 | 1205 | 1290 | 1364 | 1419 | 1836 => "HY000",
        _ => return None,
    })
}
