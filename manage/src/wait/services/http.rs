//! HTTP: a GET, of whose answer only the status counts. Redirects are not followed.

use std::io::Write;

use super::stream::Stream;
use super::{Service, Trouble};
use crate::database::Reason;
use crate::wait::Expected;

/// How many answers of the kind `103 Early Hints` are passed over.
const MOST_INTERIM: u32 = 16;

pub(super) fn ask(
    stream: &mut Stream,
    service: &Service,
    path: &str,
    expected: &Expected,
) -> Result<Option<String>, Trouble> {
    let host = if service.host.contains(':') { format!("[{}]", service.host) } else { service.host.clone() };
    let mut request = format!("GET {path} HTTP/1.1\r\nHost: {host}:{}\r\n", service.port);
    if let Some((user, password)) = service.login() {
        let login = format!("{user}:{password}");
        request.push_str(&format!("Authorization: Basic {}\r\n", base64(login.as_bytes())));
    }
    request.push_str("User-Agent: manage\r\nAccept: */*\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut status = read_status(stream)?;
    // An interim answer is followed by the true one.
    for _ in 0..MOST_INTERIM {
        if !(100..200).contains(&status) || expected.contains(status) {
            break;
        }
        while !stream.line()?.is_empty() {}
        status = read_status(stream)?;
    }
    if expected.contains(status) {
        return Ok(Some(format!("HTTP {status}")));
    }
    Err(Trouble(Reason::Unhealthy, Some(format!("HTTP {status}")), "another status is expected"))
}

fn read_status(stream: &mut Stream) -> Result<u16, Trouble> {
    status(&stream.line()?).ok_or_else(Trouble::odd)
}

/// The number in `HTTP/1.1 200 OK`.
fn status(line: &[u8]) -> Option<u16> {
    let (line, rest) = line.split_at_checked(12)?;
    // A reason follows, or nothing.
    if rest.first().is_some_and(|byte| *byte != b' ') {
        return None;
    }
    let line = std::str::from_utf8(line).ok()?;
    let (version, status) = line.split_once(' ')?;
    version.strip_prefix("HTTP/1.")?.parse::<u8>().ok()?;
    status.parse().ok().filter(|status| (100..600).contains(status))
}

/// RFC 4648, for a user and a password.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().chain([&0, &0]).take(3).fold(0_usize, |group, byte| group << 8 | usize::from(*byte));
        for i in 0..4 {
            let letter = char::from(LETTERS[group >> (18 - 6 * i) & 63]);
            text.push(if i <= chunk.len() { letter } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_read() {
        assert_eq!(status(b"HTTP/1.1 204 No Content"), Some(204));
        assert_eq!(status(b"HTTP/1.0 503"), Some(503));
        for odd in [
            &b"SSH-2.0-OpenSSH"[..],
            b"HTTP/1.1 2",
            b"HTTP/1.1 abc",
            b"",
            b"ICY 200 OK and",
            b"HTTP/1.1 2000 OK",
        ] {
            assert_eq!(status(odd), None);
        }
    }

    #[test]
    fn base64_of_every_length() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
