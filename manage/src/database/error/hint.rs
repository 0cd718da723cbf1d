//! Hints for a database that cannot be used.

use crate::database::Reason;
use crate::database::operations::operations;
use crate::settings::{Backend, DatabaseSettings, Origin, Part, Secret};

/// Returns the hint for a reason: usually the origin of the setting.
pub(super) fn of_reason(settings: &DatabaseSettings, reason: Reason) -> Option<String> {
    let origin = |part| settings.origin_of(part);
    Some(match reason {
        Reason::Refused => format!("Is the server running? Its {}.", settings.address_origin()),
        Reason::ReadOnly => "It is a standby or set to read-only: write to the primary.".to_owned(),
        Reason::SessionAttributes => {
            "After a failover this takes a moment; otherwise list all servers, or omit `target_session_attrs`.".to_owned()
        }
        Reason::Unmigrated => "Run the command `migrate`, or wait until another process has.".to_owned(),
        Reason::UnknownHost => format!("The host comes from {}.", origin(Part::Host)),
        Reason::Socket => {
            format!("Is the server running? The socket's path comes from {}.", origin(Part::Host))
        }
        Reason::Credentials => credentials(settings),
        Reason::NoDatabase => database_name(settings),
        Reason::NotCompiledIn => {
            format!("Enable the feature `{}` of the package diesel-manage.", settings.backend.name())
        }
        _ => return None,
    })
}

/// Returns the hint for a connection that ends without an answer: a server of another kind cannot read the request,
/// and hangs up or waits for more.
pub(super) fn of_silence(settings: &DatabaseSettings) -> String {
    format!("Is it {} that listens there? Its {}.", settings.backend, settings.address_origin())
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
    // The separate variables are not decoded.
    let has_percent = settings.password.as_ref().is_some_and(|password| password.expose().contains('%'));
    if has_percent && *password == settings.origin {
        hint.push_str(" The password contains a `%`: in a URL, write %25 for it.");
    }
    if settings.password.is_some() && is_variable_of_an_image(password) {
        hint.push_str(
            " The server's image reads it only when it creates its volume: a volume that is older than this \
             password has the one before. Change it there (ALTER USER), or remove the volume and its data.",
        );
    }
    hint
}

/// Returns whether the server's container has probably been given the same variable.
fn is_variable_of_an_image(origin: &Origin) -> bool {
    let (Origin::Environment(name) | Origin::EnvFile(name, ..)) = origin else { return false };
    ["POSTGRES_PASSWORD", "MYSQL_PASSWORD", "MARIADB_PASSWORD"]
        .contains(&name.strip_suffix("_FILE").unwrap_or(name))
}

fn database_name(settings: &DatabaseSettings) -> String {
    let mut hint = match settings.origin_of(Part::Name) {
        Origin::Default if settings.origin != Origin::Default => {
            "No database name is set: the default is the user's name.".to_owned()
        }
        origin => format!("The name comes from {origin}."),
    };
    hint.extend(blank_end("name", Some(&settings.name)));
    hint
}

/// Returns a hint about white space at the end of a value, which is rarely intended and often comes from a
/// file.
fn blank_end(what: &str, text: Option<&str>) -> Option<String> {
    Some(match text?.chars().next_back()? {
        '\r' => format!(
            " The {what} ends in a carriage return, as a file with Windows line ends makes it: remove that character."
        ),
        '\n' => format!(" The {what} ends in a newline: remove that character."),
        end if end.is_whitespace() => format!(" The {what} ends in white space: is this intended?"),
        _ => return None,
    })
}

/// Returns the hint for a server's code: the necessary action on the server. No two backends have a code in
/// common.
pub(super) fn of_code(code: &str) -> Option<&'static str> {
    Backend::ALL.into_iter().filter_map(operations).find_map(|operations| operations.connect_hint(code))
}
