//! The meaning of PostgreSQL's SQLSTATEs.

use crate::database::Reason;

impl Reason {
    /// Returns the reason behind a PostgreSQL SQLSTATE.
    pub(crate) fn of_sqlstate(code: &str) -> Self {
        match code {
            "57P01" | "57P02" | "57P03" => Self::StartingUp,
            "53300" | "53400" => Self::TooManyConnections,
            "28P01" | "28000" => Self::Credentials,
            // 57P04: the database was dropped while this program was connected.
            "3D000" | "57P04" => Self::NoDatabase,
            // At login, 55000 means that the database is configured to allow no connections.
            "42501" | "55000" => Self::Permission,
            "25006" => Self::ReadOnly,
            // A statement or a lock took longer than the server allows: a server under load, as a rule.
            "57014" | "55P03" => Self::TimedOut,
            "57P05" | "25P03" => Self::Closed,
            // Memory, disk or file handles are short; a deadlock, or a standby that had to cancel the query.
            code if code.starts_with("53") || code.starts_with("58") || code.starts_with("40") => {
                Self::Unhealthy
            }
            code if code.starts_with("08") => Self::Closed,
            _ => Self::Other,
        }
    }
}

/// Returns a hint for a connection error.
pub(super) fn connect_hint(code: &str) -> Option<&'static str> {
    Some(match code {
        "42501" => "The owner of the database can grant that to the user.",
        "08P01" => {
            "Poolers use this code for temporary and permanent problems alike: the message has the reason."
        }
        "55000" => {
            "The owner of the database can allow connections: ALTER DATABASE … WITH ALLOW_CONNECTIONS true."
        }
        "53300" => "All connections are in use: close some, or raise the limit.",
        _ => return None,
    })
}

/// Returns whether a schema, table, column, function or other object does not exist.
pub(super) fn is_missing_object(code: &str) -> bool {
    matches!(code, "3F000" | "42P01" | "42703" | "42883" | "42704")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_helps_only_where_something_may_change() {
        for code in ["57P03", "53300", "08006", "53200", "58030", "57014", "55P03", "40001"] {
            assert!(Reason::of_sqlstate(code).is_transient(), "{code}");
        }
        for code in ["28P01", "28000", "3D000", "42501", "55000", "XX000"] {
            assert!(!Reason::of_sqlstate(code).is_transient(), "{code}");
        }
    }
}
