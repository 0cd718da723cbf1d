//! Looks closer at a failure that stands: who is it that answers there?

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::Target;
use super::services::connect;
use crate::database::{ConnectError, Reason};

/// How long each look may take.
const LOOK: Duration = Duration::from_millis(300);

/// What the first bytes at a port say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Peer {
    Http,
    Ssh,
    /// It closes each connection without a word.
    Closes,
    /// It says nothing.
    Silent,
    /// It speaks, and may be what it should be.
    Speaks,
}

/// The same failure, told better; none where there is no more to say.
pub(super) fn diagnose(target: &Target, error: &ConnectError) -> Option<ConnectError> {
    match error.reason {
        Reason::Refused if target.is_local() && in_container() => {
            let hint = "inside a container `localhost` is the container itself: name the other service instead, as in \
                        `db:5432`";
            return Some(error.clone().with_hint(hint));
        }
        Reason::Other | Reason::Closed | Reason::TimedOut | Reason::Tls => {}
        _ => return None,
    }
    let (host, port) = target.tcp()?;
    let wrong = |what: &str, hint: &str| {
        let message = format!("{what} answers at port {port}");
        Some(ConnectError::of_service(&error.database, Reason::WrongService, message).with_hint(hint))
    };
    let hint = |hint: &str| Some(error.clone().with_hint(hint));
    match peer(host, port, target.greeting()) {
        Some(Peer::Http) => wrong("an HTTP server", "the port is that of another service"),
        Some(Peer::Ssh) => wrong("an SSH server", "the port is that of another service"),
        Some(Peer::Closes) if error.reason == Reason::Closed => hint(
            "something accepts the connection and closes it at once: a published port (docker-proxy) or a proxy whose \
             server is not there yet?",
        ),
        Some(Peer::Silent) if error.reason == Reason::TimedOut => hint(
            "something accepts the connection and stays silent: does the server hang, or is the port another's?",
        ),
        _ => None,
    }
}

/// Who answers. `greeting` is what a client of the right protocol says first; nothing where the server begins.
fn peer(host: &str, port: u16, greeting: &[u8]) -> Option<Peer> {
    let first = first_bytes(host, port, greeting)?;
    match first {
        Peer::Silent => match first_bytes(host, port, b"GET / HTTP/1.0\r\n\r\n")? {
            Peer::Http => Some(Peer::Http),
            _ => Some(Peer::Silent),
        },
        peer => Some(peer),
    }
}

/// What the first bytes say that come after a question, or before one.
fn first_bytes(host: &str, port: u16, question: &[u8]) -> Option<Peer> {
    let mut stream = connect(host, port, Instant::now() + LOOK).ok()?;
    // A server that begins is heard first.
    let mut said = hear(&mut stream, LOOK / 3);
    if said == Peer::Silent && !question.is_empty() && stream.write_all(question).is_ok() {
        said = hear(&mut stream, LOOK);
    }
    Some(said)
}

fn hear(stream: &mut TcpStream, limit: Duration) -> Peer {
    let mut bytes = [0; 8];
    if stream.set_read_timeout(Some(limit)).is_err() {
        return Peer::Silent;
    }
    match stream.read(&mut bytes) {
        Ok(0) => Peer::Closes,
        Ok(_) if bytes.starts_with(b"HTTP") || bytes.starts_with(b"<") => Peer::Http,
        Ok(_) if bytes.starts_with(b"SSH-") => Peer::Ssh,
        Ok(_) => Peer::Speaks,
        Err(error) => match error.kind() {
            std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut => Peer::Silent,
            _ => Peer::Closes,
        },
    }
}

/// Whether this process runs in a container: by the marks that Docker, Podman and Kubernetes leave.
fn in_container() -> bool {
    use std::path::Path;
    Path::new("/.dockerenv").exists()
        || Path::new("/run/.containerenv").exists()
        || Path::new("/var/run/secrets/kubernetes.io").exists()
        || std::fs::read_to_string("/proc/1/cgroup").is_ok_and(|text| {
            ["docker", "kubepods", "containerd", "lxc"].iter().any(|name| text.contains(name))
        })
}
