//! The TLS settings in the words of the MySQL driver, which makes its own rustls configuration out of files.

use mysql_async::{ClientIdentity, Error, IoError, SslOpts};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{CertificateError, RootCertStore};

use super::tls::{self, Kept, Trust};
use super::{ConnectError, Reason};
use crate::settings::DatabaseSettings;

/// What the driver needs to connect with these settings.
pub(super) fn ssl_opts(settings: &DatabaseSettings) -> Result<SslOpts, ConnectError> {
    static KEPT: Kept<SslOpts> = Kept::new();
    KEPT.get(settings, || new_ssl_opts(settings))
}

fn new_ssl_opts(settings: &DatabaseSettings) -> Result<SslOpts, ConnectError> {
    // The driver asks for the process's default, which does not exist where two providers are linked. Whoever set one
    // before keeps it.
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut options = SslOpts::default();
    options = match Trust::of(settings) {
        // Its own list of authorities stays in place: it accepts no empty one, and this one is not asked.
        Trust::Anyone => options.with_danger_accept_invalid_certs(true),
        Trust::Authority | Trust::AuthorityAndName => {
            let roots = tls::root_certificates(settings)?.into_iter().filter(is_readable);
            let roots: Vec<_> = roots.map(|root| root.as_ref().to_vec().into()).collect();
            tls::roots(settings)?;
            options.with_disable_built_in_roots(true).with_root_certs(roots)
        }
    };
    Ok(options.with_client_identity(identity(settings)?))
}

/// Whether the driver will accept it: it refuses the whole list for one that is too old to be read.
fn is_readable(certificate: &CertificateDer<'static>) -> bool {
    RootCertStore::empty().add(certificate.clone()).is_ok()
}

/// The client's certificate and key in the two forms that the driver reads: PEM, and the oldest form of an RSA key.
fn identity(settings: &DatabaseSettings) -> Result<Option<ClientIdentity>, ConnectError> {
    let Some((_, key)) = tls::identity(settings)? else { return Ok(None) };
    let Some(chain) = &settings.tls.client_cert else { return Ok(None) };
    let key = match &key {
        PrivateKeyDer::Pkcs1(key) => Some(key.secret_pkcs1_der().to_vec()),
        PrivateKeyDer::Pkcs8(key) => rsa_key(key.secret_pkcs8_der()).map(<[u8]>::to_vec),
        _ => None,
    };
    let message = "the MySQL driver knows client keys of the kind RSA only";
    let key = key.ok_or_else(|| ConnectError::new(settings, Reason::Configuration, message))?;
    Ok(Some(ClientIdentity::new(chain.clone().into(), key.into())))
}

/// The RSA key inside a PKCS#8 wrapping: version, algorithm, then the key as an octet string.
fn rsa_key(wrapped: &[u8]) -> Option<&[u8]> {
    const SEQUENCE: u8 = 0x30;
    const INTEGER: u8 = 0x02;
    const OCTETS: u8 = 0x04;
    // The object identifier 1.2.840.113549.1.1.1, rsaEncryption, with its tag and length.
    const RSA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    let (body, _) = der(SEQUENCE, wrapped)?;
    let (_version, body) = der(INTEGER, body)?;
    let (algorithm, body) = der(SEQUENCE, body)?;
    let (key, _) = der(OCTETS, body)?;
    algorithm.starts_with(RSA).then_some(key)
}

/// One value of a DER text with the given tag, and what follows it.
fn der(tag: u8, text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, rest) = text.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*first) {
        short @ 0..=0x7f => (short, rest),
        long @ 0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(long & 0x7f)?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    (*found == tag).then(|| rest.split_at_checked(length))?
}

/// A name that the server's certificate is valid for, if the name was all that was wrong with it.
///
/// To connect again in that name verifies all but the name. The driver's own option for it recognises the error by an
/// older text of its message.
pub(super) fn name_in_certificate(error: &Error) -> Option<String> {
    let rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. }) =
        tls_error(error)?
    else {
        return None;
    };
    presented.iter().find_map(|name| {
        // `DnsName("…")` or `IpAddress(…)`.
        let name = name.split_once('(')?.1.strip_suffix(')')?.trim_matches('"');
        Some(name.replacen('*', "any", 1))
    })
}

/// Whether the driver refused a certificate that may be right all the same: it does not know those that are themselves trusted, are
/// of the first version, or have only a common name.
#[cfg(unix)]
pub(super) fn needs_bridge(error: &Error) -> bool {
    match tls_error(error) {
        Some(rustls::Error::InvalidCertificate(CertificateError::Other(_))) => true,
        Some(rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext {
            presented,
            ..
        })) => presented.is_empty(),
        _ => false,
    }
}

/// The TLS error inside an error of the driver.
pub(super) fn tls_error(error: &Error) -> Option<&rustls::Error> {
    match error {
        Error::Io(IoError::Io(error)) => tls::tls_error(error),
        Error::Io(IoError::Tls(mysql_async::TlsError::Tls(error))) => Some(error),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_rsa_key_is_taken_out_of_its_wrapping() {
        let rsa = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
        let mut key = vec![0x30, 0x81, 0x19, 0x02, 0x01, 0x00, 0x30, 0x0d];
        key.extend(rsa);
        key.extend([0x04, 0x05, 1, 2, 3, 4, 5]);
        assert_eq!(rsa_key(&key), Some(&[1, 2, 3, 4, 5][..]));
        for end in 0..key.len() {
            assert_eq!(rsa_key(&key[..end]), None);
        }
        key[10] = 0x2b;
        assert_eq!(rsa_key(&key), None);
    }
}
