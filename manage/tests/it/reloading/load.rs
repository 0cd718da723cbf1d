//! Clients that ask all the time, and notice each request that fails.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The time between two requests of a client: together they make 200 a second.
const EVERY: Duration = Duration::from_millis(10);

const PATIENCE: Duration = Duration::from_secs(20);

/// A connection, on which requests follow each other.
struct Client {
    address: String,
    connection: Option<BufReader<TcpStream>>,
}

impl Client {
    fn new(address: &str) -> Self {
        Self { address: address.to_owned(), connection: None }
    }

    /// Returns the body of a response with the status 200.
    fn get(&mut self, path: &str, keep_alive: bool) -> io::Result<String> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => BufReader::new(connect(&self.address)?),
        };
        let kept = if keep_alive { "" } else { "Connection: close\r\n" };
        let host = &self.address;
        write!(connection.get_mut(), "GET {path} HTTP/1.1\r\nHost: {host}\r\n{kept}\r\n")?;
        let head = head(&mut connection)?;
        let length = header(&head, "content-length").and_then(|length| length.parse().ok());
        let mut body = vec![0; length.ok_or_else(|| io::Error::other(format!("no length: {head}")))?];
        connection.read_exact(&mut body)?;
        if !head.starts_with("HTTP/1.1 200") {
            return Err(io::Error::other(head));
        }
        if keep_alive && header(&head, "connection").is_none_or(|connection| connection != "close") {
            self.connection = Some(connection);
        }
        String::from_utf8(body).map_err(io::Error::other)
    }
}

fn connect(address: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn head(connection: &mut impl BufRead) -> io::Result<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if connection.read_line(&mut head)? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("no response: {head:?}")));
        }
    }
    Ok(head)
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then_some(value.trim())
    })
}

/// Asks once.
pub(super) fn get(address: &str, path: &str) -> Result<String, String> {
    Client::new(address).get(path, false).map_err(|error| error.to_string())
}

/// Asks once, and returns the whole response, whatever its status is.
pub(super) fn response(address: &str, path: &str, accept: &str) -> io::Result<String> {
    let mut connection = connect(address)?;
    let head =
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: {accept}\r\nConnection: close\r\n\r\n");
    connection.write_all(head.as_bytes())?;
    let mut text = String::new();
    connection.read_to_string(&mut text)?;
    Ok(text)
}

/// The events of a page.
pub(super) struct Events {
    connection: BufReader<TcpStream>,
}

impl Events {
    pub(super) fn open(address: &str) -> io::Result<Self> {
        let mut connection = BufReader::new(connect(address)?);
        let request = format!(
            "GET /__manage__/events HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n\r\n"
        );
        connection.get_mut().write_all(request.as_bytes())?;
        let head = head(&mut connection)?;
        if !head.starts_with("HTTP/1.1 200") || header(&head, "content-type") != Some("text/event-stream") {
            return Err(io::Error::other(head));
        }
        // A build may take its time.
        connection.get_ref().set_read_timeout(Some(Duration::from_secs(300)))?;
        Ok(Self { connection })
    }

    /// Returns the name and the data of the next event.
    pub(super) fn next(&mut self) -> io::Result<(String, String)> {
        let (mut name, mut line) = (String::new(), String::new());
        loop {
            line.clear();
            if self.connection.read_line(&mut line)? == 0 || line == "0\r\n" {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(event) = line.strip_prefix("event: ") {
                name = event.trim_end().to_owned();
            } else if let Some(data) = line.strip_prefix("data:") {
                return Ok((name, data.trim().to_owned()));
            }
        }
    }
}

/// Clients that run until they are stopped.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    kept_alive: JoinHandle<(u32, Vec<String>)>,
    new_connections: JoinHandle<(u32, Vec<String>)>,
    events: JoinHandle<(u32, Vec<String>)>,
    started: Instant,
}

/// What the clients have seen.
pub(super) struct Done {
    pub(super) kept_alive: u32,
    pub(super) new_connections: u32,
    /// How often the events began again.
    pub(super) events: u32,
    pub(super) failures: Vec<String>,
    took: Duration,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.0} s: {} requests on kept-alive and {} on new connections, {} streams of events, {} failed",
            self.took.as_secs_f64(),
            self.kept_alive,
            self.new_connections,
            self.events,
            self.failures.len()
        )
    }
}

impl Load {
    pub(super) fn start(address: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let client = |keep_alive: bool| {
            let (stop, address) = (Arc::clone(&stop), address.to_owned());
            thread::spawn(move || {
                let (mut client, mut count, mut failures) = (Client::new(&address), 0, Vec::new());
                while !stop.load(Ordering::Relaxed) {
                    match client.get("/", keep_alive) {
                        Ok(_) => count += 1,
                        Err(error) => failures.push(format!("keep-alive {keep_alive}: {error}")),
                    }
                    thread::sleep(EVERY);
                }
                (count, failures)
            })
        };
        let events = {
            let (stop, address) = (Arc::clone(&stop), address.to_owned());
            thread::spawn(move || {
                let (mut count, mut failures) = (0, Vec::new());
                while !stop.load(Ordering::Relaxed) {
                    let opened = Events::open(&address).and_then(|mut events| {
                        events.connection.get_ref().set_read_timeout(Some(Duration::from_millis(200)))?;
                        count += 1;
                        // Until the program is replaced.
                        loop {
                            match events.next() {
                                Ok(_) => {}
                                Err(error) if is_timeout(&error) && !stop.load(Ordering::Relaxed) => {}
                                Err(_) => return Ok(()),
                            }
                        }
                    });
                    failures.extend(opened.err().map(|error| format!("events: {error}")));
                }
                (count, failures)
            })
        };
        Self {
            kept_alive: client(true),
            new_connections: client(false),
            events,
            stop,
            started: Instant::now(),
        }
    }

    pub(super) fn stop(self) -> Done {
        self.stop.store(true, Ordering::Relaxed);
        let took = self.started.elapsed();
        let all = [self.kept_alive, self.new_connections, self.events]
            .map(|client| client.join().expect("no panic"));
        let counts = all.each_ref().map(|(count, _)| *count);
        let failures = all.into_iter().flat_map(|(_, failures)| failures).collect();
        Done { kept_alive: counts[0], new_connections: counts[1], events: counts[2], failures, took }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
