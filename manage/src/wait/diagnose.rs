//! Looks closer at a failure that stands: who is it that answers there?

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::Target;
use super::services::connect;
use super::target::ASKS_FOR_TLS;
use crate::database::{ConnectError, Reason};
use crate::settings::Backend;

/// How long each look may take.
const LOOK: Duration = Duration::from_millis(300);

/// What the first bytes at a port say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Peer {
    Http,
    Ssh,
    Amqp,
    Tls,
    /// A MySQL or MariaDB server, which greets by itself.
    Mysql,
    /// A PostgreSQL server: its answer to a request for encryption is one letter.
    Postgres,
    /// It closes each connection without a word.
    Closes,
    /// It says nothing.
    Silent,
    /// It speaks, and may be what it should be.
    Speaks,
}

/// A request of HTTP, and the shortest of TLS, to which an encrypting server answers with an alert.
const GET: &[u8] = b"GET / HTTP/1.0\r\n\r\n";
const HELLO: &[u8] = &[22, 3, 1, 0, 5, 1, 0, 0, 1, 0];

/// The same failure, told better; none where there is no more to say.
pub(super) fn diagnose(target: &Target, error: &ConnectError) -> Option<ConnectError> {
    match error.reason {
        Reason::Refused if target.is_local() && in_container() => {
            let hint = "Inside a container `localhost` is the container itself; if the server runs elsewhere, name that, \
                        as in `db:5432`.";
            // Both may be true.
            let usual = error.hint.as_deref().unwrap_or("Is the server running?");
            return Some(error.clone().with_hint(format!("{usual} {hint}")));
        }
        Reason::Other | Reason::Closed | Reason::TimedOut => {}
        // What a service's certificate lacks was told by the attempt.
        Reason::Tls if target.is_database() => {}
        Reason::WrongService if !target.is_database() => {}
        _ => return None,
    }
    let (host, port) = target.tcp()?;
    let wrong = |what: &str, hint: &str| {
        let message = format!("{what} answers at port {port}");
        Some(ConnectError::of_service(&error.database, Reason::WrongService, message).with_hint(hint))
    };
    let hint = |hint: &str| Some(error.clone().with_hint(hint));
    let another = "The port is that of another service.";
    match (peer(host, port, target)?, target.encryption()) {
        (Peer::Tls, Some((false, (with, _)))) => {
            wrong("a server that speaks TLS", &format!("With TLS the scheme is `{with}`."))
        }
        (Peer::Http, Some((true, ("https", _)))) => {
            wrong("an HTTP server without TLS", "Without TLS the scheme is `http`.")
        }
        (Peer::Amqp, Some((true, ("amqps", _)))) => {
            wrong("an AMQP broker without TLS", "Without TLS the scheme is `amqp`.")
        }
        (Peer::Speaks, Some((true, ("rediss", _)))) => {
            wrong("a server without TLS", "Without TLS the scheme is `redis`.")
        }
        (Peer::Http, Some((_, ("https", _)))) | (Peer::Amqp, Some((_, ("amqps", _)))) => None,
        (Peer::Mysql, _) if !target.is_of(Backend::Mysql) => {
            wrong("a MySQL or MariaDB server", "The URL of such a database begins with `mysql://`.")
        }
        (Peer::Postgres, _) if !target.is_of(Backend::Postgres) => {
            wrong("a PostgreSQL server", "The URL of such a database begins with `postgres://`.")
        }
        (Peer::Http, _) => wrong("an HTTP server", another),
        (Peer::Ssh, _) => wrong("an SSH server", another),
        (Peer::Amqp, _) => wrong("an AMQP broker", another),
        (Peer::Closes, _) if error.reason == Reason::Closed => hint(
            "Something accepts the connection and closes it at once: a published port (docker-proxy) or a proxy whose \
             server is not there yet?",
        ),
        (Peer::Silent, _) if error.reason == Reason::TimedOut => hint(
            "Something accepts the connection and stays silent: does the server hang, or is the port another's?",
        ),
        _ => None,
    }
}

/// Who answers. A target's own greeting is what a client of the right protocol says first.
fn peer(host: &str, port: u16, target: &Target) -> Option<Peer> {
    let mut first = first_bytes(host, port, target.greeting())?;
    if first == Peer::Silent && target.is_of(Backend::Mysql) {
        first = first_bytes(host, port, ASKS_FOR_TLS)?;
    }
    // A database writes each odd request into its log.
    let ask_on = first == Peer::Silent || !target.is_database();
    let unknown = |peer| matches!(peer, Peer::Silent | Peer::Closes | Peer::Speaks);
    if !unknown(first) || !ask_on {
        return Some(first);
    }
    let questions: &[&[u8]] = if target.is_database() { &[GET] } else { &[GET, HELLO] };
    let known = questions.iter().filter_map(|question| first_bytes(host, port, question));
    Some(known.into_iter().find(|peer| !unknown(*peer)).unwrap_or(first))
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
        Ok(_) if bytes.starts_with(b"AMQP") => Peer::Amqp,
        Ok(_) if matches!(bytes, [21 | 22, 3, ..]) => Peer::Tls,
        // A packet's length and number, then the version of the protocol, then that of the server.
        Ok(8) if bytes[3..5] == [0, 10] && bytes[5].is_ascii_digit() => Peer::Mysql,
        Ok(1) if matches!(bytes[0], b'S' | b'N') => Peer::Postgres,
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
