//! The TLS settings as a rustls configuration.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::tls::{Kept, Trust, identity, roots};
use super::{ConnectError, Reason};
use crate::settings::DatabaseSettings;

/// The ring provider, said aloud: a process that also links another one has no default.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// What the driver needs to encrypt with these settings.
pub(super) fn connector(settings: &DatabaseSettings) -> Result<MakeRustlsConnect, ConnectError> {
    static KEPT: Kept<MakeRustlsConnect> = Kept::new();
    KEPT.get(settings, || Ok(MakeRustlsConnect::new(client_config(settings)?)))
}

fn client_config(settings: &DatabaseSettings) -> Result<ClientConfig, ConnectError> {
    let broken = |error: rustls::Error| ConnectError::new(settings, Reason::Configuration, error.to_string());
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(broken)?;
    let builder = match Trust::of(settings) {
        Trust::AuthorityAndName => builder.with_root_certificates(roots(settings)?),
        trust => {
            let authority = match trust {
                Trust::Anyone => None,
                _ => Some(
                    WebPkiServerVerifier::builder_with_provider(Arc::new(roots(settings)?), provider())
                        .build()
                        .map_err(|error| {
                            ConnectError::new(settings, Reason::Configuration, error.to_string())
                        })?,
                ),
            };
            let verifier = AnyName { authority, provider: provider() };
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
        }
    };
    match identity(settings)? {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).map_err(broken),
        None => Ok(builder.with_no_client_auth()),
    }
}

/// Trusts a certificate for any name: one of a known authority, or of nobody in particular.
///
/// That the server holds the certificate's key is verified all the same.
#[derive(Debug)]
struct AnyName {
    authority: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(authority) = &self.authority else { return Ok(ServerCertVerified::assertion()) };
        match authority.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The name is looked at last: everything else was found to be right.
            Err(error) if is_name_error(&error) => Ok(ServerCertVerified::assertion()),
            result => result,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn is_name_error(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
        )
    )
}
