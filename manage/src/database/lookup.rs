//! Host names are looked up for all of this process, and no name more often than its name server may like.
//!
//! A waiter connects many times a second, several waiters may ask for one name, and a search list makes ten queries of one
//! look-up. Name servers limit that: then they do not answer at all, and the resolver waits for five seconds.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The addresses of a name, without a port, or why there are none.
pub(crate) type Answer = Result<Vec<SocketAddr>, String>;

/// How long the first answer of its kind is used again.
pub(crate) const SHORTEST: Duration = Duration::from_millis(100);
/// The same for addresses that are always the same. A name that moves must be noticed within a quarter of a second.
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

/// The answer of a moment ago. An address in digits needs no look-up.
pub(crate) fn known(host: &str) -> Option<Answer> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Some(Ok(vec![SocketAddr::new(ip, 0)]));
    }
    let known = lock();
    let known = known.as_ref()?.get(host)?;
    (known.since.elapsed() < known.holds).then(|| known.answer.clone())
}

/// Keeps what a look-up has found.
pub(crate) fn learn(host: &str, found: io::Result<impl Iterator<Item = SocketAddr>>) -> Answer {
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
        // A busy machine may pause this thread for longer than the answer holds.
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
