//! A listener on the loopback interface whose connections are served on threads of its own.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// One connection lasts no longer than this, and gets no more bytes than [`MOST_SENT`].
const LONGEST: Duration = Duration::from_secs(300);
const MOST_SENT: u64 = 8 << 30;
/// More connections at a time are closed at once.
const MOST_OPEN: usize = 64;
/// No more of what clients send is kept.
const MOST_KEPT: usize = 1 << 20;
/// What is sent without end is sent in pieces of about this size.
const PIECE: usize = 256 << 10;

/// Serves each connection by a closure. Dropping it ends all of them, and waits for that.
pub struct Listener {
    port: u16,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    ends: Condvar,
    accepted: AtomicUsize,
}

#[derive(Default)]
struct State {
    ended: bool,
    open: Vec<(usize, TcpStream)>,
    received: Vec<u8>,
}

impl Listener {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Panics
    ///
    /// When no port is free.
    pub fn start(serve: impl Fn(&mut Connection) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::<Shared>::default();
        let accepting = Arc::clone(&shared);
        let accepting = thread::spawn(move || {
            thread::scope(|scope| {
                for stream in listener.incoming().flatten() {
                    if accepting.lock().ended {
                        break;
                    }
                    let Some(mut connection) = accepting.accept(stream) else { continue };
                    let serve = &serve;
                    scope.spawn(move || serve(&mut connection));
                }
            });
        });
        Self { port, shared, accepting: Some(accepting) }
    }

    /// Returns its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns how many connections it has accepted.
    pub fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// Returns the first megabyte of what clients have sent.
    pub fn received(&self) -> Vec<u8> {
        self.shared.lock().received.clone()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.ended = true;
        for (_, stream) in &state.open {
            let _ = stream.shutdown(Shutdown::Both);
        }
        drop(state);
        self.shared.ends.notify_all();
        // The thread that accepts is woken, and leaves.
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

impl Shared {
    fn accept(self: &Arc<Self>, stream: TcpStream) -> Option<Connection> {
        let number = self.accepted.fetch_add(1, Ordering::SeqCst);
        let mut state = self.lock();
        if state.ended || state.open.len() >= MOST_OPEN {
            return None;
        }
        let _ = stream.set_nodelay(true);
        stream.set_read_timeout(Some(LONGEST)).ok()?;
        stream.set_write_timeout(Some(LONGEST)).ok()?;
        state.open.push((number, stream.try_clone().ok()?));
        let shared = Arc::clone(self);
        Some(Connection { number, stream, shared, deadline: Instant::now() + LONGEST, sent: 0 })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// A connection to a client. All that is read from it is kept with the listener.
pub struct Connection {
    number: usize,
    stream: TcpStream,
    shared: Arc<Shared>,
    deadline: Instant,
    sent: u64,
}

impl Connection {
    /// Keeps what the client meant by what it sent encrypted.
    pub fn note(&self, bytes: &[u8]) {
        let received = &mut self.shared.lock().received;
        let room = MOST_KEPT.saturating_sub(received.len());
        received.extend(&bytes[..bytes.len().min(room)]);
    }

    /// Waits, but not for longer than the listener is there.
    pub fn pause(&self, time: Duration) -> io::Result<()> {
        self.check()?;
        let state = self.shared.lock();
        let waited = self.shared.ends.wait_timeout_while(state, time, |state| !state.ended);
        drop(waited);
        self.check()
    }

    /// Sends this again and again, until the client leaves.
    pub fn flood(&mut self, piece: &[u8]) -> io::Result<()> {
        let many = piece.repeat((PIECE / piece.len().max(1)).max(1));
        loop {
            self.write_all(&many)?;
        }
    }

    /// Sends this byte by byte, again and again, with a pause behind each, until the client leaves.
    pub fn drip(&mut self, piece: &[u8], pause: Duration) -> io::Result<()> {
        loop {
            for byte in piece {
                self.write_all(&[*byte])?;
                self.pause(pause)?;
            }
        }
    }

    /// Reads until the client leaves, and says nothing.
    pub fn listen(&mut self) -> io::Result<()> {
        while self.read(&mut [0; 4096])? > 0 {}
        Ok(())
    }

    /// Returns its socket.
    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    fn check(&self) -> io::Result<()> {
        if self.shared.lock().ended || self.sent > MOST_SENT || Instant::now() > self.deadline {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }
}

impl Read for Connection {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        let length = self.stream.read(bytes)?;
        self.note(&bytes[..length]);
        Ok(length)
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.check()?;
        let length = self.stream.write(bytes)?;
        self.sent += length as u64;
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
        self.shared.lock().open.retain(|(number, _)| *number != self.number);
    }
}
