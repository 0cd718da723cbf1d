//! The bad network follows its instructions.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use manage_test_support::{Fault, Link, Point, Proxy, case};

/// A server that says each byte back.
fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut bytes = [0; 64];
            while let Ok(length @ 1..) = stream.read(&mut bytes) {
                let _ = stream.write_all(&bytes[..length]);
            }
        }
    });
    port
}

fn client(proxy: &Proxy) -> TcpStream {
    let client = TcpStream::connect(("127.0.0.1", proxy.port())).expect("a connection");
    client.set_read_timeout(Some(Duration::from_secs(10))).expect("a time limit");
    client
}

#[case]
fn it_forwards() {
    let server = echo();
    for link in [Link::Good, Link::Slow(Duration::from_millis(1)), Link::Trickle(2, Duration::from_millis(1))]
    {
        let proxy = Proxy::to(server, link);
        let mut client = client(&proxy);
        client.write_all(b"hello").expect("a question");
        let mut answer = [0; 5];
        client.read_exact(&mut answer).expect("an answer");
        assert_eq!(&answer, b"hello");
        assert_eq!((proxy.accepted(), proxy.open()), (1, 1));
    }
}

#[case]
fn it_fails_on_command() {
    let server = echo();
    for point in [Point::Bytes(3), Point::Behind(b"el")] {
        for fault in [Fault::Close, Fault::Reset, Fault::Garbage, Fault::Silence] {
            let proxy = Proxy::to(server, Link::Until(point.clone(), fault));
            let mut client = client(&proxy);
            client.write_all(b"hello").expect("a question");
            let mut answer = Vec::new();
            if fault == Fault::Silence {
                client.set_read_timeout(Some(Duration::from_millis(100))).expect("a time limit");
            }
            let end = client.read_to_end(&mut answer).map_err(|error| error.kind());
            match fault {
                Fault::Close => assert_eq!((end, answer.as_slice()), (Ok(3), &b"hel"[..])),
                // A reset may overtake what came before it.
                Fault::Reset => assert_eq!(end, Err(ErrorKind::ConnectionReset)),
                Fault::Garbage => assert!(answer.starts_with(b"hel") && answer.len() > 100, "{end:?}"),
                Fault::Silence => {
                    assert_eq!((end, answer.as_slice()), (Err(ErrorKind::WouldBlock), &b"hel"[..]));
                }
            }
        }
    }
}

#[case]
fn without_a_server_it_closes() {
    let proxy = Proxy::to(manage_test_support::free_port(), Link::Good);
    assert!(matches!(client(&proxy).read(&mut [0; 8]), Ok(0) | Err(_)));
}
