//! Error messages for encrypted connections, with hints. The TLS library's own messages are the names of its
//! constants.

use std::time::Duration;

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};
use webpki::Error as PathError;
use x509_cert::der::DateTime;

use super::certificate::WeakKey;
use crate::console::echo_name;
use crate::settings::DatabaseSettings;

/// Where the trusted authorities come from.
#[derive(Clone, Copy)]
pub(crate) enum Trusted<'a> {
    /// The settings of a database: a file, or the operating system.
    Settings(&'a DatabaseSettings),
    /// The operating system, or the file of SSL_CERT_FILE.
    System,
}

impl Trusted<'_> {
    /// Returns how to trust another authority.
    fn remedy(self) -> String {
        match self {
            Self::System => "The authorities of the operating system are trusted; SSL_CERT_FILE names a PEM file of others.".to_owned(),
            Self::Settings(settings) => match &settings.tls.root_cert {
                Some(path) => format!(
                    "Only what is in {} is trusted: put the certificate of the server's authority there, in PEM; or the server's own, if it is self-signed.",
                    echo_name(path)
                ),
                None => "The authorities of the operating system are trusted; name the certificate of another one, in PEM, with `sslrootcert`; or the \
                         server's own, if it is self-signed."
                    .to_owned(),
            },
        }
    }

    fn of_name(self) -> &'static str {
        match self {
            Self::System => "Use one of its names in the URL, or give the server a certificate for this one.",
            Self::Settings(_) => {
                "Use one of its names as the host, give the server a certificate for this one, or verify no name (sslmode=verify-ca)."
            }
        }
    }
}

/// Returns a sentence without its full stop, and a hint.
pub(crate) fn explain(error: &Error, trusted: Trusted<'_>) -> (String, Option<String>) {
    match error {
        Error::InvalidCertificate(error) => certificate(error, trusted),
        Error::AlertReceived(alert) => answered(*alert, trusted),
        Error::NoCertificatesPresented => ("the server has no certificate".to_owned(), None),
        Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13) => old_version(),
        Error::PeerIncompatible(_) => nothing_in_common(),
        Error::InvalidMessage(_) => ("what answers does not speak TLS".to_owned(), None),
        Error::PeerMisbehaved(_)
        | Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. } => {
            ("the server violates the TLS protocol".to_owned(), None)
        }
        Error::DecryptError => ("what the server sent cannot be decrypted".to_owned(), None),
        Error::PeerSentOversizedRecord => ("what answers does not speak TLS".to_owned(), None),
        Error::NoApplicationProtocol => ("the server speaks no protocol that was offered".to_owned(), None),
        Error::General(text) => (format!("encryption failed: {text}"), None),
        _ => ("encryption failed".to_owned(), None),
    }
}

fn certificate(error: &CertificateError, trusted: Trusted<'_>) -> (String, Option<String>) {
    use CertificateError as E;
    let (words, hint) = match error {
        E::ExpiredContext { time, not_after } => (
            format!("the server's certificate expired on {}", date(*not_after)),
            Some(format!("Renew it. The clock here says {}.", date(*time))),
        ),
        E::Expired => ("the server's certificate has expired".to_owned(), Some("Renew it.".to_owned())),
        E::NotValidYetContext { time, not_before } => (
            format!("the server's certificate is not valid before {}", date(*not_before)),
            Some(format!("The clock here says {}: is it right?", date(*time))),
        ),
        E::NotValidYet => ("the server's certificate is not valid yet".to_owned(), Some("Is the clock here right?".to_owned())),
        E::NotValidForNameContext { expected, presented } => {
            let names: Vec<&str> = presented.iter().map(|name| bare_name(name)).collect();
            let names = if names.is_empty() { "no name at all".to_owned() } else { names.join(", ") };
            (
                format!("the server's certificate is not valid for name {}; it is for {names}", expected.to_str()),
                Some(trusted.of_name().to_owned()),
            )
        }
        E::NotValidForName => (
            "the server's certificate is not valid for name of this host".to_owned(),
            Some(trusted.of_name().to_owned()),
        ),
        E::UnknownIssuer => {
            ("the server's certificate is signed by no authority that is trusted here".to_owned(), Some(trusted.remedy()))
        }
        E::BadSignature => (
            "the signature of the server's certificate is wrong: another authority of the same name made it, or it was changed".to_owned(),
            Some(trusted.remedy()),
        ),
        E::Revoked => ("the server's certificate was revoked".to_owned(), Some("Give the server a new one.".to_owned())),
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => (
            "the server's certificate is not for servers: serverAuth is not among its extended key usages".to_owned(),
            Some("Give the server a certificate with extendedKeyUsage = serverAuth.".to_owned()),
        ),
        E::UnhandledCriticalExtension => (
            "the server's certificate has a critical extension that is not understood here".to_owned(),
            Some("Give the server a certificate without it.".to_owned()),
        ),
        E::UnsupportedSignatureAlgorithmContext { .. } | E::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => weak_signature(),
        E::BadEncoding => ("the server's certificate cannot be read".to_owned(), None),
        E::UnknownRevocationStatus | E::ExpiredRevocationList | E::ExpiredRevocationListContext { .. } => {
            ("it is not known whether the server's certificate was revoked".to_owned(), None)
        }
        E::Other(other) => return other_certificate(&*other.0, trusted),
        #[expect(deprecated, reason = "verifiers may still return it")]
        E::UnsupportedSignatureAlgorithm => weak_signature(),
        _ => ("the server's certificate is not accepted".to_owned(), Some(trusted.remedy())),
    };
    (words, hint)
}

fn weak_signature() -> (String, Option<String>) {
    (
        "the server's certificate is signed in a way that is not accepted as safe, such as with SHA-1"
            .to_owned(),
        Some("Sign it with SHA-256 and a key of RSA, P-256, P-384 or Ed25519.".to_owned()),
    )
}

fn other_certificate(
    error: &(dyn std::error::Error + 'static),
    trusted: Trusted<'_>,
) -> (String, Option<String>) {
    if let Some(WeakKey { bits }) = error.downcast_ref() {
        return (
            format!(
                "the RSA key of the server's certificate, or of its authority, has {bits} bits, which is too weak"
            ),
            Some("Make a key of 2048 bits or more, and a certificate for it.".to_owned()),
        );
    }
    let words = match error.downcast_ref::<PathError>() {
        Some(PathError::CaUsedAsEndEntity) => {
            "the server's certificate is that of an authority, and not itself among the trusted ones"
        }
        Some(PathError::EndEntityUsedAsCa) => {
            "the server's certificate is signed by one that is not an authority's (CA:FALSE)"
        }
        Some(PathError::UnsupportedCertVersion) => "a certificate of the server's is of a version before 3",
        Some(PathError::PathLenConstraintViolated) => {
            "an authority in the server's certificate chain may not have others below it (pathlen)"
        }
        Some(PathError::NameConstraintViolation) => {
            "an authority of the server's certificate may not sign for this name"
        }
        Some(
            PathError::MaximumPathDepthExceeded
            | PathError::MaximumPathBuildCallsExceeded
            | PathError::MaximumSignatureChecksExceeded
            | PathError::MaximumNameConstraintComparisonsExceeded,
        ) => "the chain of the server's certificate is too long",
        Some(PathError::EmptyEkuExtension) => {
            "the server's certificate lists no purpose in its extended key usage"
        }
        Some(PathError::SignatureAlgorithmMismatch) => {
            "the server's certificate names two different ways of signing"
        }
        Some(
            PathError::MalformedExtensions
            | PathError::ExtensionValueInvalid
            | PathError::InvalidSerialNumber,
        ) => "the server's certificate cannot be read",
        _ => "the server's certificate is not accepted",
    };
    (words.to_owned(), Some(trusted.remedy()))
}

/// Returns the message and the hint for an alert by which the server ended the handshake.
fn answered(alert: AlertDescription, trusted: Trusted<'_>) -> (String, Option<String>) {
    use AlertDescription as A;
    let own = match trusted {
        Trusted::Settings(_) => {
            Some("Its own certificate and key are named by `sslcert` and `sslkey`.".to_owned())
        }
        Trusted::System => None,
    };
    match alert {
        A::CertificateRequired | A::NoCertificate => {
            ("the server requires a client certificate".to_owned(), own)
        }
        A::UnknownCA | A::BadCertificate | A::CertificateUnknown | A::UnsupportedCertificate => {
            ("the server does not accept the client's certificate".to_owned(), own)
        }
        A::CertificateExpired => {
            ("the server says that the client's certificate has expired".to_owned(), own)
        }
        A::CertificateRevoked => {
            ("the server says that the client's certificate was revoked".to_owned(), own)
        }
        A::AccessDenied => ("the server denies access to the client's certificate".to_owned(), own),
        A::ProtocolVersion => old_version(),
        A::HandshakeFailure | A::InsufficientSecurity => nothing_in_common(),
        A::UnrecognisedName => ("the server serves no host of this name".to_owned(), None),
        A::InternalError => ("the server ends the handshake because of an error of its own".to_owned(), None),
        alert => (format!("the server ends the handshake with the TLS alert {}", u8::from(alert)), None),
    }
}

/// The server and the client share no cipher, or the certificate's key is of a kind that this program does
/// not support. Servers send the same alert for both.
fn nothing_in_common() -> (String, Option<String>) {
    (
        "the server and this program have no way of encrypting in common".to_owned(),
        Some(
            "Let the server offer TLS 1.2 or 1.3 with AES-GCM or ChaCha20, and give it a certificate with an RSA key of \
             2048 bits or more, or an Ed25519, P-256 or P-384 key."
                .to_owned(),
        ),
    )
}

fn old_version() -> (String, Option<String>) {
    (
        "the server speaks neither TLS 1.2 nor TLS 1.3".to_owned(),
        Some("Turn these versions on at the server.".to_owned()),
    )
}

fn date(time: UnixTime) -> String {
    match DateTime::from_unix_duration(Duration::from_secs(time.as_secs())) {
        Ok(time) => {
            let (year, month, day) = (time.year(), time.month(), time.day());
            format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", time.hour(), time.minutes())
        }
        Err(_) => "a day that no calendar has".to_owned(),
    }
}

/// Formats `DnsName("localhost")` as `localhost`.
fn bare_name(name: &str) -> &str {
    match name.split_once('(') {
        Some((_, name)) => name.trim_end_matches(')').trim_matches('"'),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use rustls::OtherError;
    use rustls::pki_types::ServerName;

    use super::*;

    #[test]
    fn every_error_is_a_sentence() {
        use CertificateError as E;
        let time = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let path = |error| E::Other(OtherError(Arc::new(error)));
        let expected = ServerName::try_from("db").expect("a name");
        for (error, words) in [
            (
                E::ExpiredContext { time: time(1_700_000_000), not_after: time(1_000_000_000) },
                "expired on 2001-09-09 01:46 UTC",
            ),
            (
                E::NotValidYetContext { time: time(0), not_before: time(1_000_000_000) },
                "not valid before 2001-09-09",
            ),
            (
                E::NotValidForNameContext {
                    expected,
                    presented: vec!["DnsName(\"a.example\")".to_owned(), "10.0.0.1".to_owned()],
                },
                "not valid for name db; it is for a.example, 10.0.0.1",
            ),
            (E::UnknownIssuer, "signed by no authority"),
            (E::BadSignature, "signature"),
            (E::Revoked, "revoked"),
            (E::InvalidPurpose, "serverAuth"),
            (E::UnhandledCriticalExtension, "critical"),
            (E::BadEncoding, "cannot be read"),
            (E::ApplicationVerificationFailure, "not accepted"),
            (path(PathError::CaUsedAsEndEntity), "that of an authority"),
            (path(PathError::UnsupportedCertVersion), "version"),
            (path(PathError::UnsupportedNameType), "not accepted"),
            (E::Other(OtherError(Arc::new(WeakKey { bits: 1024 }))), "1024 bits"),
        ] {
            let (reported, _) = explain(&error.into(), Trusted::System);
            assert!(reported.contains(words), "{reported}");
            assert!(!reported.contains(['{', '"', '(']) || reported.contains("(CA:FALSE)"), "{reported}");
        }
    }
}
