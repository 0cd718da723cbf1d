//! Hostile servers attack, keep what they receive, and end.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use manage_test_support::hostile::{Hostile, Listener, catalog, redis};
use manage_test_support::{case, wait_until};

const LONG: Duration = Duration::from_secs(20);

fn client(port: u16) -> TcpStream {
    let client = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    client.set_read_timeout(Some(LONG)).expect("a time limit");
    client
}

#[case]
fn each_has_a_name_of_its_own() {
    let entries = catalog();
    let names: BTreeSet<_> = entries.iter().map(|entry| (entry.protocol, entry.case)).collect();
    assert_eq!(names.len(), entries.len());
    assert!(entries.iter().all(|entry| entry.description.ends_with('.')));
}

#[case]
fn each_starts_and_ends() {
    for entry in catalog() {
        let hostile = entry.start(manage_test_support::free_port());
        let mut client = client(hostile.port());
        // A request of nobody's protocol, and then nothing.
        let _ = client.write_all(&[0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]);
        wait_until(LONG, "it accepts", || hostile.accepted() == 1);
        let start = Instant::now();
        drop(hostile);
        assert!(start.elapsed() < LONG, "{} {}", entry.protocol, entry.case);
    }
}

#[case]
fn it_floods_until_it_is_dropped() {
    let hostile = Hostile::start(redis::Case::EndlessLine);
    let mut client = client(hostile.port());
    client.write_all(b"*1\r\n$4\r\nPING\r\n").expect("a command");
    let mut bytes = vec![0; 1 << 20];
    client.read_exact(&mut bytes).expect("much of it");
    assert!(bytes.starts_with(b"+OOOO") && bytes.ends_with(b"O"));
    drop(hostile);
    while matches!(client.read(&mut bytes), Ok(1..)) {}
}

#[case]
fn what_it_receives_is_kept() {
    let listener = Listener::start(|connection| connection.listen());
    client(listener.port()).write_all(b"secret").expect("a word");
    wait_until(LONG, "it is received", || listener.received() == b"secret");
}
