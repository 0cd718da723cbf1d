//! Relays between two sockets, each with TLS or without.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use rustix::event::{PollFd, PollFlags, poll};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, ServerConfig, ServerConnection};

use super::Connection;

/// One of the two peers.
pub(super) struct Side<'a, S> {
    stream: &'a mut S,
    tls: Option<rustls::Connection>,
}

/// A stream that is one of the two.
pub(super) trait Peer: Read + Write + AsFd {
    /// Keeps what it sent encrypted.
    fn note(&self, _: &[u8]) {}
}

impl Peer for TcpStream {}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream().as_fd()
    }
}

impl Peer for Connection {
    fn note(&self, bytes: &[u8]) {
        Connection::note(self, bytes);
    }
}

impl<'a, S: Peer> Side<'a, S> {
    /// Without TLS.
    pub(super) fn plain(stream: &'a mut S) -> Self {
        Self { stream, tls: None }
    }

    /// With TLS as the server, by a certificate that nobody signed.
    pub(super) fn server(stream: &'a mut S) -> io::Result<Self> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()])
            .and_then(|params| params.self_signed(&key))
            .map_err(io::Error::other)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .map_err(io::Error::other)?;
        let tls = ServerConnection::new(Arc::new(config)).map_err(io::Error::other)?;
        Self::encrypted(stream, tls.into())
    }

    /// With TLS as the client, whatever the server's certificate is.
    pub(super) fn client(stream: &'a mut S) -> io::Result<Self> {
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Trusting))
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let tls = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
        Self::encrypted(stream, tls.into())
    }

    fn encrypted(stream: &'a mut S, mut tls: rustls::Connection) -> io::Result<Self> {
        while tls.is_handshaking() {
            tls.complete_io(stream)?;
        }
        Ok(Self { stream, tls: Some(tls) })
    }

    /// Waits for what it sends. None is its end; a part of a record is nothing yet.
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = vec![0; 16 * 1024];
        let Some(tls) = &mut self.tls else {
            let length = self.stream.read(&mut bytes)?;
            bytes.truncate(length);
            return Ok((length > 0).then_some(bytes));
        };
        if tls.read_tls(self.stream)? == 0 {
            return Ok(None);
        }
        self.buffered().map(Some)
    }

    /// Returns what has arrived already: a handshake may have read more than its own.
    fn buffered(&mut self) -> io::Result<Vec<u8>> {
        let Some(tls) = &mut self.tls else { return Ok(Vec::new()) };
        let state = tls.process_new_packets().map_err(io::Error::other)?;
        let mut bytes = vec![0; state.plaintext_bytes_to_read()];
        tls.reader().read_exact(&mut bytes)?;
        self.stream.note(&bytes);
        Ok(bytes)
    }

    /// Waits until it sends something.
    pub(super) fn receive(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = self.buffered()?;
        while bytes.is_empty() {
            bytes = self.next()?.ok_or(io::ErrorKind::UnexpectedEof)?;
        }
        Ok(bytes)
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(tls) = &mut self.tls else { return self.stream.write_all(bytes) };
        for piece in bytes.chunks(16 * 1024) {
            tls.writer().write_all(piece)?;
            while tls.wants_write() {
                tls.write_tls(self.stream)?;
            }
        }
        Ok(())
    }
}

/// Relays until one of both leaves. What the server sends goes through `change`.
pub(super) fn relay<C: Peer, S: Peer>(
    mut client: Side<'_, C>,
    mut server: Side<'_, S>,
    change: impl Fn(&[u8]) -> Vec<u8>,
) -> io::Result<()> {
    server.send(&client.buffered()?)?;
    client.send(&change(&server.buffered()?))?;
    loop {
        let mut ready = [
            PollFd::from_borrowed_fd(client.stream.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(server.stream.as_fd(), PollFlags::IN),
        ];
        poll(&mut ready, None)?;
        let [from_client, from_server] = ready.map(|ready| !ready.revents().is_empty());
        if from_client {
            match client.next()? {
                Some(bytes) => server.send(&bytes)?,
                None => return Ok(()),
            }
        }
        if from_server {
            match server.next()? {
                Some(bytes) => client.send(&change(&bytes))?,
                None => return Ok(()),
            }
        }
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Takes every certificate.
#[derive(Debug)]
struct Trusting;

impl ServerCertVerifier for Trusting {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}
