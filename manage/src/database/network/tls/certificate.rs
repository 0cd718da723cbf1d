//! Reads the certificates that the TLS library rejects: one that is itself trusted, one of version 1, and one
//! whose only name is the common name.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, SignatureVerificationAlgorithm, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ExtendedKeyPurpose, OtherError};
use x509_cert::Version;
use x509_cert::der::asn1::{Any, ObjectIdentifier, UintRef};
use x509_cert::der::{Decode, Encode, Reader as _, SliceReader, Tag, Tagged as _};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{ExtendedKeyUsage, SubjectAltName};
use x509_cert::name::Name;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
const ANY_PURPOSE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");

/// The shortest RSA key that signatures are verified with.
const SHORTEST_RSA_KEY: usize = 2048;

/// A parsed certificate.
pub(super) struct Certificate {
    parsed: x509_cert::Certificate,
    names: Vec<String>,
}

/// An RSA key that is too short to be trusted.
#[derive(Debug)]
pub(super) struct WeakKey {
    pub(super) bits: usize,
}

impl fmt::Display for WeakKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an RSA key of {} bits is too short", self.bits)
    }
}

impl std::error::Error for WeakKey {}

impl Certificate {
    pub(super) fn read(der: &CertificateDer<'_>) -> Result<Self, CertificateError> {
        let parsed = x509_cert::Certificate::from_der(der).map_err(|_| CertificateError::BadEncoding)?;
        let tbs = &parsed.tbs_certificate;
        let names = match tbs.get::<SubjectAltName>() {
            Ok(names) => names.map(|(_, names)| names.0).unwrap_or_default(),
            Err(_) => return Err(CertificateError::BadEncoding),
        };
        let names = names.iter().filter_map(host_name).collect();
        Ok(Self { parsed, names })
    }

    /// Returns whether it is of the first version, which has no extensions.
    pub(super) fn is_of_version_1(&self) -> bool {
        self.parsed.tbs_certificate.version == Version::V1
    }

    pub(super) fn check_time(&self, now: UnixTime) -> Result<(), CertificateError> {
        let validity = &self.parsed.tbs_certificate.validity;
        let not_before = UnixTime::since_unix_epoch(validity.not_before.to_unix_duration());
        let not_after = UnixTime::since_unix_epoch(validity.not_after.to_unix_duration());
        if now < not_before {
            return Err(CertificateError::NotValidYetContext { time: now, not_before });
        }
        if now > not_after {
            return Err(CertificateError::ExpiredContext { time: now, not_after });
        }
        Ok(())
    }

    /// Fails if the certificate lists its purposes and they do not include servers.
    pub(super) fn check_purpose(&self) -> Result<(), CertificateError> {
        let usage = self.parsed.tbs_certificate.get::<ExtendedKeyUsage>();
        let Some((_, usage)) = usage.map_err(|_| CertificateError::BadEncoding)? else { return Ok(()) };
        if usage.0.iter().any(|purpose| [SERVER_AUTH, ANY_PURPOSE].contains(purpose)) {
            return Ok(());
        }
        let required = ExtendedKeyPurpose::ServerAuth;
        let client_auth = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
        let presented = usage.0.iter().filter(|purpose| **purpose == client_auth);
        let presented = presented.map(|_| ExtendedKeyPurpose::ClientAuth).collect();
        Err(CertificateError::InvalidPurposeContext { required, presented })
    }

    /// Fails if the certificate is for other names. If its name extension is empty or missing, the common
    /// name counts, as in libpq and curl.
    pub(super) fn check_name(
        &self,
        der: &CertificateDer<'_>,
        server: &ServerName<'_>,
    ) -> Result<(), CertificateError> {
        let common_name = common_name(&self.parsed.tbs_certificate.subject);
        let is_right = if self.names.is_empty() {
            common_name.as_ref().is_some_and(|name| matches_server(name, server))
        } else {
            let certificate = ParsedCertificate::try_from(der).map_err(|_| CertificateError::BadEncoding)?;
            verify_server_name(&certificate, server).is_ok()
        };
        if is_right {
            return Ok(());
        }
        let presented =
            if self.names.is_empty() { common_name.into_iter().collect() } else { self.names.clone() };
        Err(CertificateError::NotValidForNameContext { expected: server.to_owned(), presented })
    }

    /// Returns whether this certificate's key signed the other one, and the other one names this one as its
    /// issuer.
    pub(super) fn has_signed(
        &self,
        other: &Self,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> bool {
        let (Ok(tbs), Ok(algorithm)) =
            (other.parsed.tbs_certificate.to_der(), other.parsed.signature_algorithm.to_der())
        else {
            return false;
        };
        let Some(signature) = other.parsed.signature.as_bytes() else { return false };
        other.parsed.tbs_certificate.issuer == self.parsed.tbs_certificate.subject
            && algorithms
                .iter()
                .filter(|candidate| content(&algorithm) == Some(candidate.signature_alg_id().as_ref()))
                .any(|candidate| self.verify(*candidate, &tbs, signature))
    }

    /// Returns whether this certificate's key made the signature of a message.
    pub(super) fn verify(
        &self,
        algorithm: &dyn SignatureVerificationAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let key = self.key();
        let Ok(kind) = key.algorithm.to_der() else { return false };
        let Some(bytes) = key.subject_public_key.as_bytes() else { return false };
        content(&kind) == Some(algorithm.public_key_alg_id().as_ref())
            && algorithm.verify_signature(bytes, message, signature).is_ok()
    }

    /// Returns an error if the key is too weak to verify signatures.
    pub(super) fn weak_key(&self) -> Option<CertificateError> {
        let key = self.key();
        if key.algorithm.oid != RSA {
            return None;
        }
        let mut reader = SliceReader::new(key.subject_public_key.as_bytes()?).ok()?;
        let numbers = reader.sequence(|reader| {
            let modulus = UintRef::decode(reader)?.as_bytes();
            UintRef::decode(reader)?;
            Ok(modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize))
        });
        let bits = numbers.ok()?;
        (bits < SHORTEST_RSA_KEY).then(|| CertificateError::Other(OtherError(Arc::new(WeakKey { bits }))))
    }

    fn key(&self) -> &SubjectPublicKeyInfoOwned {
        &self.parsed.tbs_certificate.subject_public_key_info
    }
}

/// Returns the content of a short DER sequence.
fn content(sequence: &[u8]) -> Option<&[u8]> {
    let any = Any::from_der(sequence).ok()?;
    (any.tag() == Tag::Sequence).then(|| &sequence[sequence.len() - any.value().len()..])
}

fn host_name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(bytes) => {
            let bytes = bytes.as_bytes();
            let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
            v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok().map(|ip| ip.to_string())
        }
        _ => None,
    }
}

fn common_name(subject: &Name) -> Option<String> {
    let mut attributes = subject.0.iter().flat_map(|name| name.0.iter());
    let value = &attributes.find(|attribute| attribute.oid == COMMON_NAME)?.value;
    let is_text =
        matches!(value.tag(), Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::TeletexString);
    let text = std::str::from_utf8(value.value()).ok()?;
    // A name that contains a zero byte is an attack.
    (is_text && !text.is_empty() && !text.contains('\0')).then(|| text.to_owned())
}

fn matches_server(common_name: &str, server: &ServerName<'_>) -> bool {
    match server {
        ServerName::DnsName(name) => matches(common_name, name.as_ref()),
        ServerName::IpAddress(ip) => common_name.parse() == Ok(IpAddr::from(*ip)),
        _ => false,
    }
}

/// Returns whether a common name matches a host name: exactly, or with `*` for the first label.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.trim_end_matches('.'), name.trim_end_matches('.'));
    if pattern.eq_ignore_ascii_case(name) {
        return true;
    }
    let Some(domain) = pattern.strip_prefix("*.").filter(|domain| domain.contains('.')) else { return false };
    name.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest.eq_ignore_ascii_case(domain))
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use proptest::prelude::*;
    use rustls::pki_types::pem::PemObject as _;

    use super::*;

    proptest! {
        /// Checks a certificate with altered bytes, or a truncated one.
        #[test]
        #[cfg(unix)]
        fn no_bytes_of_a_certificate_make_it_panic(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            end in prop::option::weighted(0.2, any::<prop::sample::Index>()),
        ) {
            static CERTIFICATE: OnceLock<Vec<u8>> = OnceLock::new();
            let mut bytes = CERTIFICATE.get_or_init(certificate).clone();
            for (place, byte) in changes {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            if let Some(end) = end {
                bytes.truncate(end.index(bytes.len()));
            }
            let der = CertificateDer::from(bytes);
            let server = ServerName::try_from("localhost").expect("a name");
            if let Ok(read) = Certificate::read(&der) {
                let _ = (read.check_time(UnixTime::now()), read.check_purpose(), read.check_name(&der, &server));
                let _ = (read.is_of_version_1(), read.weak_key());
                let provider = rustls::crypto::ring::default_provider();
                read.has_signed(&read, provider.signature_verification_algorithms.all);
            }
        }
    }

    #[cfg(unix)]
    fn certificate() -> Vec<u8> {
        let folder = tempfile::tempdir().expect("a directory");
        let tls = manage_test_support::Tls::in_folder(folder.path()).expect("a certificate");
        CertificateDer::from_pem_file(tls.certificate()).expect("it is read").to_vec()
    }

    #[test]
    fn a_star_matches_one_label() {
        for (pattern, name, is_right) in [
            ("db.example.com", "DB.example.com", true),
            ("*.example.com", "db.example.com", true),
            ("*.example.com", "a.db.example.com", false),
            ("*.example.com", "example.com", false),
            ("*.com", "example.com", false),
            ("*", "localhost", false),
            ("localhost", "localhost.", true),
        ] {
            assert_eq!(matches(pattern, name), is_right, "{pattern} {name}");
        }
    }
}
