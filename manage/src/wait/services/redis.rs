//! Redis, Valkey and compatible servers: AUTH if there are credentials, then PING.

use super::stream::ServiceStream;
use super::{Service, ServiceError};
use crate::database::Reason;

pub(super) async fn ask(
    stream: &mut ServiceStream,
    service: &Service,
) -> Result<Option<String>, ServiceError> {
    if let Some(password) = &service.password {
        let mut words = vec!["AUTH"];
        words.extend(service.user.as_deref());
        words.push(password.expose());
        let refused = (Reason::Credentials, "it refuses AUTH: the server has no password set");
        checked(stream, &words, refused).await?;
    }
    if let Some(database) = &service.database {
        let refused = (Reason::NoDatabase, "it refuses SELECT: there is no database with that number");
        checked(stream, &["SELECT", database], refused).await?;
    }
    let refused = (Reason::Other, "it refuses PING");
    let answer = checked(stream, &["PING"], refused).await?;
    if answer != b"+PONG" {
        return Err(ServiceError::odd());
    }
    // If the client sends QUIT, the server logs nothing.
    let _ = stream.write_all(b"*1\r\n$4\r\nQUIT\r\n").await;
    Ok(None)
}

/// Distinguishes errors with the code `ERR`. A server at its client limit sends it and closes the connection.
/// A server that rejects a command keeps answering.
async fn reported(
    stream: &mut ServiceStream,
    error: ServiceError,
    refused: (Reason, &'static str),
) -> ServiceError {
    if error.1.as_deref() != Some("ERR") {
        return error;
    }
    let goes_on = stream.write_all(b"*1\r\n$4\r\nPING\r\n").await.is_ok() && stream.line().await.is_ok();
    let (reason, words) = if goes_on { refused } else { (Reason::TooManyConnections, "") };
    ServiceError(reason, error.1, words)
}

/// Sends a command and reads its response. `refused` is the meaning of `ERR` in response to this command.
async fn checked(
    stream: &mut ServiceStream,
    words: &[&str],
    refused: (Reason, &'static str),
) -> Result<Vec<u8>, ServiceError> {
    match command(stream, words).await {
        Ok(line) => Ok(line),
        Err(error) => Err(reported(stream, error, refused).await),
    }
}

/// Sends a command and reads its response, one line.
async fn command(stream: &mut ServiceStream, words: &[&str]) -> Result<Vec<u8>, ServiceError> {
    let mut text = format!("*{}\r\n", words.len());
    for word in words {
        text.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    stream.write_all(text.as_bytes()).await?;
    let line = stream.line().await?;
    match line.first() {
        Some(b'+') => Ok(line),
        Some(b'-') => Err(service_error(&line[1..])),
        _ => Err(ServiceError::odd()),
    }
}

/// Interprets an error. Its first word is the code; the rest may repeat an argument and is not shown.
fn service_error(error: &[u8]) -> ServiceError {
    let code = error.split(|byte| *byte == b' ').next().unwrap_or_default();
    let (reason, words) = match code {
        b"LOADING" => (Reason::StartingUp, "it is loading its data"),
        b"MASTERDOWN" => (Reason::StartingUp, "its primary is unreachable"),
        b"BUSY" => (Reason::StartingUp, "it is running a script"),
        b"CLUSTERDOWN" | b"TRYAGAIN" => (Reason::StartingUp, "its cluster is incomplete"),
        b"NOAUTH" => (Reason::Credentials, "it asks for a password"),
        b"WRONGPASS" => (Reason::Credentials, "the user or the password is wrong"),
        b"NOPERM" => (Reason::Permission, "the user may not run this command"),
        b"DENIED" => (Reason::Permission, "it is in protected mode and accepts only local clients"),
        _ => (Reason::Other, ""),
    };
    let is_word = (1..=16).contains(&code.len()) && code.iter().all(u8::is_ascii_uppercase);
    ServiceError(reason, is_word.then(|| String::from_utf8_lossy(code).into_owned()), words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_reported_apart_by_their_first_word() {
        for (line, reason, code) in [
            ("LOADING Redis is loading the dataset in memory", Reason::StartingUp, Some("LOADING")),
            ("NOAUTH Authentication required.", Reason::Credentials, Some("NOAUTH")),
            ("WRONGPASS invalid username-password pair", Reason::Credentials, Some("WRONGPASS")),
            ("MASTERDOWN Link with MASTER is down", Reason::StartingUp, Some("MASTERDOWN")),
            ("s3cret", Reason::Other, None),
        ] {
            let ServiceError(found, word, _) = service_error(line.as_bytes());
            assert_eq!((found, word.as_deref()), (reason, code), "{line}");
        }
    }
}
