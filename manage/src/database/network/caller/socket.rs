//! A socket that the thread that uses it drives.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use rustix::io::Errno;
use rustix::net::sockopt::socket_error;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, Shutdown, SocketAddrUnix, SocketType, connect, recv, send, shutdown,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::thread::{Direction, looks, wait_for};

/// A connected socket over TCP or in the file system. Only a future of [`run`](super::run) and its like can
/// use it; it may move to another thread between two of them.
#[derive(Debug)]
pub(crate) struct Socket {
    ready: Arc<Ready>,
    /// The number of bytes that were written since it was last marked as readable for that.
    written: usize,
}

/// After how many written bytes an empty socket is read again. A writer that never waits would otherwise not
/// notice that its peer objects.
const READ_AFTER: usize = 32 * 1024;

/// A socket, and whether its calls may succeed. After a short read it is known to be empty, and asking the
/// system again would cost a call without a result.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) socket: OwnedFd,
    reads: AtomicBool,
    writes: AtomicBool,
}

impl Ready {
    pub(super) fn set(&self, direction: Direction, is_ready: bool) {
        self.flag(direction).store(is_ready, Ordering::Relaxed);
    }

    fn get(&self, direction: Direction) -> bool {
        self.flag(direction).load(Ordering::Relaxed)
    }

    fn flag(&self, direction: Direction) -> &AtomicBool {
        match direction {
            Direction::Read => &self.reads,
            Direction::Write => &self.writes,
        }
    }
}

impl Socket {
    /// Connects over TCP. What is written is sent at once.
    pub(crate) async fn connect(address: SocketAddr) -> io::Result<Self> {
        let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let socket = Self::new(family)?;
        rustix::net::sockopt::set_tcp_nodelay(&socket, true)?;
        match connect(&socket, &address) {
            Ok(()) => Ok(socket),
            // An interrupted call continues, too.
            Err(Errno::INPROGRESS | Errno::INTR) => {
                socket.ready.set(Direction::Write, false);
                socket.connected().await?;
                Ok(socket)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Connects to a Unix socket.
    pub(crate) async fn connect_local(path: &Path) -> io::Result<Self> {
        let address = SocketAddrUnix::new(path)?;
        let socket = Self::new(AddressFamily::UNIX)?;
        match connect(&socket, &address) {
            Ok(()) => Ok(socket),
            Err(error) => Err(error.into()),
        }
    }

    fn new(family: AddressFamily) -> io::Result<Self> {
        #[cfg(not(target_vendor = "apple"))]
        let socket = {
            use rustix::net::{SocketFlags, socket_with};
            socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?
        };
        #[cfg(target_vendor = "apple")]
        let socket = {
            let socket = rustix::net::socket(family, SocketType::STREAM, None)?;
            rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
            rustix::io::ioctl_fionbio(&socket, true)?;
            rustix::net::sockopt::set_socket_nosigpipe(&socket, true)?;
            socket
        };
        Ok(Self {
            ready: Arc::new(Ready { socket, reads: AtomicBool::new(false), writes: AtomicBool::new(true) }),
            written: 0,
        })
    }

    /// Waits until the connection is established.
    async fn connected(&self) -> io::Result<()> {
        std::future::poll_fn(|_| {
            if self.ready.get(Direction::Write) { Poll::Ready(Ok(())) } else { self.wait(Direction::Write) }
        })
        .await?;
        Ok(socket_error(self)??)
    }

    /// Makes the running future wait. Fails if nothing would wake it.
    fn wait<T>(&self, direction: Direction) -> Poll<io::Result<T>> {
        self.ready.set(direction, false);
        if wait_for(&self.ready, direction) {
            return Poll::Pending;
        }
        Poll::Ready(Err(io::Error::other("the socket is used outside of the future that drives it")))
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.ready.socket.as_fd()
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.ready.get(Direction::Read) && !looks() {
            return self.wait(Direction::Read);
        }
        let space = buffer.initialize_unfilled();
        let size = space.len();
        match rustix::io::retry_on_intr(|| recv(&*self, &mut *space, RecvFlags::empty())) {
            Ok((read, _)) => {
                // At the end it stays ready, and reads nothing again.
                self.ready.set(Direction::Read, read == size || read == 0);
                buffer.advance(read);
                Poll::Ready(Ok(()))
            }
            Err(Errno::AGAIN) => self.wait(Direction::Read),
            Err(error) => Poll::Ready(Err(error.into())),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        if !self.ready.get(Direction::Write) && !looks() {
            return self.wait(Direction::Write);
        }
        #[cfg(not(target_vendor = "apple"))]
        let flags = SendFlags::NOSIGNAL;
        #[cfg(target_vendor = "apple")]
        let flags = SendFlags::empty();
        match rustix::io::retry_on_intr(|| send(&*self, buffer, flags)) {
            Ok(written) => {
                let this = self.get_mut();
                this.written = this.written.saturating_add(written);
                if this.written >= READ_AFTER {
                    this.written = 0;
                    this.ready.set(Direction::Read, true);
                }
                Poll::Ready(Ok(written))
            }
            Err(Errno::AGAIN) => self.wait(Direction::Write),
            Err(error) => Poll::Ready(Err(error.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match shutdown(&*self, Shutdown::Write) {
            // The other end has closed it already.
            Ok(()) | Err(Errno::NOTCONN) => Poll::Ready(Ok(())),
            Err(error) => Poll::Ready(Err(error.into())),
        }
    }
}
