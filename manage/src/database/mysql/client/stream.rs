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
}

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
    /// Sets the socket's time limits to what is left until the deadline.
    fn limit(&self) -> io::Result<()> {
        let Some(deadline) = self.deadline else { return Ok(()) };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.set_limits(Some(left))
    }

    fn set_limits(&self, limit: Option<Duration>) -> io::Result<()> {
        forward!(&self.socket, socket => {
            socket.set_read_timeout(limit)?;
            socket.set_write_timeout(limit)
        })
    }
}

/// The system reports a time limit as one of two kinds.
fn timed_out(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
        _ => error,
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.limit()?;
        forward!(&mut self.socket, socket => socket.read(buffer)).map_err(timed_out)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.limit()?;
        forward!(&mut self.socket, socket => socket.write(bytes)).map_err(timed_out)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream {
    pub(super) fn new(socket: Blocking, tls: Option<ClientConnection>) -> Self {
        Self { socket: Timed { socket, deadline: None }, tls: tls.map(Box::new) }
    }

    /// Sets or removes the time at which reading and writing fail with `TimedOut`.
    pub(super) fn set_deadline(&mut self, deadline: Option<Instant>) {
        if self.socket.deadline.is_some() && deadline.is_none() {
            // If this fails, the socket has failed, which the next use reports.
            let _ = self.socket.set_limits(None);
        }
        self.socket.deadline = deadline;
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
