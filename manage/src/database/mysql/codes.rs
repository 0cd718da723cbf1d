//! The meaning of the error numbers of MySQL and MariaDB.

use crate::database::Reason;

impl Reason {
    /// Returns the reason behind an error number of a MySQL or MariaDB server.
    pub(crate) fn of_mysql(code: u16) -> Self {
        match code {
            // The server is shutting down, has interrupted a query for that, or accepts no connections for
            // now.
            1053 | 1077 | 3032 | 3169 => Self::StartingUp,
            // 1135: the server cannot start another thread.
            1040 | 1203 | 1135 | 1226 => Self::TooManyConnections,
            // The password is wrong or has expired, the account is locked, or the authentication method is
            // unknown.
            1045 | 1251 | 1524 | 1698 | 1820 | 1862 | 3118 | 3955 | 4151 => Self::Credentials,
            1049 => Self::NoDatabase,
            // A blocked host stays blocked until an administrator flushes the server's host cache.
            1044 | 1129 | 1130 | 1142 | 1227 => Self::Permission,
            1290 | 1792 | 1836 => Self::ReadOnly,
            // A statement or a lock took longer than the server allows: MariaDB, MySQL, both.
            1969 | 3024 | 1205 => Self::TimedOut,
            // Memory or disk space is short, or a deadlock occurred.
            1021 | 1037 | 1038 | 1041 | 1213 => Self::Unhealthy,
            1152 | 1158 | 1159 | 1160 | 1161 | 1184 | 1317 | 1927 => Self::Closed,
            3159 => Self::Tls,
            _ => Self::Other,
        }
    }
}

/// Returns a hint for a connection error.
pub(super) fn connect_hint(code: &str) -> Option<&'static str> {
    Some(match code {
        // The same answer, so that nobody learns the names of databases.
        "1044" => {
            "The database does not exist, or the user has no privilege there. An administrator can tell (SHOW DATABASES), and run \
             CREATE DATABASE or GRANT."
        }
        "1142" | "1227" => "The owner of the database can grant that to the user.",
        "1040" => "All connections are in use: close some, or raise the limit.",
        "1203" | "1226" => "The user has reached its connection limit: close some, or raise the limit.",
        "1129" => {
            "Too many logins from here have failed: run `mariadb-admin flush-hosts` on the server to unblock this host."
        }
        "1130" => "The server has no user that can log in from this host: create one such as 'app'@'%'.",
        _ => return None,
    })
}

/// Returns whether a table, column, routine or other object does not exist.
pub(super) fn is_missing_object(number: u16) -> bool {
    matches!(number, 1146 | 1054 | 1051 | 1091 | 1305 | 1109)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_helps_only_where_something_may_change() {
        for code in [1040, 1053, 1203, 1135, 1290, 1317, 1969] {
            assert!(Reason::of_mysql(code).is_transient(), "{code}");
        }
        for code in [1044, 1045, 1049, 1064, 1129, 1820, 4151] {
            assert!(!Reason::of_mysql(code).is_transient(), "{code}");
        }
    }
}
