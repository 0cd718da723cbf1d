//! `.pgpass`: lines of `host:port:database:user:password`.

use super::{Line, PasswordFile};
use crate::console::printable;
use crate::settings::variables::is_surely_a_path;
use crate::settings::{Address, DatabaseSettings, Environment, Origin, Secret, SettingsError, find};

/// The default socket directories of libpq builds. In the file, such a host is written `localhost`.
const DEFAULT_SOCKETS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// Returns the password that the file contains for these settings.
///
/// As in libpq, a file that others can read is not used, and neither is anything but a regular file. Both
/// cause a warning.
pub(super) fn password(
    PasswordFile { written, path, named_by }: &PasswordFile,
    settings: &DatabaseSettings,
    os_user: Option<&str>,
    environment: &Environment,
    warnings: &mut Vec<String>,
) -> Result<Option<Line>, SettingsError> {
    // It exists, so it is the path of a file.
    let shown = printable(path);
    let metadata = match path.metadata() {
        Ok(metadata) => metadata,
        Err(error) => {
            // Most users have no such file, but one that a setting names should exist.
            if *named_by != Origin::Default {
                let file = match is_surely_a_path(written, path) {
                    true => format!("the password file {shown}, which {named_by} names"),
                    false => format!("the password file that {named_by} names"),
                };
                warnings.push(format!("Cannot read {file}: {error}."));
            }
            return Ok(None);
        }
    };
    if !metadata.is_file() {
        warnings.push(format!("The password file {shown} is not a plain file, and is not used."));
        return Ok(None);
    }
    if is_open_to_others(&metadata) {
        warnings.push(format!(
            "The password file {shown} has group or world access, and is not used: run `chmod 0600 {shown}`."
        ));
        return Ok(None);
    }
    let bytes = match find::read_passfile(path, environment) {
        Ok(bytes) => bytes,
        Err(error) => {
            warnings.push(format!("Cannot read the password file {shown}: {error}."));
            return Ok(None);
        }
    };
    let text = String::from_utf8_lossy(&bytes);
    let user = settings.user.as_deref().or(os_user).unwrap_or_default();
    let name = if settings.name.is_empty() { user } else { &settings.name };
    let of_host = |address: &Address| {
        let (host, port) = match address {
            Address::Tcp(host, port) => (host.clone(), *port),
            Address::Unix(path, port) => match path.to_string_lossy() {
                path if DEFAULT_SOCKETS.contains(&&*path) => ("localhost".to_owned(), *port),
                path => (path.into_owned(), *port),
            },
        };
        find(&text, [&host, &port.to_string(), name, user])
    };
    let mut lines = settings.addresses.iter().map(of_host);
    let first = lines.next().flatten();
    // All hosts share one password, and none may be sent to a host that it does not belong to.
    if lines.any(|line| line.as_ref().map(|line| &line.0) != first.as_ref().map(|line| &line.0)) {
        return Err(SettingsError::new(format!(
            "{shown} does not have the same password for all hosts of {settings}."
        ))
        .hint("Give each host a line with the same password, or `*` for the host."));
    }
    if let Some((password, line)) = &first
        && password.expose().contains(char::REPLACEMENT_CHARACTER)
    {
        return Err(SettingsError::new(format!("{shown}, line {line}: The password is not UTF-8.")));
    }
    Ok(first)
}

#[cfg(unix)]
fn is_open_to_others(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &std::fs::Metadata) -> bool {
    false
}

/// Returns the password of the first line whose fields match. The password also ends at a colon without a
/// backslash.
fn find(text: &str, wanted: [&str; 4]) -> Option<Line> {
    for (i, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.starts_with('#') {
            continue;
        }
        let mut rest = Some(line);
        for field in wanted {
            rest = rest.and_then(|rest| matching(rest, field));
        }
        if let Some(rest) = rest {
            return Some((Secret::new(unescaped(rest).0), i + 1));
        }
    }
    None
}

/// Returns the text after a field, if the field is `*` or this text.
fn matching<'a>(line: &'a str, wanted: &str) -> Option<&'a str> {
    if let Some(rest) = line.strip_prefix("*:") {
        return Some(rest);
    }
    let (field, rest) = unescaped(line);
    rest.filter(|_| field == wanted)
}

/// Returns a field without its backslashes, and the text after its colon.
fn unescaped(line: &str) -> (String, Option<&str>) {
    let mut field = String::new();
    let mut chars = line.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            ':' => return (field, Some(&line[i + 1..])),
            // A backslash at the very end is literal.
            '\\' => field.push(chars.next().map_or('\\', |(_, c)| c)),
            c => field.push(c),
        }
    }
    (field, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_matches_counts() {
        let text = "# a comment\n\
                    other:*:*:*:wrong\n\
                    db:5433:*:*:port\n\
                    db:5432:bl\\:og:app:with\\:colon\\\\and\\ more:ignored\r\n\
                    *:*:*:app:any\n";
        let password =
            |wanted| find(text, wanted).map(|(password, line)| (password.expose().to_owned(), line));
        assert_eq!(password(["db", "5432", "bl:og", "app"]), Some(("with:colon\\and more".to_owned(), 4)));
        assert_eq!(password(["db", "5433", "x", "y"]), Some(("port".to_owned(), 3)));
        assert_eq!(password(["else", "1", "x", "app"]), Some(("any".to_owned(), 5)));
        assert_eq!(password(["else", "1", "x", "y"]), None);
        // An IPv6 address has colons.
        assert_eq!(find("\\:\\:1:*:*:*:six", ["::1", "1", "a", "b"]).expect("a line").0.expose(), "six");
        assert_eq!(find("db:1:a:b:x\\", ["db", "1", "a", "b"]).expect("a line").0.expose(), "x\\");
        assert_eq!(find("db:1:a", ["db", "1", "a", "b"]), None);
    }
}
