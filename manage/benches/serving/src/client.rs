//! The load by HTTP/1.1: persistent connections, each with one request at a time.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::contenders::Scenario;
use crate::http2;

/// What a round measured.
#[derive(Default)]
pub(crate) struct Round {
    /// The times of all requests, in microseconds.
    pub(crate) times: Vec<u32>,
    pub(crate) failures: usize,
    pub(crate) seconds: f64,
}

/// Sends requests over a number of connections for a time, which begins when each connection has had one.
pub(crate) fn load(scenario: Scenario, address: SocketAddr, connections: usize, length: Duration) -> Round {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (start, running): (_, Vec<_>) = match scenario {
            Scenario::Http2 => {
                let clients = http2::open(address, connections).await;
                let start = Instant::now();
                (start, clients.map(|client| tokio::spawn(http2::run(client, start + length))).collect())
            }
            _ => {
                let clients = open(scenario, address, connections).await;
                let start = Instant::now();
                (start, clients.into_iter().map(|client| tokio::spawn(client.run(start + length))).collect())
            }
        };
        let mut round = Round::default();
        for client in running {
            let (times, failures) = client.await.expect("no panic");
            round.times.extend(times);
            round.failures += failures;
        }
        round.seconds = start.elapsed().as_secs_f64();
        round
    })
}

/// Opens the connections at the same time, since Django's development server opens one to the database for each.
async fn open(scenario: Scenario, address: SocketAddr, connections: usize) -> Vec<Client> {
    let opening: Vec<_> =
        (0..connections).map(|number| tokio::spawn(Client::open(scenario, address, number))).collect();
    let mut clients = Vec::with_capacity(connections);
    for client in opening {
        clients.push(client.await.expect("no panic"));
    }
    clients
}

/// Sends one request after the other.
struct Client {
    connection: Connection,
    scenario: Scenario,
    id: usize,
}

impl Client {
    async fn open(scenario: Scenario, address: SocketAddr, number: usize) -> Self {
        let connection = Connection::open(address).await;
        let mut client = Self { connection, scenario, id: number * 37 };
        client.exchange().await;
        client
    }

    async fn run(mut self, until: Instant) -> (Vec<u32>, usize) {
        let (mut times, mut failures) = (Vec::new(), 0);
        while Instant::now() < until {
            let start = Instant::now();
            let is_right = self.exchange().await;
            times.push(microseconds(start));
            failures += usize::from(!is_right);
        }
        (times, failures)
    }

    async fn exchange(&mut self) -> bool {
        self.id = self.id % 1000 + 1;
        match self.scenario {
            Scenario::Query => self.connection.article(self.id).await,
            _ => self.connection.json().await,
        }
    }
}

pub(crate) fn microseconds(start: Instant) -> u32 {
    u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX)
}

/// A connection, which is opened again when the server closes it.
pub(crate) struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self { address, stream: connect(address).await, buffer: Vec::with_capacity(4096) }
    }

    /// Asks for the JSON document. Returns whether it is right.
    pub(crate) async fn json(&mut self) -> bool {
        self.exchange(b"GET /json HTTP/1.1\r\nhost: localhost\r\n\r\n").await
            && self.buffer.starts_with(b"HTTP/1.1 200 ")
            && self.buffer.ends_with(b"}")
    }

    /// Asks for an article. Returns whether it is right.
    async fn article(&mut self, id: usize) -> bool {
        let request = format!("GET /articles/{id} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        let wanted = format!("<article id=\"a{id}\">");
        self.exchange(request.as_bytes()).await
            && self.buffer.starts_with(b"HTTP/1.1 200 ")
            && self.buffer.windows(wanted.len()).any(|part| part == wanted.as_bytes())
    }

    /// Sends a request, and reads the response to its end. Returns whether there is one.
    async fn exchange(&mut self, request: &[u8]) -> bool {
        let head = self.try_exchange(request).await;
        // gunicorn resets some connections.
        if head.as_ref().map_or(true, |head| head.is_last) {
            self.stream = connect(self.address).await;
        }
        head.is_ok()
    }

    async fn try_exchange(&mut self, request: &[u8]) -> io::Result<Head> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(head) = Head::of(&self.buffer).filter(|head| head.length <= self.buffer.len()) {
                return Ok(head);
            }
        }
    }
}

async fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).await.expect("the contender listens");
    stream.set_nodelay(true).expect("a socket");
    stream
}

/// What the head of a response says.
struct Head {
    /// The length of the whole response.
    length: usize,
    /// Whether the server closes the connection.
    is_last: bool,
}

impl Head {
    /// Parses it, as soon as it is complete.
    fn of(buffer: &[u8]) -> Option<Self> {
        let end = buffer.windows(4).position(|part| part == b"\r\n\r\n")? + 4;
        let head = std::str::from_utf8(&buffer[..end]).expect("ASCII");
        let header = |wanted: &str| {
            head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case(wanted).then_some(value.trim())
            })
        };
        let body: usize = header("content-length").expect("a length").parse().expect("a number");
        let is_last = header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        Some(Self { length: end + body, is_last })
    }
}
