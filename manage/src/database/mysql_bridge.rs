//! Encrypts a connection to a MySQL server for the driver, which verifies certificates in a way of its own that cannot be changed:
//! it takes no certificate that is itself trusted, none of the first version, and none without names but the common name.
//!
//! The driver connects to a socket in a directory that only this user may enter. What it sends there is encrypted and forwarded,
//! and the server's answers come back. Until the login is done the packets are renumbered: the server counts the request for
//! encryption, which the driver does not make.

use std::fs::DirBuilder;
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mysql_async::{Error, OptsBuilder};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::TlsConnector;

use super::background::Background;
use super::tls::{self, Kept, client_config};
use super::{ConnectError, Reason};
use crate::settings::DatabaseSettings;

/// The flag of a server that offers encryption, and of a client that wants it, in the second byte of each.
const SSL: u8 = 0x08;

/// What a client says first with encryption: its flags, the longest packet, the character set, and zeros.
const SSL_REQUEST: usize = 32;

/// Longer packets are no part of a login.
const LONGEST: usize = 1 << 16;

/// Connects by way of a bridge to the server at this address.
pub(super) async fn connect<C>(
    settings: &DatabaseSettings,
    connect: &impl AsyncFn(OptsBuilder) -> Result<C, Error>,
    builder: OptsBuilder,
    (host, ip, port): (&str, IpAddr, u16),
    connect_error: impl FnOnce(&Error) -> ConnectError,
) -> Result<C, ConnectError> {
    static KEPT: Kept<Arc<ClientConfig>> = Kept::new();
    let config = KEPT.get(settings, || client_config(settings).map(Arc::new))?;
    let name = ServerName::try_from(host.to_owned()).map_err(|_| {
        let message = format!("a certificate cannot be for the name {host}");
        ConnectError::new(settings, Reason::Configuration, message)
    })?;
    let local = |error: io::Error| ConnectError::of_io(settings, &error);
    let directory = Directory::create().map_err(local)?;
    let listener = directory.listen().map_err(local)?;
    let (failed, failure) = oneshot::channel();
    drop(Background.spawn(async move {
        if let Err(error) = carry(listener, config, name, (ip, port)).await {
            // Nothing receives it once the driver has logged in.
            let _ = failed.send(error);
        }
    }));
    let result = connect(builder.socket(Some(directory.socket().to_string_lossy()))).await;
    let error = match result {
        Ok(connection) => return Ok(connection),
        Err(error) => error,
    };
    // The bridge says what went wrong before it lets go of the driver's socket.
    let mut failure = failure;
    Err(match failure.try_recv() {
        Ok(cause) => match tls::tls_error(&cause) {
            Some(tls) => tls::tls_failure(settings, tls),
            None => ConnectError::of_io(settings, &cause),
        },
        Err(_) => connect_error(&error),
    })
}

/// A directory with one socket, which goes with this value.
struct Directory(PathBuf);

impl Directory {
    fn create() -> io::Result<Self> {
        use std::hash::{BuildHasher as _, Hasher as _, RandomState};
        let number = RandomState::new().build_hasher().finish();
        let path = std::env::temp_dir().join(format!("manage-{number:016x}"));
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    fn socket(&self) -> PathBuf {
        self.0.join("mysql")
    }

    fn listen(&self) -> io::Result<UnixListener> {
        let listener = UnixListener::bind(self.socket())?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.socket());
        let _ = std::fs::remove_dir(&self.0);
    }
}

/// Carries one connection of the driver's to the server, until one of them ends it.
async fn carry(
    listener: UnixListener,
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    address: (IpAddr, u16),
) -> io::Result<()> {
    let (mut driver, _) = tokio::net::UnixListener::from_std(listener)?.accept().await?;
    let mut server = TcpStream::connect(address).await?;
    server.set_nodelay(true)?;
    rustix::net::sockopt::set_socket_keepalive(&server, true)?;
    rustix::net::sockopt::set_tcp_keepidle(&server, Duration::from_secs(60))?;

    let greeting = Packet::read(&mut server).await?;
    greeting.write(&mut driver, 0).await?;
    if greeting.is_refusal() {
        return Ok(());
    }
    let mut login = Packet::read(&mut driver).await?;
    let flags = login.body.get_mut(1).ok_or(io::ErrorKind::InvalidData)?;
    *flags |= SSL;
    let request = login.body.get(..SSL_REQUEST).ok_or(io::ErrorKind::InvalidData)?.to_vec();
    Packet { number: 1, body: request }.write(&mut server, 0).await?;
    let mut server = TlsConnector::from(config).connect(name, server).await?;
    login.write(&mut server, 1).await?;
    loop {
        let answer = Packet::read(&mut server).await?;
        answer.write(&mut driver, -1).await?;
        if answer.is_refusal() {
            return Ok(());
        }
        if answer.is_last() {
            break;
        }
        // "The password is known here": the end follows by itself.
        if answer.body != [1, 3] {
            Packet::read(&mut driver).await?.write(&mut server, 1).await?;
        }
    }
    // From here on the driver notices by itself how the connection ends.
    let _ = copy_bidirectional(&mut driver, &mut server).await;
    Ok(())
}

/// A packet of a login: three bytes of its length, its number, and the rest.
struct Packet {
    number: u8,
    body: Vec<u8>,
}

impl Packet {
    async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let mut header = [0; 4];
        stream.read_exact(&mut header).await?;
        let [low, middle, high, number] = header;
        let length = u32::from_le_bytes([low, middle, high, 0]) as usize;
        if length > LONGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        Ok(Self { number, body })
    }

    async fn write(&self, stream: &mut (impl AsyncWrite + Unpin), shift: i8) -> io::Result<()> {
        let length = u32::try_from(self.body.len()).map_err(io::Error::other)?;
        let [low, middle, high, _] = length.to_le_bytes();
        let header = [low, middle, high, self.number.wrapping_add_signed(shift)];
        stream.write_all(&[&header[..], &self.body].concat()).await?;
        stream.flush().await
    }

    fn is_refusal(&self) -> bool {
        self.body.first() == Some(&0xff)
    }

    /// Whether it ends the login.
    fn is_last(&self) -> bool {
        self.body.first() == Some(&0x00)
    }
}
