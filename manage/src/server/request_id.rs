//! The id of a request: in the log, and in the header `X-Request-Id` of the response.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;
use std::str;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::header::{HeaderName, HeaderValue};

/// The header with the id of a request.
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The maximum length of an id that a proxy may set.
const LONGEST: usize = 128;

/// The length of a new id: 16 hexadecimal digits of the process, a hyphen, and 8 of the request.
const LENGTH: usize = 25;

/// The id of a request.
#[derive(Clone)]
pub(super) enum RequestId {
    /// It is copied as a whole, because each request has one.
    New([u8; LENGTH]),
    /// A trusted proxy has chosen it.
    OfProxy(HeaderValue),
}

impl RequestId {
    /// Returns an id that no other request of this or another process has: a random number of the process,
    /// and the number of the request.
    pub(super) fn new() -> Self {
        static PROCESS: OnceLock<[u8; LENGTH]> = OnceLock::new();
        let mut text = *PROCESS.get_or_init(|| {
            let mut text = [b'-'; LENGTH];
            // Its keys are random.
            push_hex(&mut text[..16], RandomState::new().hash_one(0));
            text
        });
        push_hex(&mut text[17..], next_number());
        Self::New(text)
    }

    /// Takes the id that a trusted proxy has set, if it can be logged and searched for without quoting.
    pub(super) fn of_proxy(id: &HeaderValue) -> Option<Self> {
        is_sane(id).then(|| Self::OfProxy(id.clone()))
    }

    /// Returns its text.
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::New(text) => str::from_utf8(text).unwrap_or_default(),
            Self::OfProxy(value) => value.to_str().unwrap_or_default(),
        }
    }

    /// Returns the value of the header.
    pub(super) fn header_value(&self) -> HeaderValue {
        match self {
            Self::New(text) => HeaderValue::from_bytes(text).unwrap_or_else(|_| HeaderValue::from_static("")),
            Self::OfProxy(value) => value.clone(),
        }
    }
}

/// Returns a number that no other request of this process has. Each thread takes some at a time, so that threads
/// seldom wait for each other.
fn next_number() -> u64 {
    const AT_A_TIME: u64 = 64;
    static NEXT: AtomicU64 = AtomicU64::new(0);
    thread_local! {
        static TAKEN: Cell<Range<u64>> = const { Cell::new(0..0) };
    }
    let mut taken = TAKEN.take();
    let number = taken.next().unwrap_or_else(|| {
        let first = NEXT.fetch_add(AT_A_TIME, Ordering::Relaxed);
        taken = first + 1..first + AT_A_TIME;
        first
    });
    TAKEN.set(taken);
    number
}

fn is_sane(id: &HeaderValue) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:=+/@".contains(byte);
    !id.is_empty() && id.len() <= LONGEST && id.as_bytes().iter().all(is_plain)
}

/// Writes the last digits of a number: `format!` would take longer than all other parts of an id.
fn push_hex(digits: &mut [u8], mut number: u64) {
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number & 15) as usize];
        number >>= 4;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_plain() {
        for (id, expected) in [
            ("7b0b1d3c-88c4-4cf7-8a21-5c6f8a7d9e10", true),
            ("Root=1-67891233-abcdef012345678912345678", true),
            ("01J9Z6:abc/def+@x.y_z", true),
            ("", false),
            ("a b", false),
            ("a\tb", false),
            ("a\",\"admin\":true", false),
            ("${jndi:ldap://x}", false),
            (&"x".repeat(LONGEST), true),
            (&"x".repeat(LONGEST + 1), false),
        ] {
            assert_eq!(is_sane(&HeaderValue::from_str(id).expect("a value")), expected, "{id}");
        }
        assert!(!is_sane(&HeaderValue::from_bytes(b"\xff").expect("a value")));
    }

    #[test]
    fn new_ids_differ_and_are_sane() {
        let (one, two) = (RequestId::new(), RequestId::new());
        assert!(is_sane(&one.header_value()) && one.as_str() != two.as_str(), "{:?}", one.as_str());
        assert_eq!(one.header_value(), one.as_str());
    }
}
