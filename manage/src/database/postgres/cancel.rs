//! Cancels a statement that the server still runs, by a request over a connection of its own: the session's
//! own connection is not read before the statement ends.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::connection::PostgresConnection;
use super::stream::{Fair, Negotiation, Transport};
use super::tls::connector;
use super::wire::Wire;
use crate::database::network::background::Background;
use crate::database::network::dial::Endpoint;
use crate::settings::DatabaseSettings;

/// How long a request to cancel may take.
const LIMIT: Duration = Duration::from_secs(5);

/// The code of a request to cancel, in place of a protocol version.
const CODE: u32 = 80_877_102;

/// What identifies a session in a request to cancel: the number of its process and a secret.
#[derive(Clone, Default)]
pub(super) struct BackendKey(Vec<u8>);

impl BackendKey {
    pub(super) fn new(body: &[u8]) -> Self {
        Self(body.to_vec())
    }

    pub(super) fn process(&self) -> Option<u32> {
        self.0.first_chunk().map(|process| u32::from_be_bytes(*process))
    }

    /// Returns the request.
    fn request(&self) -> Vec<u8> {
        let length = u32::try_from(8 + self.0.len()).unwrap_or_default();
        [&length.to_be_bytes(), &CODE.to_be_bytes(), self.0.as_slice()].concat()
    }
}

impl fmt::Debug for BackendKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BackendKey").field(&self.process()).finish()
    }
}

impl PostgresConnection {
    /// Sets or removes the time at which statements fail. The server is then asked to cancel the one that it
    /// runs, and the connection is broken.
    pub(crate) fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.protocol.deadline = deadline;
        self.cancels = deadline.is_some();
    }

    /// Returns a function that cancels the statement that the server runs for this session.
    pub(crate) fn statement_canceller(&self) -> Option<Box<dyn Fn() + Send>> {
        let (key, target, is_encrypted) = self.wire.cancellation()?;
        let settings = self.wire.settings().clone();
        Some(Box::new(move || {
            Background.run(async {
                let request = key.request();
                let sent = send(&settings, &request, &target, is_encrypted);
                let _ = tokio::time::timeout(LIMIT, sent).await;
            });
        }))
    }

    /// Cancels the statement that has reached the deadline. If the request fails, the server goes on until it
    /// notices that the connection is closed: nobody waits for the result of this.
    pub(super) fn cancel(&self) {
        let Some((key, target, is_encrypted)) = self.wire.cancellation() else { return };
        let settings = self.wire.settings();
        Background.run(async {
            let _ = tokio::time::timeout(LIMIT, send(settings, &key.request(), &target, is_encrypted)).await;
        });
    }
}

/// Sends a request, and waits until the server has read it.
async fn send(
    settings: &DatabaseSettings,
    request: &[u8],
    target: &Endpoint,
    is_encrypted: bool,
) -> io::Result<()> {
    match target {
        Endpoint::Ip { host, ip, port } => {
            let socket = TcpStream::connect((*ip, *port)).await?;
            send_over(settings, request, socket, host, is_encrypted).await
        }
        #[cfg(unix)]
        Endpoint::Unix { path, port } => {
            let socket = tokio::net::UnixStream::connect(path.join(format!(".s.PGSQL.{port}"))).await?;
            send_over(settings, request, socket, "", false).await
        }
        #[cfg(not(unix))]
        Endpoint::Unix { .. } => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// Encrypts the request if the session is encrypted, too: the key must not be read by others.
async fn send_over<S: Transport>(
    settings: &DatabaseSettings,
    request: &[u8],
    socket: S,
    host: &str,
    is_encrypted: bool,
) -> io::Result<()> {
    let tls = is_encrypted.then(|| connector(settings)).transpose().map_err(io::Error::other)?;
    let negotiation = Negotiation {
        tls,
        is_required: true,
        is_encrypted: Arc::new(AtomicBool::new(false)),
        keeps_clear_text: false,
        wire: Wire::new(settings),
        lender: Arc::default(),
    };
    let mut stream = negotiation.with_host::<S>(host).negotiate(Fair::new(socket)).await?;
    stream.write_all(request).await?;
    stream.flush().await?;
    // The server closes the connection once it has acted.
    let _ = stream.read(&mut [0]).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_the_key_and_debug_output_does_not() {
        let key = BackendKey::new(&[0, 0, 1, 2, 171, 205, 171, 205]);
        assert_eq!(key.request(), [0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 1, 2, 171, 205, 171, 205]);
        assert_eq!((key.process(), format!("{key:?}").as_str()), (Some(258), "BackendKey(Some(258))"));
        assert_eq!(BackendKey::new(&[1]).process(), None);
    }
}
