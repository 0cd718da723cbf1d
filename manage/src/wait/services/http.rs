//! HTTP: a GET request. Only the status of the response counts. Redirects are not followed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::stream::ServiceStream;
use super::{Service, ServiceError};
use crate::database::Reason;
use crate::wait::Expected;

/// The maximum number of interim responses such as `103 Early Hints`, and of header lines of each.
const MOST_INTERIM: u32 = 16;
const MOST_LINES: u32 = 256;

pub(super) async fn ask(
    stream: &mut ServiceStream,
    service: &Service,
    path: &str,
    expected: &Expected,
) -> Result<Option<String>, ServiceError> {
    let host = if service.host.contains(':') { format!("[{}]", service.host) } else { service.host.clone() };
    let mut request = format!("GET {path} HTTP/1.1\r\nHost: {host}:{}\r\n", service.port);
    if let Some((user, password)) = service.login() {
        let login = format!("{user}:{password}");
        request.push_str(&format!("Authorization: Basic {}\r\n", BASE64.encode(login)));
    }
    request.push_str("User-Agent: manage\r\nAccept: */*\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut status = read_status(stream).await?;
    // An interim response is followed by the final one.
    for _ in 0..MOST_INTERIM {
        if !(100..200).contains(&status) || expected.contains(status) {
            break;
        }
        let mut lines = 0;
        while !stream.line().await?.is_empty() {
            lines += 1;
            if lines > MOST_LINES {
                return Err(ServiceError::too_much());
            }
        }
        status = read_status(stream).await?;
    }
    if expected.contains(status) {
        return Ok(Some(format!("HTTP {status}")));
    }
    Err(ServiceError(Reason::Unhealthy, Some(format!("HTTP {status}")), "a different status is expected"))
}

async fn read_status(stream: &mut ServiceStream) -> Result<u16, ServiceError> {
    status(&stream.line().await?).ok_or_else(ServiceError::odd)
}

/// Parses the number in `HTTP/1.1 200 OK`.
fn status(line: &[u8]) -> Option<u16> {
    let (line, rest) = line.split_at_checked(12)?;
    // A reason phrase follows, or nothing.
    if rest.first().is_some_and(|byte| *byte != b' ') {
        return None;
    }
    let line = std::str::from_utf8(line).ok()?;
    let (version, status) = line.split_once(' ')?;
    version.strip_prefix("HTTP/1.")?.parse::<u8>().ok()?;
    status.parse().ok().filter(|status| (100..600).contains(status))
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
}
