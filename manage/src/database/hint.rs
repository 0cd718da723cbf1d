//! What may help where a database cannot be used.

use super::Reason;
use crate::settings::DatabaseSettings;

/// What goes with a kind of trouble: mostly where the setting comes from.
pub(super) fn of_reason(settings: &DatabaseSettings, reason: Reason) -> Option<String> {
    let origin = &settings.origin;
    Some(match reason {
        Reason::Refused => format!("Is the server running? Its address comes from {origin}."),
        Reason::ReadOnly => "It is a standby, or was made read-only: write to the primary.".to_owned(),
        Reason::Unmigrated => "Run the command `migrate`, or wait for whoever does.".to_owned(),
        Reason::UnknownHost => format!("The host comes from {origin}."),
        Reason::Socket => format!("Is the server running? The socket's path comes from {origin}."),
        Reason::Credentials => format!("The user and the password come from {origin}."),
        Reason::NoDatabase => format!("The name comes from {origin}."),
        Reason::NotCompiledIn => {
            format!("Turn on the feature `{}` of the package diesel-manage.", settings.backend.name())
        }
        _ => return None,
    })
}

/// What goes with a server's code: what somebody has to do there.
pub(super) fn of_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "42501" | "1044" | "1142" | "1227" => "Whoever owns the database can grant that to the user.",
        "08P01" => "A pooler says so of whatever is wrong, now or for good: the message has the reason.",
        "55000" => "Whoever owns the database can open it: ALTER DATABASE … WITH ALLOW_CONNECTIONS true.",
        "53300" | "1040" => "Others hold all that there are: close some, or raise the limit.",
        "1203" | "1226" => "The user holds as many as it may: close some, or raise its limit.",
        "1129" => {
            "Too many logins from here have failed: `mariadb-admin flush-hosts` on the server lets this host in again."
        }
        "1130" => "The server knows no user that may come from here: it takes one such as 'app'@'%'.",
        _ => return None,
    })
}
