//! Resolves host names for the whole process, at a limited rate per name.
//!
//! A waiting command connects many times a second, several of them may resolve the same name, and a search
//! list turns one lookup into ten queries. Name servers have rate limits: beyond them they do not answer at
//! all, and the resolver waits for five seconds.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::background::Background;

/// The addresses of a name, without a port, or the resolver's error.
type Answer = Result<Vec<SocketAddr>, String>;

/// How long a new answer is cached.
pub(crate) const SHORTEST: Duration = Duration::from_millis(100);
/// How long an answer that stays the same is cached at most. A changed address must be noticed within a
/// quarter of a second.
const LONGEST: Duration = Duration::from_millis(180);

struct Known {
    answer: Answer,
    since: Instant,
    holds: Duration,
}

static KNOWN: Mutex<Option<HashMap<String, Known>>> = Mutex::new(None);

fn lock() -> MutexGuard<'static, Option<HashMap<String, Known>>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the cached answer. An IP address needs no lookup.
fn known(host: &str) -> Option<Answer> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Some(Ok(vec![SocketAddr::new(ip, 0)]));
    }
    let known = lock();
    let known = known.as_ref()?.get(host)?;
    (known.since.elapsed() < known.holds).then(|| known.answer.clone())
}

/// Resolves a host name. An answer that comes too late for its caller is cached for the next one.
pub(crate) async fn look_up(host: &str) -> Answer {
    if let Some(known) = known(host) {
        return known;
    }
    let name = host.to_owned();
    // The system's resolver cannot be interrupted.
    let found = Background.spawn_blocking(move || learn(&name, (name.as_str(), 0).to_socket_addrs()));
    found.await.unwrap_or_else(|error| Err(error.to_string()))
}

/// Caches the result of a lookup.
fn learn(host: &str, found: io::Result<impl Iterator<Item = SocketAddr>>) -> Answer {
    let answer = match found.map(Iterator::collect::<Vec<_>>) {
        Ok(found) if found.is_empty() => Err("the name has no address".to_owned()),
        Ok(found) => Ok(found),
        Err(error) => Err(error.to_string()),
    };
    let mut known = lock();
    let known = known.get_or_insert_default();
    let holds = match known.get(host) {
        Some(before) if answer.is_ok() && before.answer == answer => (before.holds * 9 / 8).min(LONGEST),
        _ => SHORTEST,
    };
    known.insert(host.to_owned(), Known { answer: answer.clone(), since: Instant::now(), holds });
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(last: u8) -> io::Result<std::iter::Once<SocketAddr>> {
        Ok(std::iter::once(SocketAddr::from(([10, 0, 0, last], 0))))
    }

    #[test]
    fn an_answer_is_used_again_for_a_moment() {
        let host = "lookup.test";
        assert_eq!(known(host), None);
        let nothing: io::Result<std::iter::Empty<SocketAddr>> = Err(io::Error::other("unknown"));
        assert_eq!(learn(host, nothing), Err("unknown".to_owned()));
        let started = Instant::now();
        let first = learn(host, found(1)).expect("an address");
        let again = known(host);
        // A busy machine may pause this thread for longer than the answer is cached.
        assert!(again == Some(Ok(first)) || started.elapsed() >= SHORTEST, "{again:?}");
        for _ in 0..20 {
            learn(host, found(1)).expect("an address");
        }
        let holds = |host: &str| lock().as_ref().expect("answers")[host].holds;
        assert_eq!(holds(host), LONGEST);
        learn(host, found(2)).expect("another address");
        assert_eq!(holds(host), SHORTEST);
        std::thread::sleep(SHORTEST);
        assert_eq!(known(host), None);
    }

    #[test]
    fn digits_are_an_address() {
        assert_eq!(known("::1"), Some(Ok(vec![SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 0))])));
    }
}
