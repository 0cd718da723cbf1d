//! Verifies a server's certificate. "Trusted" has the same meaning as in libpq and curl.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::certificate::Certificate;
use super::config::Trust;

/// Trusts certificates that a known authority has signed, and in addition to those that the TLS library
/// accepts:
///
/// - a certificate that is itself one of the trusted ones, byte for byte, as `openssl req -x509` makes it for
///   a server;
/// - a certificate of the first version, as `openssl x509 -req` makes it, if a trusted one signed it;
/// - the common name of a certificate that has no other name.
///
/// It still verifies the dates, the purpose, the name if required, and that the server holds the key.
#[derive(Debug)]
pub(super) struct Verifier {
    roots: Vec<CertificateDer<'static>>,
    /// `None` if any certificate is accepted.
    authorities: Option<Arc<WebPkiServerVerifier>>,
    checks_name: bool,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    /// Creates a verifier that accepts any certificate.
    pub(super) fn of_anyone(provider: Arc<CryptoProvider>) -> Self {
        Self { roots: Vec::new(), authorities: None, checks_name: false, provider }
    }

    pub(super) fn new(
        trust: Trust,
        roots: Vec<CertificateDer<'static>>,
        store: RootCertStore,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, String> {
        let authorities = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(&provider));
        let authorities = authorities.build().map_err(|error| error.to_string())?;
        let checks_name = trust == Trust::AuthorityAndName;
        Ok(Self { roots, authorities: Some(authorities), checks_name, provider })
    }

    fn is_root(&self, certificate: &CertificateDer<'_>) -> bool {
        self.roots.iter().any(|root| root.as_ref() == certificate.as_ref())
    }

    /// Returns whether a trusted certificate that is currently valid has signed this version 1 certificate.
    fn is_signed(&self, certificate: &Certificate, now: UnixTime) -> bool {
        let algorithms = self.provider.signature_verification_algorithms.all;
        self.roots
            .iter()
            .filter_map(|root| Certificate::read(root).ok())
            .any(|root| root.check_time(now).is_ok() && root.has_signed(certificate, algorithms))
    }

    /// Checks everything but the name. Returns the certificate if its name is still to be checked.
    fn check(
        &self,
        authorities: &WebPkiServerVerifier,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<Option<Certificate>, Error> {
        if self.is_root(end_entity) {
            let certificate = Certificate::read(end_entity)?;
            certificate.check_time(now)?;
            certificate.check_purpose()?;
            return Ok(Some(certificate));
        }
        match authorities.verify_server_cert(end_entity, intermediates, server_name, &[], now) {
            Ok(_) => Ok(None),
            // The library checks the name last, so everything else is valid.
            Err(error) if is_name_error(&error) => Ok(Some(Certificate::read(end_entity)?)),
            Err(error) => match Certificate::read(end_entity) {
                Ok(certificate) if certificate.is_of_version_1() => {
                    certificate.check_time(now)?;
                    if self.is_signed(&certificate, now) {
                        Ok(Some(certificate))
                    } else {
                        Err(CertificateError::UnknownIssuer.into())
                    }
                }
                _ => Err(self.explained(error, std::iter::once(end_entity).chain(intermediates))),
            },
        }
    }

    /// Makes an error more specific: for a signature by a weak key the library only reports an invalid
    /// signature.
    fn explained<'a>(&'a self, error: Error, chain: impl Iterator<Item = &'a CertificateDer<'a>>) -> Error {
        if error != CertificateError::BadSignature.into() {
            return error;
        }
        let mut certificates =
            chain.chain(&self.roots).filter_map(|certificate| Certificate::read(certificate).ok());
        certificates.find_map(|certificate| certificate.weak_key()).map_or(error, Error::from)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(authorities) = &self.authorities {
            let certificate = self.check(authorities, end_entity, intermediates, server_name, now)?;
            if let Some(certificate) = certificate.filter(|_| self.checks_name) {
                certificate.check_name(end_entity, server_name)?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
            .or_else(|error| self.verify_old(error, message, cert, dss))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
            .or_else(|error| self.verify_old(error, message, cert, dss))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl Verifier {
    /// Verifies the signature by a version 1 certificate, which the TLS library does not read.
    fn verify_old(
        &self,
        error: Error,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if !matches!(error, Error::InvalidCertificate(_)) {
            return Err(error);
        }
        let error = self.explained(error, std::iter::once(cert));
        let Ok(certificate) = Certificate::read(cert) else { return Err(error) };
        // For any other certificate the library's error is correct.
        if !certificate.is_of_version_1() {
            return Err(error);
        }
        let schemes = self.provider.signature_verification_algorithms.mapping.iter();
        let mut algorithms =
            schemes.filter(|(scheme, _)| *scheme == dss.scheme).flat_map(|(_, all)| all.iter());
        if algorithms.any(|algorithm| certificate.verify(*algorithm, message, dss.signature())) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        Err(certificate.weak_key().unwrap_or(CertificateError::BadSignature).into())
    }
}

fn is_name_error(error: &Error) -> bool {
    matches!(
        error,
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
        )
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use manage_test_support::Tls;
    use rustls::pki_types::PrivateKeyDer;
    use rustls::pki_types::pem::PemObject as _;
    use rustls::server::{ClientHello, ResolvesServerCert};
    use rustls::sign::CertifiedKey;
    use rustls::{
        ClientConfig, ClientConnection, ServerConfig, ServerConnection, SupportedProtocolVersion, version,
    };

    use super::*;

    /// Presents a certificate whose key it may not have.
    #[derive(Debug)]
    struct Shows(Arc<CertifiedKey>);

    impl ResolvesServerCert for Shows {
        fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
            Some(Arc::clone(&self.0))
        }
    }

    fn certificate(path: &Path) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(path).expect("a certificate")
    }

    /// Returns the result of a handshake with a server that has this certificate, which is itself trusted,
    /// and this key.
    fn shaken(
        certificate: &CertificateDer<'static>,
        key: &Path,
        protocol: &'static SupportedProtocolVersion,
    ) -> Result<(), Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::from_pem_file(key).expect("a key");
        let key = provider.key_provider.load_private_key(key).expect("a key");
        let shows = Shows(Arc::new(CertifiedKey::new(vec![certificate.clone()], key)));
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let server = server.with_protocol_versions(&[protocol]).expect("a version");
        let server = server.with_no_client_auth().with_cert_resolver(Arc::new(shows));
        let mut server = ServerConnection::new(Arc::new(server)).expect("a server");

        let mut store = RootCertStore::empty();
        store.add(certificate.clone()).expect("an authority");
        let roots = vec![certificate.clone()];
        let verifier =
            Verifier::new(Trust::AuthorityAndName, roots, store, Arc::clone(&provider)).expect("a verifier");
        let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let client =
            client.expect("versions").dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        let name = ServerName::try_from("localhost").expect("a name");
        let mut client =
            ClientConnection::new(Arc::new(client.with_no_client_auth()), name).expect("a client");

        while client.is_handshaking() {
            let mut bytes = Vec::new();
            client.write_tls(&mut bytes).expect("memory");
            server.read_tls(&mut bytes.as_slice()).expect("memory");
            // If the client rejects the server, the server receives an alert.
            let _ = server.process_new_packets();
            let mut bytes = Vec::new();
            server.write_tls(&mut bytes).expect("memory");
            client.read_tls(&mut bytes.as_slice()).expect("memory");
            client.process_new_packets()?;
        }
        Ok(())
    }

    #[test]
    fn a_server_must_have_the_key_of_the_trusted_certificate() {
        let (own, other) =
            (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
        let own = Tls::in_folder(own.path()).expect("certificates");
        let other = Tls::in_folder(other.path()).expect("certificates");
        let trusted = certificate(own.self_signed());
        for protocol in [&version::TLS12, &version::TLS13] {
            assert_eq!(shaken(&trusted, own.key(), protocol), Ok(()), "{protocol:?}");
            let refused = Err(CertificateError::BadSignature.into());
            assert_eq!(shaken(&trusted, other.key(), protocol), refused, "{protocol:?}");
        }
    }
}
