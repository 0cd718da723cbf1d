//! The listening socket: bound here, or passed by the process that started this one.

use std::io;
use std::net::SocketAddr;

use listenfd::ListenFd;
use tokio::net::{TcpListener, TcpSocket, lookup_host};

use super::ListenAddress;

/// How many clients may wait until their connection is accepted.
const BACKLOG: u32 = 1024;

/// A listening socket that does not accept connections yet.
pub(crate) struct Listening {
    pub(super) listener: TcpListener,
    /// Whether another process has bound it.
    pub(crate) was_passed: bool,
}

impl Listening {
    /// Takes over a socket that is already bound and listens.
    pub(crate) fn from_std(listener: std::net::TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self { listener: TcpListener::from_std(listener)?, was_passed: true })
    }

    /// Returns another handle to the same socket.
    pub(crate) fn try_clone(&self) -> io::Result<std::net::TcpListener> {
        #[cfg(unix)]
        {
            use std::os::fd::AsFd;
            Ok(self.listener.as_fd().try_clone_to_owned()?.into())
        }
        #[cfg(windows)]
        {
            use std::os::windows::io::AsSocket;
            Ok(self.listener.as_socket().try_clone_to_owned()?.into())
        }
    }

    /// Returns the actual address, with the port that the operating system chose for 0.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Whether other processes may listen at the same address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// The address belongs to this process.
    #[default]
    Exclusive,
    /// The kernel distributes connections among all processes that listen there: `SO_REUSEPORT`.
    ReusePort,
}

/// Binds the first available address of the host.
pub(crate) async fn listen(address: &ListenAddress, sharing: Sharing) -> io::Result<Listening> {
    let mut last = None;
    for socket_address in lookup_host((address.host.as_str(), address.port)).await? {
        match bind(socket_address, sharing) {
            Ok(listener) => return Ok(Listening { listener, was_passed: false }),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| io::Error::new(io::ErrorKind::AddrNotAvailable, "the name has no address")))
}

fn bind(address: SocketAddr, sharing: Sharing) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // On Windows this option would allow another process to take the address.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    if sharing == Sharing::ReusePort {
        reuse_port(&socket)?;
    }
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

#[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos", target_os = "cygwin"))))]
fn reuse_port(socket: &TcpSocket) -> io::Result<()> {
    socket.set_reuseport(true)
}

#[cfg(not(all(unix, not(any(target_os = "solaris", target_os = "illumos", target_os = "cygwin")))))]
fn reuse_port(_: &TcpSocket) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this operating system has no SO_REUSEPORT"))
}

/// Takes the listening socket that the parent process has passed, as systemd does for a socket unit
/// (`LISTEN_FDS`, `LISTEN_PID`). Returns `None` if it has passed none.
///
/// It removes both variables, so that no child of this process tries to take the socket as well. A second
/// call returns `None`.
pub(crate) fn inherited() -> io::Result<Option<std::net::TcpListener>> {
    let mut passed = ListenFd::from_env();
    let invalid = |text: String| io::Error::new(io::ErrorKind::InvalidInput, text);
    match passed.len() {
        0 => return Ok(None),
        1 => {}
        // Serving only the first would leave the clients of the others without an answer.
        count => return Err(invalid(format!("{count} sockets were passed, and only one can be served"))),
    }
    let listener = passed.take_tcp_listener(0)?;
    if let Some(listener) = &listener
        && !is_listening(listener)
    {
        return Err(invalid("the socket that was passed does not listen".to_owned()));
    }
    Ok(listener)
}

#[cfg(unix)]
fn is_listening(listener: &std::net::TcpListener) -> bool {
    // An operating system that does not know is believed.
    rustix::net::sockopt::socket_acceptconn(listener).unwrap_or(true)
}

#[cfg(not(unix))]
fn is_listening(_: &std::net::TcpListener) -> bool {
    true
}
