//! A socket that keeps to a deadline, encrypted if asked for.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::resolve::{NoAddress, resolve};
use crate::database::{ConnectError, Reason};
#[cfg(feature = "network")]
use crate::database::{Trusted, explain_tls};

/// How long an address is waited for while there is another one to try.
const PATIENT_FOR: Duration = Duration::from_millis(250);

/// A connection whose every step ends at the deadline.
pub(super) enum Stream {
    Plain(Timed),
    #[cfg(feature = "network")]
    Tls(Box<rustls::StreamOwned<rustls::ClientConnection, Timed>>),
}

pub(super) struct Timed {
    socket: TcpStream,
    until: Instant,
}

impl Timed {
    fn left(&self) -> io::Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

/// A socket's own time limit shows as `WouldBlock` on Unix.
fn late(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::WouldBlock { io::ErrorKind::TimedOut.into() } else { error }
}

impl Read for Timed {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.socket.set_read_timeout(Some(self.left()?))?;
        self.socket.read(bytes).map_err(late)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.set_write_timeout(Some(self.left()?))?;
        self.socket.write(bytes).map_err(late)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream {
    /// Connects to one of the host's addresses.
    pub(super) fn open(
        name: &str,
        host: &str,
        port: u16,
        tls: bool,
        until: Instant,
    ) -> Result<Self, ConnectError> {
        let socket = connect(host, port, until).map_err(|error| error.told(name))?;
        let timed = Timed { socket, until };
        if !tls {
            return Ok(Self::Plain(timed));
        }
        #[cfg(feature = "network")]
        return encrypted(name, host, timed);
        #[cfg(not(feature = "network"))]
        Err(ConnectError::of_service(name, Reason::NotCompiledIn, "it was built without TLS"))
    }

    /// Reads up to the first newline, which it leaves out, with the carriage return before it.
    pub(super) fn line(&mut self) -> io::Result<Vec<u8>> {
        const LONGEST: usize = 4096;
        let mut line = Vec::new();
        let mut byte = [0];
        while line.len() < LONGEST {
            self.read_exact(&mut byte)?;
            match byte[0] {
                b'\n' => break,
                byte => line.push(byte),
            }
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(line)
    }
}

impl Read for Stream {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(bytes),
            #[cfg(feature = "network")]
            Self::Tls(stream) => stream.read(bytes),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            #[cfg(feature = "network")]
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            #[cfg(feature = "network")]
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// Why there is no socket.
pub(in super::super) enum NoSocket {
    Address(NoAddress),
    Io(io::Error),
}

impl NoSocket {
    fn told(self, name: &str) -> ConnectError {
        match self {
            Self::Address(NoAddress::Unknown(message)) => {
                ConnectError::of_service(name, Reason::UnknownHost, message)
            }
            Self::Address(NoAddress::TooLate) => {
                ConnectError::of_service(name, Reason::TimedOut, "looking up its name took too long")
            }
            Self::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
                ConnectError::of_service(name, Reason::TimedOut, "nothing answers at its address")
            }
            Self::Io(error) => {
                let told = ConnectError::of_service_tcp(name, &error);
                match told.reason {
                    Reason::Refused => told
                        .with_hint("Is the server running? Its address is that of the URL behind `--for`."),
                    _ => told,
                }
            }
        }
    }
}

/// Connects to the first address that accepts. As long as there are others, an address that is silent is left for the next
/// after a moment, and tried again when all have had one: it may be far away. The error is a refusal only if no address
/// was silent.
pub(in super::super) fn connect(host: &str, port: u16, until: Instant) -> Result<TcpStream, NoSocket> {
    let mut addresses = resolve(host, port, until).map_err(NoSocket::Address)?;
    let too_late = || NoSocket::Io(io::ErrorKind::TimedOut.into());
    let mut last = None;
    for round in 0..2 {
        let mut silent = Vec::new();
        for (i, address) in addresses.iter().enumerate() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(too_late());
            }
            let patience = match (addresses.len(), round) {
                (1, _) => left,
                (many, 0) => PATIENT_FOR.min(left / u32::try_from(many).unwrap_or(u32::MAX)),
                (many, _) => left / u32::try_from(many - i).unwrap_or(u32::MAX),
            };
            match TcpStream::connect_timeout(address, patience.max(Duration::from_millis(1))) {
                Ok(socket) => return Ok(socket),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => silent.push(*address),
                Err(error) => last = Some(error),
            }
        }
        addresses = silent;
        if addresses.is_empty() {
            break;
        }
    }
    Err(last.filter(|_| addresses.is_empty()).map_or_else(too_late, NoSocket::Io))
}

#[cfg(feature = "network")]
fn encrypted(name: &str, host: &str, mut timed: Timed) -> Result<Stream, ConnectError> {
    let told = |error: &rustls::Error| {
        if matches!(error, rustls::Error::InvalidMessage(_)) {
            return ConnectError::of_service(name, Reason::WrongService, "it does not speak TLS");
        }
        let (message, hint) = explain_tls(error, Trusted::System);
        let told = ConnectError::of_service(name, Reason::Tls, message);
        ConnectError { hint, ..told }
    };
    let config = crate::database::trusting_config(name)?;
    let server = rustls::pki_types::ServerName::try_from(host.to_owned())
        .map_err(|error| ConnectError::of_service(name, Reason::Configuration, error.to_string()))?;
    let mut session = rustls::ClientConnection::new(config, server).map_err(|error| told(&error))?;
    while session.is_handshaking() {
        if let Err(error) = session.complete_io(&mut timed) {
            return Err(match crate::database::tls_error(&error) {
                Some(tls) => told(tls),
                None => ConnectError::of_service_io(name, &error),
            });
        }
    }
    Ok(Stream::Tls(Box::new(rustls::StreamOwned::new(session, timed))))
}
