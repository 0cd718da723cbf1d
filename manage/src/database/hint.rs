//! What may help where a database cannot be used.

use super::Reason;
use crate::settings::{DatabaseSettings, Origin, Part, Secret};

/// What goes with a kind of trouble: mostly where the setting comes from.
pub(super) fn of_reason(settings: &DatabaseSettings, reason: Reason) -> Option<String> {
    let origin = |part| settings.origin_of(part);
    Some(match reason {
        Reason::Refused => format!("Is the server running? Its {}.", settings.address_origin()),
        Reason::ReadOnly => "It is a standby, or was made read-only: write to the primary.".to_owned(),
        Reason::SessionAttributes => {
            "After a failover it takes a moment; otherwise list all servers, or leave out `target_session_attrs`.".to_owned()
        }
        Reason::Unmigrated => "Run the command `migrate`, or wait for whoever does.".to_owned(),
        Reason::UnknownHost => format!("The host comes from {}.", origin(Part::Host)),
        Reason::Socket => {
            format!("Is the server running? The socket's path comes from {}.", origin(Part::Host))
        }
        Reason::Credentials => credentials(settings),
        Reason::NoDatabase => database_name(settings),
        Reason::NotCompiledIn => {
            format!("Turn on the feature `{}` of the package diesel-manage.", settings.backend.name())
        }
        _ => return None,
    })
}

fn credentials(settings: &DatabaseSettings) -> String {
    let (user, password) = (settings.origin_of(Part::User), settings.origin_of(Part::Password));
    let name = settings.user.as_deref();
    let is_default = *user == Origin::Default && settings.origin != Origin::Default;
    let mut hint = match (&settings.password, is_default) {
        (Some(_), false) if user == password => format!("The user and the password come from {user}."),
        (Some(_), false) => format!("The user comes from {user}, the password from {password}."),
        (Some(_), true) => {
            format!("No user is set: the default is used. The password comes from {password}.")
        }
        (None, false) => format!("The user comes from {user}. No password is set."),
        (None, true) => "No user is set: the default is used. No password is set, either.".to_owned(),
    };
    hint.extend(blank_end("user", name));
    hint.extend(blank_end("password", settings.password.as_ref().map(Secret::expose)));
    hint
}

fn database_name(settings: &DatabaseSettings) -> String {
    let mut hint = match settings.origin_of(Part::Name) {
        Origin::Default if settings.origin != Origin::Default => {
            "No name of a database is set: it is the user's.".to_owned()
        }
        origin => format!("The name comes from {origin}."),
    };
    hint.extend(blank_end("name", Some(&settings.name)));
    hint
}

/// White space at the end of a value: rarely intended, but left there by files that were written carelessly.
fn blank_end(what: &str, text: Option<&str>) -> Option<String> {
    Some(match text?.chars().next_back()? {
        '\r' => format!(
            " The {what} ends in a carriage return, as a file with Windows line ends makes it: remove that character."
        ),
        '\n' => format!(" The {what} ends in a newline: remove that character."),
        end if end.is_whitespace() => format!(" The {what} ends in white space: is that meant?"),
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
