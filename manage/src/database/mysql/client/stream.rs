//! The connection to the server after login: the caller's thread reads and writes, and nobody between two
//! statements. A second thread would cost two switches for each statement.

use std::io::{self, Read, Write};
use std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustls::ClientConnection;

/// A blocking socket.
#[derive(Debug)]
pub(super) enum Blocking {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

/// A blocking socket, encrypted or not, with a deadline.
#[derive(Debug)]
pub(in crate::database::mysql) struct Stream {
    socket: Timed,
    tls: Option<Box<ClientConnection>>,
}

#[derive(Debug)]
struct Timed {
    socket: Blocking,
    /// Without one a read waits for as long as the server takes.
    deadline: Option<Instant>,
    /// The time limit of the socket: each call of the system that waits longer ends, and is repeated.
    limit: Option<Duration>,
    /// When something was sent last, before a deadline.
    sent: Option<Instant>,
}

/// The time limit of a socket whose deadline is further away than that. To set another one for each statement
/// would cost two calls of the system.
const TICK: Duration = Duration::from_secs(1);

/// How the system reports that a call has reached the time limit of its socket.
const WAITED: io::ErrorKind = if cfg!(windows) { io::ErrorKind::TimedOut } else { io::ErrorKind::WouldBlock };

/// Calls a method of the socket inside.
macro_rules! forward {
    ($socket:expr, $inner:ident => $call:expr) => {
        match $socket {
            Blocking::Tcp($inner) => $call,
            #[cfg(unix)]
            Blocking::Unix($inner) => $call,
        }
    };
}

impl Timed {
    /// Lets the socket wait until the deadline, but no longer than a tick.
    fn limit(&mut self) -> io::Result<()> {
        let Some(deadline) = self.deadline else { return Ok(()) };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let limit = Some(left.min(TICK));
        if self.limit != limit {
            forward!(&self.socket, socket => {
                socket.set_read_timeout(limit)?;
                socket.set_write_timeout(limit)
            })?;
            self.limit = limit;
        }
        Ok(())
    }

    /// Repeats a call of the system until it succeeds, or the deadline is reached.
    fn until_deadline(
        &mut self,
        mut call: impl FnMut(&mut Blocking) -> io::Result<usize>,
    ) -> io::Result<usize> {
        loop {
            self.limit()?;
            match call(&mut self.socket) {
                Err(error) if error.kind() == WAITED && self.limit.is_some() => {}
                result => return result,
            }
        }
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.until_deadline(|socket| forward!(socket, socket => socket.read(buffer)))
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sent = self.deadline.map(|_| Instant::now());
        self.until_deadline(|socket| forward!(socket, socket => socket.write(bytes)))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream {
    pub(super) fn new(socket: Blocking, tls: Option<ClientConnection>) -> Self {
        Self { socket: Timed { socket, deadline: None, limit: None, sent: None }, tls: tls.map(Box::new) }
    }

    /// Sets or removes the time at which reading and writing fail with `TimedOut`.
    pub(super) fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.socket.deadline = deadline;
    }

    /// Returns when something was sent last, if there is a deadline.
    pub(super) fn sent(&self) -> Option<Instant> {
        self.socket.sent
    }

    /// Returns whether nothing has arrived. While no statement runs, whatever arrives means that the server
    /// ends the session.
    pub(super) fn is_silent(&self) -> bool {
        #[cfg(unix)]
        let peeked = {
            use rustix::net::{RecvFlags, recv};
            let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
            forward!(&self.socket.socket, socket => recv(socket, &mut [0], flags))
                .map(drop)
                .map_err(io::Error::from)
        };
        #[cfg(not(unix))]
        let peeked = {
            let Blocking::Tcp(socket) = &self.socket.socket;
            let peeked = socket.set_nonblocking(true).and_then(|()| socket.peek(&mut [0])).map(drop);
            if socket.set_nonblocking(false).is_err() {
                return false;
            }
            peeked
        };
        peeked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Ends the encryption, so that the other side does not take the end for an attack.
    pub(super) fn close(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            let _ = tls.write_tls(&mut self.socket);
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.socket.read(buffer),
            Some(tls) => rustls::Stream::new(&mut **tls, &mut self.socket).read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.socket.write(bytes),
            Some(tls) => rustls::Stream::new(&mut **tls, &mut self.socket).write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.tls {
            None => Ok(()),
            Some(tls) => rustls::Stream::new(&mut **tls, &mut self.socket).flush(),
        }
    }
}
