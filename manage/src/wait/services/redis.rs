//! Redis, Valkey and their like: AUTH where there are credentials, then PING.

use std::io::Write;

use super::stream::Stream;
use super::{Service, Trouble};
use crate::database::Reason;

pub(super) fn ask(stream: &mut Stream, service: &Service) -> Result<Option<String>, Trouble> {
    if let Some(password) = &service.password {
        let mut words = vec!["AUTH"];
        words.extend(service.user.as_deref());
        words.push(password.expose());
        let refused = (Reason::Credentials, "it refuses AUTH: no password is set there");
        command(stream, &words).map_err(|trouble| told(stream, trouble, refused))?;
    }
    if let Some(database) = &service.database {
        let refused = (Reason::NoDatabase, "it refuses SELECT: it has no database of that number");
        command(stream, &["SELECT", database]).map_err(|trouble| told(stream, trouble, refused))?;
    }
    let refused = (Reason::Other, "it refuses PING");
    let answer = command(stream, &["PING"]).map_err(|trouble| told(stream, trouble, refused))?;
    if answer != b"+PONG" {
        return Err(Trouble::odd());
    }
    // A server that is told goodbye logs nothing.
    let _ = stream.write_all(b"*1\r\n$4\r\nQUIT\r\n");
    Ok(None)
}

/// `ERR` stands for every kind of error. A server that has no room for one more client says it and closes the connection; one
/// that refuses a command goes on to answer.
fn told(stream: &mut Stream, trouble: Trouble, refused: (Reason, &'static str)) -> Trouble {
    if trouble.1.as_deref() != Some("ERR") {
        return trouble;
    }
    let goes_on = stream.write_all(b"*1\r\n$4\r\nPING\r\n").and_then(|()| stream.line()).is_ok();
    let (reason, words) = if goes_on { refused } else { (Reason::TooManyConnections, "") };
    Trouble(reason, trouble.1, words)
}

/// Sends a command and reads its answer, one line.
fn command(stream: &mut Stream, words: &[&str]) -> Result<Vec<u8>, Trouble> {
    let mut text = format!("*{}\r\n", words.len());
    for word in words {
        text.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    stream.write_all(text.as_bytes())?;
    let line = stream.line()?;
    match line.first() {
        Some(b'+') => Ok(line),
        Some(b'-') => Err(trouble(&line[1..])),
        _ => Err(Trouble::odd()),
    }
}

/// The first word of an error is its code. What follows may repeat an argument and is not shown.
fn trouble(error: &[u8]) -> Trouble {
    let code = error.split(|byte| *byte == b' ').next().unwrap_or_default();
    let (reason, words) = match code {
        b"LOADING" => (Reason::StartingUp, "it loads its data"),
        b"MASTERDOWN" => (Reason::StartingUp, "its primary is not reachable"),
        b"BUSY" => (Reason::StartingUp, "it is busy with a script"),
        b"CLUSTERDOWN" | b"TRYAGAIN" => (Reason::StartingUp, "its cluster is not complete"),
        b"NOAUTH" => (Reason::Credentials, "it asks for a password"),
        b"WRONGPASS" => (Reason::Credentials, "the user or the password is wrong"),
        b"NOPERM" => (Reason::Permission, "the user may not run this command"),
        b"DENIED" => (Reason::Permission, "it is in protected mode and admits only its own machine"),
        _ => (Reason::Other, ""),
    };
    let is_word = (1..=16).contains(&code.len()) && code.iter().all(u8::is_ascii_uppercase);
    Trouble(reason, is_word.then(|| String::from_utf8_lossy(code).into_owned()), words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_apart_by_their_first_word() {
        for (line, reason, code) in [
            ("LOADING Redis is loading the dataset in memory", Reason::StartingUp, Some("LOADING")),
            ("NOAUTH Authentication required.", Reason::Credentials, Some("NOAUTH")),
            ("WRONGPASS invalid username-password pair", Reason::Credentials, Some("WRONGPASS")),
            ("MASTERDOWN Link with MASTER is down", Reason::StartingUp, Some("MASTERDOWN")),
            ("s3cret", Reason::Other, None),
        ] {
            let Trouble(found, word, _) = trouble(line.as_bytes());
            assert_eq!((found, word.as_deref()), (reason, code), "{line}");
        }
    }
}
