//! A network between a program and its server that fails on command.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::thread;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;

/// More connections at a time are closed at once: a program that leaks them shall not take the machine with
/// it.
const MOST: usize = 64;

/// How the connections behave that are made from now on.
#[derive(Clone, Debug)]
pub enum Link {
    /// As a good network.
    Good,
    /// Each piece takes so long, in both directions.
    Slow(Duration),
    /// What the server says arrives in pieces of so many bytes, with a pause before each.
    Trickle(usize, Duration),
    /// What the server says arrives up to a point, then something happens.
    Until(Point, Fault),
}

/// A point in what a server says on one connection.
#[derive(Clone, Debug)]
pub enum Point {
    /// After so many bytes.
    Bytes(usize),
    /// Behind these bytes, wherever they come.
    Behind(&'static [u8]),
}

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing more arrives, in either direction, and the connection stays open.
    Silence,
    /// It ends in good order.
    Close,
    /// It ends as if the machine had been switched off and on: by a reset.
    Reset,
    /// Bytes arrive that mean nothing.
    Garbage,
}

/// Forwards connections to a port of this machine, well or badly. It ends with this value.
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    server: u16,
    link: Mutex<Link>,
    /// Both ends of each connection that is open.
    open: Mutex<Vec<Pair>>,
    accepted: AtomicUsize,
    ended: AtomicBool,
}

struct Pair {
    number: usize,
    client: TcpStream,
    server: TcpStream,
    /// Lives as long as the threads that forward.
    forwarding: Weak<AtomicBool>,
}

impl Proxy {
    /// In front of the server at this port. The server need not be there yet.
    ///
    /// # Panics
    ///
    /// When no port is free.
    pub fn to(server: u16, link: Link) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared {
            server,
            link: Mutex::new(link),
            open: Mutex::default(),
            accepted: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
        });
        let forwarding = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if forwarding.ended.load(Ordering::SeqCst) {
                    break;
                }
                forwarding.accept(client);
            }
        });
        Self { port, shared }
    }

    /// Returns its own port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Changes how the connections behave that are made from now on.
    pub fn set(&self, link: Link) {
        *lock(&self.shared.link) = link;
    }

    /// Ends all connections that are open by a reset. New ones are accepted.
    ///
    /// It returns when the sockets are closed, so that the clients could notice it.
    pub fn cut(&self) {
        let forwarding = self.shared.reset();
        // A thread that writes to a client which reads nothing stays.
        crate::wait::happens_within(Duration::from_secs(5), || {
            forwarding.iter().all(|threads| threads.strong_count() == 0)
        });
    }

    /// Returns how many connections it has accepted.
    pub fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// Returns how many connections are open.
    pub fn open(&self) -> usize {
        lock(&self.shared.open).len()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        // The thread that accepts is woken, and leaves.
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
        self.shared.reset();
    }
}

impl Shared {
    /// Begins to end all connections, and returns what lives as long as their threads.
    fn reset(&self) -> Vec<Weak<AtomicBool>> {
        let pairs: Vec<Pair> = lock(&self.open).drain(..).collect();
        let forwarding = pairs.iter().map(|pair| pair.forwarding.clone()).collect();
        pairs.into_iter().for_each(|pair| pair.end(Fault::Reset));
        forwarding
    }

    fn accept(self: &Arc<Self>, client: TcpStream) {
        let number = self.accepted.fetch_add(1, Ordering::SeqCst);
        let link = lock(&self.link).clone();
        if lock(&self.open).len() >= MOST {
            return;
        }
        // Without a server it is a proxy whose server is not there yet: it accepts and closes.
        let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.server)) else { return };
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let copies = || -> io::Result<_> {
            Ok((client.try_clone()?, server.try_clone()?, client.try_clone()?, server.try_clone()?))
        };
        let Ok((from_client, to_server, to_client, from_server)) = copies() else { return };
        let silent = Arc::new(AtomicBool::new(false));
        lock(&self.open).push(Pair { number, client, server, forwarding: Arc::downgrade(&silent) });
        let (upwards, muted) = (link.clone(), Arc::clone(&silent));
        let shared = Arc::clone(self);
        thread::spawn(move || {
            // The client is read also while nothing is passed on, to notice that it leaves.
            let _ = up(from_client, to_server, &upwards, &muted);
            shared.end(number, Fault::Close);
            drop(muted);
        });
        let shared = Arc::clone(self);
        thread::spawn(move || {
            let fault = down(from_server, to_client, &link);
            match fault {
                Ok(Some(Fault::Silence)) => silent.store(true, Ordering::SeqCst),
                Ok(Some(fault)) => shared.end(number, fault),
                _ => shared.end(number, Fault::Close),
            }
            drop(silent);
        });
    }

    fn end(&self, number: usize, fault: Fault) {
        let mut open = lock(&self.open);
        if let Some(place) = open.iter().position(|pair| pair.number == number) {
            open.swap_remove(place).end(fault);
        }
    }
}

impl Pair {
    fn end(self, fault: Fault) {
        if fault == Fault::Reset {
            let _ = set_socket_linger(&self.client, Some(Duration::ZERO));
        } else {
            let _ = self.client.shutdown(Shutdown::Write);
        }
        // Shutting down wakes the threads that read; the last copy that drops closes the socket.
        let _ = (self.server.shutdown(Shutdown::Both), self.client.shutdown(Shutdown::Read));
    }
}

/// From the client to the server.
fn up(mut from: TcpStream, mut to: TcpStream, link: &Link, muted: &AtomicBool) -> io::Result<()> {
    let mut bytes = [0; 16 * 1024];
    loop {
        let length = from.read(&mut bytes)?;
        if length == 0 {
            return Ok(());
        }
        if let Link::Slow(pause) = link {
            thread::sleep(*pause);
        }
        if !muted.load(Ordering::SeqCst) {
            to.write_all(&bytes[..length])?;
        }
    }
}

/// From the server to the client, up to the fault.
fn down(mut from: TcpStream, mut to: TcpStream, link: &Link) -> io::Result<Option<Fault>> {
    let mut bytes = [0; 16 * 1024];
    let mut passed: Vec<u8> = Vec::new();
    loop {
        // Before the first byte is awaited: a point at zero is reached without one.
        if let Link::Until(Point::Bytes(0), fault) = link {
            return happen(&mut to, *fault);
        }
        let length = from.read(&mut bytes)?;
        if length == 0 {
            return Ok(None);
        }
        let piece = &bytes[..length];
        match link {
            Link::Good => to.write_all(piece)?,
            Link::Slow(pause) => {
                thread::sleep(*pause);
                to.write_all(piece)?;
            }
            Link::Trickle(size, pause) => {
                for part in piece.chunks((*size).max(1)) {
                    thread::sleep(*pause);
                    to.write_all(part)?;
                }
            }
            Link::Until(point, fault) => {
                let before = passed.len();
                passed.extend_from_slice(piece);
                match point.end(&passed) {
                    Some(end) => {
                        to.write_all(&piece[..end.saturating_sub(before)])?;
                        return happen(&mut to, *fault);
                    }
                    None => to.write_all(piece)?,
                }
            }
        }
    }
}

fn happen(to: &mut TcpStream, fault: Fault) -> io::Result<Option<Fault>> {
    if fault == Fault::Garbage {
        let noise: Vec<u8> = (0..512_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        to.write_all(&noise)?;
    }
    Ok(Some(fault))
}

impl Point {
    /// Returns where the bytes reach the point, if they do.
    fn end(&self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Bytes(count) => (bytes.len() >= *count).then_some(*count),
            Self::Behind(marker) => {
                let at = bytes.windows(marker.len().max(1)).position(|window| window == *marker)?;
                Some(at + marker.len())
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
