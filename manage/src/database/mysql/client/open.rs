//! Opens sessions: connects, logs in, and sets the session up.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use mysql_common::constants::CapabilityFlags;
use mysql_common::packets::{AuthPlugin, HandshakeResponse};
use mysql_common::proto::MySerialize as _;
use rustls::ClientConfig;

use super::super::connection::unsupported;
use super::super::guard::{HEAD, Next, Refusal, STRICT};
use super::super::login::{Client, Failure, LoggedIn, Terms};
use super::super::packet::{Greeting, Packet, Side, Switch};
use super::super::session::SESSION;
use super::channel::Flags;
use super::error::Error;
use super::session::Session;
use crate::database::network::dial::Endpoint;
use crate::database::{ConnectError, Reason};
use crate::settings::DatabaseSettings;

/// What this client can do. The number of rows that an UPDATE matched counts, as on every backend.
const CAPABILITIES: CapabilityFlags = CapabilityFlags::CLIENT_PROTOCOL_41
    .union(CapabilityFlags::CLIENT_SECURE_CONNECTION)
    .union(CapabilityFlags::CLIENT_LONG_PASSWORD)
    .union(CapabilityFlags::CLIENT_TRANSACTIONS)
    .union(CapabilityFlags::CLIENT_MULTI_STATEMENTS)
    .union(CapabilityFlags::CLIENT_MULTI_RESULTS)
    .union(CapabilityFlags::CLIENT_PS_MULTI_RESULTS)
    .union(CapabilityFlags::CLIENT_DEPRECATE_EOF)
    .union(CapabilityFlags::CLIENT_PLUGIN_AUTH)
    .union(CapabilityFlags::CLIENT_CONNECT_WITH_DB)
    .union(CapabilityFlags::CLIENT_FOUND_ROWS);

/// The longest packet that this client reads.
const LONGEST: u32 = 1 << 30;

/// The length of a challenge of `client_ed25519`, and of the other plugins.
const LONG_CHALLENGE: usize = 32;
const CHALLENGE: usize = 20;

/// Opens a session at one address. Its answers must be short until its flags allow others.
pub(in crate::database::mysql) async fn open(
    settings: &DatabaseSettings,
    tls: Option<&Arc<ClientConfig>>,
    target: &Endpoint,
) -> Result<Session, Failure> {
    let terms = Terms::new(settings, tls, target).map_err(Failure::Other)?;
    let socket = terms.connect(target).await?;
    let mut user = User::new(settings);
    let logged_in = terms.log_in(&mut user, socket).await;
    let session = match (logged_in, user.failure) {
        (_, Some(failure)) => return Err(Failure::Other(failure)),
        (Ok(Some(session)), None) => session,
        (Err(Failure::Closed) | Ok(None), None) => {
            return Err(Failure::Other(ConnectError::of_silence(settings, Reason::Closed, "")));
        }
        (Err(failure), None) => return Err(failure),
    };
    let LoggedIn { mut server, deprecates_eof } = session;
    let connection = user.connection;
    let failed = |error: Error| Failure::Other(error.into_connect_error(settings));
    set_up(&mut server, deprecates_eof).await.map_err(failed)?;
    let stream = server.stream.into_blocking().map_err(|error| failed(error.into()))?;
    let flags = Flags { is_strict: AtomicBool::new(true), ..Flags::default() };
    Ok(Session::new(stream, Arc::new(flags), deprecates_eof).at(connection, target))
}

/// Sets the session's variables.
async fn set_up(server: &mut Side<super::socket::ServerStream>, deprecates_eof: bool) -> Result<(), Error> {
    server.number = 0;
    server.write(&[b"\x03", SESSION.as_bytes()].concat()).await?;
    let mut next = Next::Result;
    for _ in 0..STRICT.packets {
        let Packet(body) = server.read().await.map_err(too_much)?;
        if body.first() == Some(&0xff) {
            return Err(Error::read(&body));
        }
        next = next.after(&body[..body.len().min(HEAD)], body.len(), deprecates_eof, STRICT.columns)?;
        if next == Next::Nothing {
            return Ok(());
        }
    }
    Err(Refusal::TooMuch.into())
}

/// A packet that is too long is one of the server's making.
fn too_much(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::InvalidData { Refusal::TooMuch.into() } else { error.into() }
}

/// The user of the settings, who logs in.
struct User<'a> {
    settings: &'a DatabaseSettings,
    capabilities: CapabilityFlags,
    plugin: AuthPlugin<'static>,
    challenge: Vec<u8>,
    is_greeted: bool,
    /// The number of the connection on the server.
    connection: u32,
    failure: Option<ConnectError>,
}

impl<'a> User<'a> {
    fn new(settings: &'a DatabaseSettings) -> Self {
        Self {
            settings,
            capabilities: CAPABILITIES,
            plugin: AuthPlugin::MysqlNativePassword,
            challenge: Vec::new(),
            is_greeted: false,
            connection: 0,
            failure: None,
        }
    }

    fn password(&self) -> Option<&'a str> {
        self.settings.password.as_ref().map(|password| password.expose())
    }

    /// Reads which plugin the server wants instead.
    fn switch(&mut self, packet: &Packet) {
        let Some(switch) = Switch::read(packet) else {
            self.plugin = AuthPlugin::MysqlOldPassword;
            return;
        };
        self.plugin = AuthPlugin::from_bytes(switch.plugin.as_bytes()).into_owned();
        let length = if self.plugin == AuthPlugin::Ed25519 { LONG_CHALLENGE } else { CHALLENGE };
        self.challenge = switch.data.into_iter().take(length).collect();
    }

    /// Returns why this user cannot log in by the plugin.
    fn unsupported(&self) -> Option<String> {
        match &self.plugin {
            AuthPlugin::MysqlOldPassword => {
                Some("the account's password is hashed as MySQL did before 4.1".to_owned())
            }
            AuthPlugin::MysqlClearPassword => {
                Some("the account's plugin takes the password only in clear text".to_owned())
            }
            AuthPlugin::Other(name) => {
                Some(format!("the account logs in by the plugin {}", String::from_utf8_lossy(name)))
            }
            _ => None,
        }
    }
}

impl Client for User<'_> {
    async fn read(&mut self, packet: &Packet) -> io::Result<()> {
        if packet.is_refusal() {
            self.failure = Some(Error::read(&packet.0).into_connect_error(self.settings));
        } else if !self.is_greeted
            && let Some(greeting) = Greeting::read(packet)
        {
            self.capabilities &= CapabilityFlags::from_bits_truncate(greeting.capabilities);
            // The server does not know yet who logs in, and names another plugin after that.
            if greeting.plugin == AuthPlugin::CachingSha2Password.as_bytes() {
                self.plugin = AuthPlugin::CachingSha2Password;
            }
            self.challenge = greeting.nonce;
            self.connection = greeting.connection;
        } else if packet.0.first() == Some(&0xfe) {
            self.switch(packet);
        }
        Ok(())
    }

    async fn answer(&mut self) -> io::Result<Packet> {
        if let Some(message) = self.unsupported() {
            self.failure = Some(unsupported(self.settings, &message));
            return Err(io::ErrorKind::Unsupported.into());
        }
        let data = self.plugin.gen_data(self.password(), &self.challenge);
        if std::mem::replace(&mut self.is_greeted, true) {
            return Ok(Packet(data.as_deref().unwrap_or_default().to_vec()));
        }
        let mut packet = Vec::new();
        HandshakeResponse::new(
            data.as_deref(),
            // From this version on it asks for utf8mb4.
            (5, 5, 3),
            self.settings.user.as_deref().map(str::as_bytes),
            Some(self.settings.name.as_bytes()),
            Some(self.plugin.borrow()),
            self.capabilities,
            None,
            LONGEST,
        )
        .serialize(&mut packet);
        Ok(Packet(packet))
    }
}
