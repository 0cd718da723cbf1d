//! A log-in to PostgreSQL and questions, spoken by ourselves: for a probe.
//!
//! The driver hashes a password with four times the work that it takes, which is most of what a waiter does when a server
//! appears. Messages, MD5 and TLS are still the libraries'.

mod scram;
mod wire;

use std::time::Duration;

use diesel_async::async_connection_wrapper::BlockOn;
use fallible_iterator::FallibleIterator;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::message::backend::{AuthenticationSaslBody, Message};
use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

use self::scram::Scram;
use self::wire::{Anything, Trouble, Wire};
use super::background::Background;
use super::dial::{Target, dial};
use super::postgres::config;
use super::postgres_tls::connector;
use super::{ConnectError, Reason, tls};
use crate::settings::{DatabaseSettings, SslMode};

/// A session of which something can be asked.
pub(super) struct Login {
    wire: Wire,
    says_goodbye: bool,
}

impl Login {
    const GOODBYE: Duration = Duration::from_millis(100);

    /// Whether it can do all that these settings ask for. It does not bind a password to an encrypted channel.
    pub(super) fn can(settings: &DatabaseSettings) -> bool {
        settings.parameters.get("channel_binding").is_none_or(|value| value != "require")
    }

    /// Connects, within the settings' time limit.
    pub(super) fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        let config = config(settings)?;
        let user = config.get_user().unwrap_or_default();
        let tls = match settings.tls.mode {
            SslMode::Disable => None,
            _ => Some(connector(settings)?),
        };
        let open = async |target: &Target| attempt(settings, user, tls.clone(), target).await;
        let wire = Background.block_on(dial(settings, open))?;
        Ok(Self { wire, says_goodbye: true })
    }

    /// The first column of the rows that a question has for an answer. It gives up after a time.
    pub(super) fn ask(
        &mut self,
        settings: &DatabaseSettings,
        limit: Duration,
        question: &str,
    ) -> Result<Vec<String>, ConnectError> {
        let asked = async { tokio::time::timeout(limit, rows(&mut self.wire, question)).await };
        let answer = Background.block_on(asked);
        // A server that does not answer a question will not answer a goodbye.
        self.says_goodbye = answer.is_ok();
        match answer {
            Ok(answer) => answer.map_err(|trouble| trouble.into_error(settings)),
            Err(_) => Err(ConnectError::new(
                settings,
                Reason::TimedOut,
                "it accepts connections and answers no query",
            )),
        }
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        if self.says_goodbye {
            let goodbye = async {
                frontend::terminate(self.wire.outgoing());
                let _ = self.wire.send().await;
                let _ = self.wire.shutdown().await;
            };
            let _ = Background.block_on(async { tokio::time::timeout(Self::GOODBYE, goodbye).await });
        }
    }
}

/// One attempt at one address. `prefer` without success tries again without encryption, as libpq does.
async fn attempt(
    settings: &DatabaseSettings,
    user: &str,
    tls: Option<MakeRustlsConnect>,
    target: &Target,
) -> Result<Wire, ConnectError> {
    let told = |trouble: Trouble| trouble.into_error(settings);
    let io = |error: std::io::Error| ConnectError::of_io(settings, &error);
    let (host, ip, port) = match target {
        Target::Ip { host, ip, port } => (host, *ip, *port),
        Target::Unix { path, port } => {
            let socket = unix(&path.join(format!(".s.PGSQL.{port}"))).await.map_err(io)?;
            return login(Wire::new(socket), settings, user).await.map_err(told);
        }
    };
    let connect = async || {
        let socket = TcpStream::connect((ip, port)).await?;
        socket.set_nodelay(true)?;
        Ok(socket)
    };
    let mut socket = connect().await.map_err(io)?;
    let Some(mut tls) = tls else {
        return login(Wire::new(Box::new(socket)), settings, user).await.map_err(told);
    };
    let prefers = settings.tls.mode == SslMode::Prefer;
    if !offers_tls(&mut socket).await.map_err(told)? {
        if !prefers {
            return Err(ConnectError::new(settings, Reason::Tls, "the server does not offer encryption"));
        }
        return login(Wire::new(Box::new(socket)), settings, user).await.map_err(told);
    }
    let Ok(tls) = MakeTlsConnect::<TcpStream>::make_tls_connect(&mut tls, host);
    let error = match tls.connect(socket).await {
        Ok(stream) => match login(Wire::new(Box::new(stream)), settings, user).await {
            Ok(wire) => return Ok(wire),
            Err(trouble) => told(trouble),
        },
        Err(error) => match tls::tls_error(&error) {
            Some(tls) => super::tls::tls_failure(settings, tls),
            None => io(error),
        },
    };
    let refused_so = error.reason == Reason::Tls || error.code.as_deref() == Some("28000");
    if !(prefers && refused_so) {
        return Err(error);
    }
    let socket = connect().await.map_err(io)?;
    login(Wire::new(Box::new(socket)), settings, user).await.map_err(told)
}

#[cfg(unix)]
async fn unix(path: &std::path::Path) -> std::io::Result<Box<dyn Anything>> {
    Ok(Box::new(tokio::net::UnixStream::connect(path).await?))
}

#[cfg(not(unix))]
async fn unix(_path: &std::path::Path) -> std::io::Result<Box<dyn Anything>> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// Asks for encryption. The server answers with one letter, before it says anything else.
async fn offers_tls(socket: &mut TcpStream) -> Result<bool, Trouble> {
    let mut request = bytes::BytesMut::new();
    frontend::ssl_request(&mut request);
    socket.write_all(&request).await?;
    match socket.read_u8().await? {
        b'S' => Ok(true),
        b'N' => Ok(false),
        // A server that cannot start a session for us says so in place of the letter.
        b'E' => Err(Wire::complaint(socket).await),
        _ => Err(Trouble::Strange("what answers there does not speak PostgreSQL's protocol".to_owned())),
    }
}

/// From the first message to the moment when the server takes queries.
async fn login(mut wire: Wire, settings: &DatabaseSettings, user: &str) -> Result<Wire, Trouble> {
    let database = if settings.name.is_empty() { user } else { &settings.name };
    let mut parameters = vec![("client_encoding", "UTF8"), ("user", user), ("database", database)];
    let passed_on = settings.parameters.iter().filter(|(name, _)| *name != "channel_binding");
    parameters.extend(passed_on.map(|(name, value)| (name.as_str(), value.as_str())));
    frontend::startup_message(parameters, wire.outgoing())?;
    wire.send().await?;
    let password = || match &settings.password {
        Some(password) => Ok(password.expose().as_bytes()),
        None => Err(Trouble::Login("the server asks for a password, and none is set".to_owned())),
    };
    loop {
        match wire.next().await? {
            Message::AuthenticationCleartextPassword => {
                frontend::password_message(password()?, wire.outgoing())?;
                wire.send().await?;
            }
            Message::AuthenticationMd5Password(body) => {
                let hash = md5_hash(user.as_bytes(), password()?, body.salt());
                frontend::password_message(hash.as_bytes(), wire.outgoing())?;
                wire.send().await?;
            }
            Message::AuthenticationSasl(body) => sasl(&mut wire, &body, password()?).await?,
            Message::AuthenticationOk | Message::BackendKeyData(_) => {}
            Message::ReadyForQuery(_) => return Ok(wire),
            Message::AuthenticationKerberosV5
            | Message::AuthenticationScmCredential
            | Message::AuthenticationGss
            | Message::AuthenticationSspi => {
                let message = "the server asks for a way to log in that is not supported";
                return Err(Trouble::Login(message.to_owned()));
            }
            _ => return Err(Trouble::unexpected()),
        }
    }
}

async fn sasl(wire: &mut Wire, offer: &AuthenticationSaslBody, password: &[u8]) -> Result<(), Trouble> {
    let mut mechanisms = offer.mechanisms();
    let mut known = false;
    while let Some(mechanism) = mechanisms.next()? {
        known |= mechanism == Scram::MECHANISM;
    }
    if !known {
        return Err(Trouble::Login("the server asks for a SASL mechanism that is not supported".to_owned()));
    }
    let scram = Scram::new().ok_or_else(|| Trouble::Login("the system has no random numbers".to_owned()))?;
    frontend::sasl_initial_response(Scram::MECHANISM, scram.first().as_bytes(), wire.outgoing())?;
    wire.send().await?;
    let Message::AuthenticationSaslContinue(challenge) = wire.next().await? else {
        return Err(Trouble::unexpected());
    };
    let (proof, signature) = scram.answer(challenge.data(), password).map_err(Trouble::Login)?;
    frontend::sasl_response(proof.as_bytes(), wire.outgoing())?;
    wire.send().await?;
    let Message::AuthenticationSaslFinal(last) = wire.next().await? else {
        return Err(Trouble::unexpected());
    };
    if last.data() != signature.as_bytes() {
        return Err(Trouble::Login("the server does not know the password itself".to_owned()));
    }
    Ok(())
}

async fn rows(wire: &mut Wire, question: &str) -> Result<Vec<String>, Trouble> {
    frontend::query(question, wire.outgoing())?;
    wire.send().await?;
    let mut rows = Vec::new();
    loop {
        match wire.next().await? {
            Message::DataRow(body) => {
                let first = body.ranges().next()?.flatten();
                let text = first.and_then(|range| body.buffer().get(range));
                rows.extend(text.map(|text| String::from_utf8_lossy(text).into_owned()));
            }
            Message::ReadyForQuery(_) => return Ok(rows),
            Message::RowDescription(_) | Message::CommandComplete(_) | Message::EmptyQueryResponse => {}
            _ => return Err(Trouble::unexpected()),
        }
    }
}
