//! What watches a session: the limits for its answers, and its end.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use diesel::result::Error as QueryError;

use super::client::channel::Flags;
use crate::database::delegate::ErrorDetails;

/// What the connection and its results share. The errors have their details already.
#[derive(Clone, Debug)]
pub struct MysqlDetails(Arc<Flags>);

impl MysqlDetails {
    pub(super) fn new(flags: Arc<Flags>) -> Self {
        Self(flags)
    }

    /// Calls a function that runs this crate's own statements, and limits the server to short answers
    /// meanwhile.
    pub(crate) fn answering_shortly<T>(&self, ask: impl FnOnce() -> T) -> T {
        self.0.is_strict.store(true, Ordering::Relaxed);
        let answer = ask();
        self.0.is_strict.store(false, Ordering::Relaxed);
        answer
    }
}

impl ErrorDetails for MysqlDetails {
    fn explain(&self, error: QueryError) -> QueryError {
        error
    }

    fn has_ended(&self) -> bool {
        self.0.has_ended.load(Ordering::Relaxed)
    }

    fn give_up(&self) {
        self.0.has_ended.store(true, Ordering::Relaxed);
    }
}

/// Returns the SQLSTATE that MySQL and MariaDB send with an error number, if they agree on it.
pub(crate) fn sqlstate(number: u16) -> Option<&'static str> {
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
