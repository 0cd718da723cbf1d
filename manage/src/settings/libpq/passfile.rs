//! `.pgpass`: lines of `host:port:database:user:password`.

use std::path::Path;

use super::super::{Address, DatabaseSettings, Origin, Secret, SettingsError};
use super::Line;

/// The directories that libpq's builders choose for sockets; such a host is `localhost` in the file.
const DEFAULT_SOCKETS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// The password that the file has for these settings.
///
/// As libpq, a file that others may read is not used, and neither is what is no file; the warnings say so.
pub(super) fn password(
    path: &Path,
    named_by: &Origin,
    settings: &DatabaseSettings,
    os_user: Option<&str>,
    warnings: &mut Vec<String>,
) -> Result<Option<Line>, SettingsError> {
    let shown = path.display();
    let metadata = match path.metadata() {
        Ok(metadata) => metadata,
        Err(error) => {
            // Most users have none; one that is named should exist.
            if *named_by != Origin::Default {
                warnings
                    .push(format!("Cannot read the password file {shown}, which {named_by} names: {error}."));
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
    let bytes = match std::fs::read(path) {
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
    // There is one password for all hosts, and none shall be sent to a host that it is not for.
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

/// The password of the first line whose fields match. The password, too, ends at a colon without a backslash.
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

/// What follows a field, where it is `*` or this text.
fn matching<'a>(line: &'a str, wanted: &str) -> Option<&'a str> {
    if let Some(rest) = line.strip_prefix("*:") {
        return Some(rest);
    }
    let (field, rest) = unescaped(line);
    rest.filter(|_| field == wanted)
}

/// A field without its backslashes, and what follows its colon.
fn unescaped(line: &str) -> (String, Option<&str>) {
    let mut field = String::new();
    let mut chars = line.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            ':' => return (field, Some(&line[i + 1..])),
            // One at the very end stands for itself.
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
