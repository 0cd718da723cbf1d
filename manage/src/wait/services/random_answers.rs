//! Random responses: whatever arrives, an attempt ends in time and without a panic.

use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use manage_test_support::hostile::Listener;
use proptest::prelude::*;

use super::{Kind, Service};
use crate::database::Reason;
use crate::settings::Secret;
use crate::wait::Expected;

/// Valid responses of services, which the test mutates.
const ANSWERS: [&[u8]; 4] = [
    b"+OK\r\n+OK\r\n+PONG\r\n",
    b"-NOAUTH Authentication required.\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    b"\x01\x00\x00\x00\x00\x00\x05\x00\x0a\x00\x0a\x00\xce\x01\x00\x00\x00\x00\x00\x0c\x00\x0a\x00\x1e\
      \x00\x00\x00\x02\x00\x00\x00\x3c\xce\x01\x00\x00\x00\x00\x00\x05\x00\x0a\x00\x29\x00\xce",
];

fn services(port: u16) -> [Service; 3] {
    let kinds = [
        Kind::Redis,
        Kind::Http { expected: Expected::default(), path: Secret::new("/") },
        Kind::Amqp { vhost: None },
    ];
    kinds.map(|kind| Service {
        kind,
        host: "127.0.0.1".to_owned(),
        port,
        user: Some("app".to_owned()),
        password: Some(Secret::new("hunter2")),
        tls: false,
        database: None,
        origin: "`--for`".to_owned(),
    })
}

/// Generates a response with some bytes changed, or random bytes.
fn answer() -> impl Strategy<Value = Vec<u8>> {
    let place = any::<prop::sample::Index>();
    let changes = prop::collection::vec((place, any::<u8>()), 0..4);
    prop_oneof![
        3 => (prop::sample::select(ANSWERS.to_vec()), changes).prop_map(|(answer, changes)| {
            let mut answer = answer.to_vec();
            for (place, byte) in changes {
                let place = place.index(answer.len());
                answer[place] = byte;
            }
            answer
        }),
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ]
}

#[test]
fn whatever_comes_nothing_panics() {
    let says = Arc::new(Mutex::new((Vec::new(), 1)));
    let saying = Arc::clone(&says);
    let listener = Listener::start(move |connection| {
        let (bytes, piece) = saying.lock().expect("no panic").clone();
        let _ = connection.read(&mut [0; 4096])?;
        for piece in bytes.chunks(piece) {
            connection.write_all(piece)?;
        }
        Ok(())
    });
    let services = services(listener.port());
    let limit = Duration::from_secs(20);
    let config = ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(answer in answer(), piece in 1_usize..100)| {
        *says.lock().expect("no panic") = (answer, piece);
        for service in &services {
            if let Err(error) = service.attempt(limit) {
                prop_assert_ne!(error.reason, Reason::TimedOut);
                prop_assert!(!error.to_string().contains("hunter2"));
            }
        }
    });
}
