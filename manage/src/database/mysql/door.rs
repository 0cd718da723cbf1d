//! The driver's entry to the relay: a listener that accepts one connection, from this process.

use std::io;

use mysql_async::OptsBuilder;

use crate::database::network::AsyncStream;

#[cfg(not(unix))]
pub(super) use loopback::Door;
#[cfg(unix)]
pub(super) use unix_socket::Door;

/// A Unix socket, since it identifies the process that connects.
#[cfg(unix)]
mod unix_socket {
    use std::os::unix::net::UnixListener;

    use tokio::net::UnixStream;

    use super::{AsyncStream, OptsBuilder, io};
    use crate::files::random_hex;

    pub(in super::super) struct Door {
        listener: tokio::net::UnixListener,
        name: Name,
    }

    impl Door {
        pub(in super::super) fn open() -> io::Result<Self> {
            let (listener, name) = Name::bind(format!("manage-mysql-{}", random_hex()))?;
            listener.set_nonblocking(true)?;
            Ok(Self { listener: tokio::net::UnixListener::from_std(listener)?, name })
        }

        pub(in super::super) fn lead(&self, builder: OptsBuilder) -> OptsBuilder {
            builder.socket(Some(self.name.0.clone()))
        }

        pub(in super::super) async fn accept(self) -> io::Result<impl AsyncStream> {
            loop {
                let (driver, _) = self.listener.accept().await?;
                if is_this_process(&driver)? {
                    return Ok(driver);
                }
            }
        }
    }

    /// Other processes could find the name and connect.
    fn is_this_process(driver: &UnixStream) -> io::Result<bool> {
        let peer = driver.peer_cred()?;
        Ok(match peer.pid() {
            Some(pid) => u32::try_from(pid) == Ok(std::process::id()),
            // Some systems report only the user.
            None => peer.uid() == rustix::process::geteuid().as_raw(),
        })
    }

    struct Name(String);

    /// An abstract name needs no writable directory.
    #[cfg(target_os = "linux")]
    impl Name {
        fn bind(name: String) -> io::Result<(UnixListener, Self)> {
            use std::os::linux::net::SocketAddrExt as _;
            use std::os::unix::net::SocketAddr;
            let listener = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
            Ok((listener, Self(format!("\0{name}"))))
        }
    }

    #[cfg(not(target_os = "linux"))]
    impl Name {
        fn bind(name: String) -> io::Result<(UnixListener, Self)> {
            let path = std::env::temp_dir().join(name);
            let text = path.to_str().ok_or(io::ErrorKind::InvalidFilename)?.to_owned();
            Ok((UnixListener::bind(path)?, Self(text)))
        }
    }

    #[cfg(not(target_os = "linux"))]
    impl Drop for Name {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }
}

/// A loopback port. A local process that connects before the driver takes the driver's place.
#[cfg(not(unix))]
mod loopback {
    use std::net::{Ipv4Addr, SocketAddr, TcpListener};

    use super::{AsyncStream, OptsBuilder, io};

    pub(in super::super) struct Door {
        listener: tokio::net::TcpListener,
        address: SocketAddr,
    }

    impl Door {
        pub(in super::super) fn open() -> io::Result<Self> {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            Ok(Self { listener: tokio::net::TcpListener::from_std(listener)?, address })
        }

        pub(in super::super) fn lead(&self, builder: OptsBuilder) -> OptsBuilder {
            let (ip, port) = (self.address.ip(), self.address.port());
            builder.ip_or_hostname(ip.to_string()).resolved_ips(Some(vec![ip])).tcp_port(port)
        }

        pub(in super::super) async fn accept(self) -> io::Result<impl AsyncStream> {
            let (driver, _) = self.listener.accept().await?;
            driver.set_nodelay(true)?;
            Ok(driver)
        }
    }
}
