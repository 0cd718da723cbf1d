//! The login to a MySQL server, between a client and the server.
//!
//! This module decides whether the connection is encrypted and who receives the password. Most plugins send
//! only the answer to a challenge. Only the full authentication of `caching_sha2_password` sends the
//! password: in clear text over TLS or a Unix socket, and otherwise encrypted with a public key that the
//! server, or an impostor, has sent. So this module sends it instead of the client, and does not use an
//! untrusted key.

use std::sync::Arc;
use std::{fs, io};

use mysql_common::crypto;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;

use super::client::socket::{ServerStream, Socket};
use super::packet::{DEPRECATES_EOF, Greeting, Packet, Side, Switch, TLS};
use crate::database::network::AsyncStream;
use crate::database::network::contained::unreadable;
use crate::database::network::dial::Endpoint;
use crate::database::network::tls;
use crate::database::{ConnectError, Reason};
use crate::panics;
use crate::settings::{DatabaseSettings, SslMode};

/// The length of a client's TLS request: its flags, the maximum packet size, the character set, and zeros.
const TLS_REQUEST: usize = 32;

/// The maximum length of a server's public key: one of 8192 bits has 1,400 bytes.
const LONGEST_KEY: usize = 2_048;

/// The maximum number of packets of a login.
const ROUNDS: usize = 8;

/// The only plugin that may request the password itself.
const SHA2: &str = "caching_sha2_password";

/// The parameters that allow encrypting the password with the server's public key, without TLS.
pub(super) const GET_KEY: &str = "get-server-public-key";
pub(super) const KEY_PATH: &str = "server-public-key-path";

/// The conditions of a login, known before it starts.
#[derive(Clone)]
pub(super) struct Terms {
    pub(super) settings: Arc<DatabaseSettings>,
    /// The TLS configuration, and the host name that the certificate must match.
    pub(super) tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    /// Whether a server without encryption is acceptable.
    pub(super) prefers: bool,
    /// Whether a man in the middle is impossible: the target is a Unix socket or a loopback address.
    pub(super) is_local: bool,
    /// Whether the target is a Unix socket, on which MySQL accepts the password in clear text.
    pub(super) is_socket: bool,
}

/// The reason for a failed login.
pub(super) enum Failure {
    /// The client or the server closed its end; the client reports that itself.
    Closed,
    /// The TLS handshake failed. `prefer` tries again without TLS.
    Tls(ConnectError),
    Other(ConnectError),
}

/// A session that has logged in.
pub(super) struct LoggedIn {
    pub(super) server: Side<ServerStream>,
    pub(super) deprecates_eof: bool,
}

/// Who logs in: it reads what the server sends, and answers what needs an answer.
pub(super) trait Client {
    /// Reads a packet of the server.
    async fn read(&mut self, packet: &Packet) -> io::Result<()>;

    /// Answers the last packet.
    async fn answer(&mut self) -> io::Result<Packet>;
}

/// A driver at the other end of a relay.
impl<D: AsyncStream> Client for Side<D> {
    async fn read(&mut self, packet: &Packet) -> io::Result<()> {
        self.write(&packet.0).await
    }

    async fn answer(&mut self) -> io::Result<Packet> {
        Side::read(self).await
    }
}

impl Terms {
    /// Returns the conditions at one address.
    pub(super) fn new(
        settings: &DatabaseSettings,
        config: Option<&Arc<ClientConfig>>,
        target: &Endpoint,
    ) -> Result<Self, ConnectError> {
        let is_local = match target {
            Endpoint::Ip { ip, .. } => ip.to_canonical().is_loopback(),
            Endpoint::Unix { .. } => true,
        };
        let tls = match (config, target) {
            (Some(config), Endpoint::Ip { host, .. }) => {
                let name = ServerName::try_from(host.clone()).map_err(|_| {
                    let message = "a certificate cannot be for the name of this host";
                    ConnectError::new(settings, Reason::Tls, message)
                })?;
                Some((Arc::clone(config), name))
            }
            _ => None,
        };
        Ok(Self {
            settings: Arc::new(settings.clone()),
            tls,
            prefers: settings.tls.mode == SslMode::Prefer,
            is_local,
            is_socket: matches!(target, Endpoint::Unix { .. }),
        })
    }

    /// Connects to the server.
    pub(super) async fn connect(&self, target: &Endpoint) -> Result<Socket, Failure> {
        if cfg!(not(unix)) && self.is_socket {
            let message = "there are no Unix sockets on this system";
            return Err(Failure::Other(ConnectError::new(&self.settings, Reason::Configuration, message)));
        }
        let connected = Socket::connect(target).await;
        connected.map_err(|error| Failure::Other(ConnectError::of_io(&self.settings, &error)))
    }

    fn nonsense(&self, what: &str) -> Failure {
        Failure::Other(unreadable(&self.settings, Some(what)))
    }

    /// Converts an error of the connection to the server.
    pub(super) fn lost(&self, error: &io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Failure::Closed,
            io::ErrorKind::InvalidData if error.get_ref().is_none() => {
                self.nonsense("it sent a longer packet than any log-in has")
            }
            _ => Failure::Other(ConnectError::of_io(&self.settings, error)),
        }
    }

    /// Relays the login between a client and the server until the server accepts it. An error of the server
    /// goes to the client, and the result is `None`.
    pub(super) async fn log_in(
        &self,
        client: &mut impl Client,
        server: Socket,
    ) -> Result<Option<LoggedIn>, Failure> {
        let mut server = Side::new(ServerStream::Plain(server));
        let lost = |error: io::Error| self.lost(&error);
        let closed = |_: io::Error| Failure::Closed;

        let packet = server.read().await.map_err(lost)?;
        let Some(greeting) = Greeting::read(&packet).filter(|_| !packet.is_refusal()) else {
            if !packet.is_refusal() {
                return Err(self.nonsense("it began with something else than a greeting"));
            }
            client.read(&packet).await.map_err(closed)?;
            return Ok(None);
        };
        client.read(&packet).await.map_err(closed)?;
        let mut login = client.answer().await.map_err(closed)?;
        let deprecates_eof = login.0.get(3).is_some_and(|flags| flags & DEPRECATES_EOF != 0);
        let mut is_encrypted = false;
        match &self.tls {
            Some((config, name)) if greeting.offers_tls() => {
                let flags = login.0.get_mut(1).ok_or(Failure::Closed)?;
                *flags |= TLS;
                let request = login.0.get(..TLS_REQUEST).ok_or(Failure::Closed)?;
                server.write(request).await.map_err(lost)?;
                let connector = TlsConnector::from(Arc::clone(config));
                let ServerStream::Plain(socket) = server.stream else { return Err(Failure::Closed) };
                let stream = connector.connect(name.clone(), socket).await;
                let stream = stream.map_err(|error| match tls::tls_error(&error) {
                    Some(tls) => Failure::Tls(tls::tls_failure(&self.settings, tls)),
                    None => self.lost(&error),
                })?;
                server = Side { stream: ServerStream::Tls(Box::new(stream)), number: server.number };
                is_encrypted = true;
            }
            Some(_) if !self.prefers => {
                return Err(Failure::Other(tls::not_offered(&self.settings)));
            }
            _ => {}
        }
        server.write(&login.0).await.map_err(lost)?;

        let mut nonce = greeting.nonce;
        for _ in 0..ROUNDS {
            let packet = server.read().await.map_err(lost)?;
            match packet.0.as_slice() {
                // The server has the password cached (fast authentication); the OK packet follows.
                [0x01, 0x03] => client.read(&packet).await.map_err(closed)?,
                [0x01, 0x04] => self.send_password(&mut server, &nonce, is_encrypted).await?,
                [0xfe, ..] => {
                    if let Some(switch) = Switch::read(&packet) {
                        if switch.plugin == SHA2 && !switch.is_complete() {
                            return Err(self.nonsense("it sent no challenge for the password"));
                        }
                        nonce = switch.nonce;
                    }
                    client.read(&packet).await.map_err(closed)?;
                    let answer = client.answer().await.map_err(closed)?;
                    server.write(&answer.0).await.map_err(lost)?;
                }
                [0xff, ..] => {
                    client.read(&packet).await.map_err(closed)?;
                    return Ok(None);
                }
                [0x00, ..] => {
                    client.read(&packet).await.map_err(closed)?;
                    return Ok(Some(LoggedIn { server, deprecates_eof }));
                }
                [] => return Err(self.nonsense("it sent an empty packet")),
                _ => return Err(self.nonsense("it sent a packet that belongs to no log-in")),
            }
        }
        Err(self.nonsense("its log-in has no end"))
    }

    /// Sends the password to a server that requests it.
    async fn send_password(
        &self,
        server: &mut Side<ServerStream>,
        nonce: &[u8],
        is_encrypted: bool,
    ) -> Result<(), Failure> {
        let lost = |error: io::Error| self.lost(&error);
        let password = self.settings.password.as_ref().map_or("", |password| password.expose());
        let mut password = [password.as_bytes(), &[0]].concat();
        if is_encrypted || self.is_socket {
            return server.write(&password).await.map_err(lost);
        }
        let key = match self.settings.parameters.get(KEY_PATH) {
            Some(path) => self.read_key(path)?,
            None if self.is_local || self.settings.parameters.contains_key(GET_KEY) => {
                server.write(&[0x02]).await.map_err(lost)?;
                let packet = server.read().await.map_err(lost)?;
                match packet.0.as_slice() {
                    [0x01, key @ ..] if key.len() <= LONGEST_KEY => key.to_vec(),
                    _ => return Err(self.nonsense("it sent no key to encrypt the password with")),
                }
            }
            None => return Err(Failure::Other(self.refusal())),
        };
        for (byte, nonce) in password.iter_mut().zip(nonce.iter().cycle()) {
            *byte ^= nonce;
        }
        // It panics if the key is invalid.
        let encrypted = panics::call_silently(|| crypto::encrypt(&password, &key)).map_err(|_| match self
            .settings
            .parameters
            .get(KEY_PATH)
        {
            Some(path) => self.bad_key(path, "it holds no RSA key that the password can be encrypted with"),
            None => self.nonsense("it sent no key that the password can be encrypted with"),
        })?;
        server.write(&encrypted).await.map_err(lost)
    }

    fn read_key(&self, path: &str) -> Result<Vec<u8>, Failure> {
        let size = fs::metadata(path).map(|file| if file.is_file() { file.len() } else { u64::MAX });
        match size
            .and_then(|size| if size > LONGEST_KEY as u64 { Ok(None) } else { fs::read(path).map(Some) })
        {
            Ok(Some(key)) => Ok(key),
            Ok(None) => Err(self.bad_key(path, "it is longer than any public key, or no regular file")),
            Err(error) => Err(self.bad_key(path, &error.to_string())),
        }
    }

    fn bad_key(&self, path: &str, why: &str) -> Failure {
        let message = format!("{path}: {why}");
        Failure::Other(ConnectError::new(&self.settings, Reason::Configuration, message))
    }

    /// Returns the error for a peer that could be a man in the middle and read the password.
    fn refusal(&self) -> ConnectError {
        let message = "it asks for the password itself, and the connection is not encrypted";
        ConnectError::new(&self.settings, Reason::Tls, message).with_hint(format!(
            "Turn on TLS on the server, or name the server's public key by `{KEY_PATH}`. Where nobody can sit in between, \
             `{GET_KEY}=true` trusts any key."
        ))
    }
}
