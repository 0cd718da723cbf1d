//! The load: persistent connections, each with one request at a time.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What a round measured.
#[derive(Default)]
pub(crate) struct Round {
    /// The times of all requests, in microseconds.
    pub(crate) times: Vec<u32>,
    pub(crate) failures: usize,
    pub(crate) seconds: f64,
}

/// Sends requests over a number of connections for a time.
pub(crate) fn load(address: SocketAddr, connections: usize, length: Duration) -> Round {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let start = Instant::now();
        let until = start + length;
        let all: Vec<_> =
            (0..connections).map(|number| tokio::spawn(one(address, number as u32, until))).collect();
        let mut round = Round::default();
        for task in all {
            let (times, failures) = task.await.expect("no panic");
            round.times.extend(times);
            round.failures += failures;
        }
        round.seconds = start.elapsed().as_secs_f64();
        round
    })
}

async fn one(address: SocketAddr, number: u32, until: Instant) -> (Vec<u32>, usize) {
    let mut stream = TcpStream::connect(address).await.expect("the contender listens");
    stream.set_nodelay(true).expect("a socket");
    let (mut times, mut failures) = (Vec::new(), 0);
    let mut buffer = Vec::with_capacity(4096);
    let mut id = number * 37;
    while Instant::now() < until {
        id = id % 1000 + 1;
        let request = format!("GET /articles/{id} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
        let start = Instant::now();
        stream.write_all(request.as_bytes()).await.expect("the contender reads");
        read_response(&mut stream, &mut buffer).await;
        times.push(u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX));
        let wanted = format!("<article id=\"a{id}\">");
        let is_right = buffer.starts_with(b"HTTP/1.1 200 ")
            && buffer.windows(wanted.len()).any(|part| part == wanted.as_bytes());
        failures += usize::from(!is_right);
        id += 1;
    }
    (times, failures)
}

/// Reads a response with a `content-length`.
async fn read_response(stream: &mut TcpStream, buffer: &mut Vec<u8>) {
    buffer.clear();
    let mut whole = None;
    while whole.is_none_or(|whole| buffer.len() < whole) {
        let read = stream.read_buf(buffer).await.expect("the contender answers");
        assert!(read > 0, "the contender closed the connection");
        if whole.is_none() {
            whole = length(buffer);
        }
    }
}

/// Returns the length of the response, as soon as its head is complete.
fn length(buffer: &[u8]) -> Option<usize> {
    let end = buffer.windows(4).position(|part| part == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&buffer[..end]).expect("ASCII");
    let body = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().expect("a number"))
    });
    Some(end + body.expect("a length"))
}
