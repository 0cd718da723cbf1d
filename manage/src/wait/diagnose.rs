//! Diagnoses a persistent failure by identifying the server that listens on the address.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Target;
use super::target::ASKS_FOR_TLS;
use crate::database::{Background, ConnectError, Reason, ServiceAddress};
use crate::settings::Backend;

/// The time limit of each probe.
const PROBE_LIMIT: Duration = Duration::from_millis(300);

/// The kind of server, according to the first bytes from a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Peer {
    Http,
    Ssh,
    Amqp,
    Tls,
    /// A MySQL or MariaDB server, which sends a greeting first.
    Mysql,
    /// A PostgreSQL server: its response to an encryption request is one letter.
    Postgres,
    /// It closes each connection without sending anything.
    Closes,
    /// It sends nothing.
    Silent,
    /// It sends something else, and may be the right service.
    Speaks,
}

/// An HTTP request, and the shortest TLS record, to which a TLS server responds with an alert.
const GET: &[u8] = b"GET / HTTP/1.0\r\n\r\n";
const HELLO: &[u8] = &[22, 3, 1, 0, 5, 1, 0, 0, 1, 0];

/// Returns the same failure with a better explanation, if one is found.
pub(super) fn diagnose(target: &Target, error: &ConnectError) -> Option<ConnectError> {
    match error.reason {
        Reason::Refused if target.is_local() && in_container() => {
            let hint = "Inside a container `localhost` is the container itself; if the server runs elsewhere, use that host, \
                        as in `db:5432`.";
            // Both explanations may apply.
            let usual = error.hint.as_deref().unwrap_or("Is the server running?");
            return Some(error.clone().with_hint(format!("{usual} {hint}")));
        }
        Reason::Other | Reason::Closed | Reason::TimedOut => {}
        // The attempt has already reported the problem of a service's certificate.
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
            "Something accepts the connection but sends nothing: does the server hang, or does the port belong to another service?",
        ),
        _ => None,
    }
}

/// Identifies the server. A target's greeting is the first message of a client of the right protocol.
fn peer(host: &str, port: u16, target: &Target) -> Option<Peer> {
    let mut first = first_bytes(host, port, target.greeting())?;
    if first == Peer::Silent && target.is_of(Backend::Mysql) {
        first = first_bytes(host, port, ASKS_FOR_TLS)?;
    }
    // A database server logs each invalid request.
    let ask_on = first == Peer::Silent || !target.is_database();
    let unknown = |peer| matches!(peer, Peer::Silent | Peer::Closes | Peer::Speaks);
    if !unknown(first) || !ask_on {
        return Some(first);
    }
    let questions: &[&[u8]] = if target.is_database() { &[GET] } else { &[GET, HELLO] };
    let known = questions.iter().filter_map(|question| first_bytes(host, port, question));
    Some(known.into_iter().find(|peer| !unknown(*peer)).unwrap_or(first))
}

/// Classifies the first bytes that arrive without a request, or after this one.
fn first_bytes(host: &str, port: u16, question: &[u8]) -> Option<Peer> {
    Background.run(async {
        let mut stream = ServiceAddress::new("", host, port, PROBE_LIMIT).connect().await.ok()?;
        // Some servers send first.
        let mut said = hear(&mut stream, PROBE_LIMIT / 3).await;
        if said == Peer::Silent && !question.is_empty() && stream.write_all(question).await.is_ok() {
            said = hear(&mut stream, PROBE_LIMIT).await;
        }
        Some(said)
    })
}

async fn hear(stream: &mut TcpStream, limit: Duration) -> Peer {
    let mut bytes = [0; 8];
    let Ok(read) = timeout(limit, stream.read(&mut bytes)).await else { return Peer::Silent };
    match read {
        Ok(0) => Peer::Closes,
        Ok(_) if bytes.starts_with(b"HTTP") || bytes.starts_with(b"<") => Peer::Http,
        Ok(_) if bytes.starts_with(b"SSH-") => Peer::Ssh,
        Ok(_) if bytes.starts_with(b"AMQP") => Peer::Amqp,
        Ok(_) if matches!(bytes, [21 | 22, 3, ..]) => Peer::Tls,
        // A packet's length and number, then the version of the protocol, then that of the server.
        Ok(8) if bytes[3..5] == [0, 10] && bytes[5].is_ascii_digit() => Peer::Mysql,
        Ok(1) if matches!(bytes[0], b'S' | b'N') => Peer::Postgres,
        Ok(_) => Peer::Speaks,
        Err(_) => Peer::Closes,
    }
}

/// Returns whether this process runs in a container, by files of Docker, Podman and Kubernetes.
fn in_container() -> bool {
    use std::path::Path;
    Path::new("/.dockerenv").exists()
        || Path::new("/run/.containerenv").exists()
        || Path::new("/var/run/secrets/kubernetes.io").exists()
        || std::fs::read_to_string("/proc/1/cgroup").is_ok_and(|text| {
            ["docker", "kubepods", "containerd", "lxc"].iter().any(|name| text.contains(name))
        })
}
