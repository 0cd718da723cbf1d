//! Messages over a stream, and what can go wrong with them.

use std::io;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::{ErrorResponseBody, Message};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::database::{ConnectError, Reason};
use crate::settings::DatabaseSettings;

/// A socket, encrypted or not.
pub(super) trait Anything: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Anything for T {}

/// More than any message before and after a log-in has.
const LONGEST: usize = 1 << 20;

/// Why there is no session, or no answer.
pub(super) enum Trouble {
    Io(io::Error),
    /// What the server says.
    Server {
        code: String,
        message: String,
    },
    /// It is about how to log in.
    Login(String),
    /// It is no PostgreSQL, or a broken one.
    Strange(String),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => Self::Strange(error.to_string()),
            _ => Self::Io(error),
        }
    }
}

impl Trouble {
    pub(super) fn unexpected() -> Self {
        Self::Strange("the server sent a message that does not belong here".to_owned())
    }

    pub(super) fn into_error(self, settings: &DatabaseSettings) -> ConnectError {
        match self {
            Self::Io(error) => match crate::database::tls_error(&error) {
                Some(tls) => crate::database::tls::tls_failure(settings, tls),
                None if error.kind() == io::ErrorKind::UnexpectedEof => {
                    ConnectError::new(settings, Reason::Closed, "connection closed")
                }
                None => ConnectError::of_io(settings, &error),
            },
            Self::Server { code, message } => {
                ConnectError::new(settings, Reason::of_sqlstate(&code), message).with_code(Some(code))
            }
            Self::Login(message) => ConnectError::new(settings, Reason::Credentials, message),
            Self::Strange(message) => ConnectError::new(settings, Reason::Other, message),
        }
    }
}

/// A stream of messages.
pub(super) struct Wire {
    stream: Box<dyn Anything>,
    incoming: BytesMut,
    outgoing: BytesMut,
}

impl Wire {
    pub(super) fn new(stream: Box<dyn Anything>) -> Self {
        Self { stream, incoming: BytesMut::with_capacity(2048), outgoing: BytesMut::with_capacity(256) }
    }

    /// What [`Self::send`] sends.
    pub(super) fn outgoing(&mut self) -> &mut BytesMut {
        &mut self.outgoing
    }

    pub(super) async fn send(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.outgoing).await?;
        self.outgoing.clear();
        self.stream.flush().await
    }

    pub(super) async fn shutdown(&mut self) -> io::Result<()> {
        self.stream.shutdown().await
    }

    /// The next message that is about us: notices and settings are passed over, an error is one.
    pub(super) async fn next(&mut self) -> Result<Message, Trouble> {
        loop {
            match Message::parse(&mut self.incoming)? {
                Some(Message::ErrorResponse(body)) => return Err(told(&body)),
                Some(Message::NoticeResponse(_) | Message::ParameterStatus(_)) => {}
                Some(message) => return Ok(message),
                None if self.incoming.len() > LONGEST => {
                    return Err(Trouble::Strange("the server sent a message without an end".to_owned()));
                }
                None => {
                    // A stranger's first bytes may promise gigabytes: what is reserved is what has come.
                    let mut chunk = [0; 2048];
                    match self.stream.read(&mut chunk).await? {
                        0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                        count => self.incoming.extend_from_slice(&chunk[..count]),
                    }
                }
            }
        }
    }

    /// The rest of an error whose first letter has been read. A server from before the protocol's third version, or one
    /// without memory, ends it with a zero and not with a length.
    pub(super) async fn complaint(stream: &mut (impl AsyncRead + Unpin)) -> Trouble {
        let mut bytes = vec![b'E'];
        let mut chunk = [0; 512];
        while bytes.len() < 4096 {
            match stream.read(&mut chunk).await {
                Ok(count) if count > 0 => bytes.extend_from_slice(&chunk[..count]),
                _ => break,
            }
        }
        let mut incoming = BytesMut::from(bytes.as_slice());
        match Message::parse(&mut incoming) {
            Ok(Some(Message::ErrorResponse(body))) => told(&body),
            _ => {
                let text = String::from_utf8_lossy(&bytes[1..]);
                Trouble::Strange(text.split('\0').next().unwrap_or_default().trim().to_owned())
            }
        }
    }
}

fn told(body: &ErrorResponseBody) -> Trouble {
    let (mut code, mut message) = (String::new(), String::new());
    let mut fields = body.fields();
    while let Ok(Some(field)) = fields.next() {
        let value = || String::from_utf8_lossy(field.value_bytes()).into_owned();
        match field.type_() {
            b'C' => code = value(),
            b'M' => message = value(),
            _ => {}
        }
    }
    Trouble::Server { code, message }
}
