//! The load: persistent connections, each with one request at a time.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(crate) const REQUEST: &[u8] = b"GET /json HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// Sends requests over a number of connections for a time. Returns the times of all, in microseconds.
pub(crate) fn load(address: SocketAddr, connections: usize, length: Duration) -> Vec<u32> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let until = Instant::now() + length;
        let all: Vec<_> = (0..connections).map(|_| tokio::spawn(one(address, until))).collect();
        let mut times = Vec::new();
        for task in all {
            times.extend(task.await.expect("no panic"));
        }
        times
    })
}

async fn one(address: SocketAddr, until: Instant) -> Vec<u32> {
    let mut stream = TcpStream::connect(address).await.expect("the contender listens");
    stream.set_nodelay(true).expect("a socket");
    let (mut times, mut buffer) = (Vec::new(), Vec::with_capacity(4096));
    while Instant::now() < until {
        let start = Instant::now();
        exchange(&mut stream, &mut buffer).await;
        times.push(u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    times
}

/// Sends a request, and reads the response to its end.
pub(crate) async fn exchange(stream: &mut TcpStream, buffer: &mut Vec<u8>) {
    stream.write_all(REQUEST).await.expect("the contender reads");
    buffer.clear();
    while !buffer.ends_with(b"}") {
        let read = stream.read_buf(buffer).await.expect("the contender answers");
        assert!(read > 0, "the contender closed the connection");
    }
    assert!(buffer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(buffer));
}
