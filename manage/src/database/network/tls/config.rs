//! Reads trusted authorities, certificates and keys, with libpq's meaning of each `sslmode`.

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

use super::verifier::Verifier;
use super::words::{Trusted, explain};
use crate::console::{echo_name, printable};
use crate::database::{ConnectError, Reason};
use crate::settings::{DatabaseSettings, SslMode, TlsSettings, TlsVersion, read_file};

/// The maximum size of a file of certificates or keys. A bundle of all public authorities has a quarter of a
/// megabyte.
const PEM_LIMIT: u64 = 8 << 20;

/// How far a server's certificate is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// Any certificate is accepted: encryption protects only against passive listeners.
    Anyone,
    /// A trusted authority signed it, for any name.
    Authority,
    /// A trusted authority signed it for this host.
    AuthorityAndName,
}

impl Trust {
    /// Returns the trust that the settings require. As in libpq, `require` verifies the authority if a file
    /// of authorities is set.
    pub(super) fn of(settings: &DatabaseSettings) -> Self {
        match settings.tls.mode {
            SslMode::Require if settings.tls.root_cert.is_some() => Self::Authority,
            SslMode::Disable | SslMode::Prefer | SslMode::Require => Self::Anyone,
            SslMode::VerifyCa => Self::Authority,
            SslMode::VerifyFull => Self::AuthorityAndName,
        }
    }
}

/// A cache of the value made from TLS settings. Other settings, or changed files, replace it.
///
/// A waiting command connects a hundred times a second, and reading the operating system's authorities alone
/// takes milliseconds.
pub(crate) struct TlsCache<T>(Mutex<Option<(TlsSettings, Stamps, T)>>);

/// The modification times and the sizes of the settings' files.
type Stamps = [Option<(Option<SystemTime>, u64)>; 3];

impl<T: Clone> TlsCache<T> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    pub(crate) fn get(
        &self,
        settings: &DatabaseSettings,
        make: impl FnOnce() -> Result<T, ConnectError>,
    ) -> Result<T, ConnectError> {
        let tls = &settings.tls;
        let now = [&tls.root_cert, &tls.client_cert, &tls.client_key].map(|path| {
            let file = path.as_ref()?.metadata().ok()?;
            Some((file.modified().ok(), file.len()))
        });
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((made_of, stamps, made)) = &*kept
            && (made_of, stamps) == (tls, &now)
        {
            return Ok(made.clone());
        }
        let made = make()?;
        *kept = Some((tls.clone(), now, made.clone()));
        Ok(made)
    }
}

/// Returns the ring provider, named explicitly: a process that also links another provider has no default.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Returns the versions of TLS that the settings allow.
fn versions(settings: &DatabaseSettings) -> Vec<&'static SupportedProtocolVersion> {
    let (least, greatest) = (settings.tls.min_version, settings.tls.max_version);
    let allowed = |version: &TlsVersion| {
        least.is_none_or(|least| *version >= least) && greatest.is_none_or(|greatest| *version <= greatest)
    };
    let both = [(TlsVersion::V1_3, &rustls::version::TLS13), (TlsVersion::V1_2, &rustls::version::TLS12)];
    both.into_iter().filter(|(version, _)| allowed(version)).map(|(_, theirs)| theirs).collect()
}

/// Returns the settings as a rustls configuration.
pub(crate) fn client_config(settings: &DatabaseSettings) -> Result<ClientConfig, ConnectError> {
    let broken = |message: String| ConnectError::new(settings, Reason::Configuration, message);
    let builder = ClientConfig::builder_with_provider(provider()).with_protocol_versions(&versions(settings));
    let builder = builder.map_err(|error| broken(error.to_string()))?;
    let verifier = match Trust::of(settings) {
        Trust::Anyone => Verifier::of_anyone(provider()),
        trust => {
            let (roots, certificates) = roots(settings)?;
            Verifier::new(trust, certificates, roots, provider()).map_err(broken)?
        }
    };
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    let Some((chain, key)) = identity(settings)? else { return Ok(builder.with_no_client_auth()) };
    builder.with_client_auth_cert(chain, key).map_err(|error| {
        broken(match error {
            rustls::Error::InconsistentKeys(_) => {
                "the key of `sslkey` is not that of the certificate of `sslcert`".to_owned()
            }
            _ => "the key of `sslkey` is of a kind that is not known here, or is broken".to_owned(),
        })
    })
}

/// Returns the authorities to trust, and their certificates: those of the given file, else those of the
/// operating system.
pub(super) fn roots(
    settings: &DatabaseSettings,
) -> Result<(RootCertStore, Vec<CertificateDer<'static>>), ConnectError> {
    let mut roots = RootCertStore::empty();
    let certificates = root_certificates(settings)?;
    for certificate in &certificates {
        // The operating system's list may contain certificates that are too old to parse.
        let added = roots.add(certificate.clone());
        if let (Err(_), Some(path)) = (added, &settings.tls.root_cert) {
            return Err(bad_file(settings, path, "a certificate in it cannot be read"));
        }
    }
    if roots.is_empty() {
        let message = "the operating system lists no authorities; name a file of them with `sslrootcert`";
        return Err(ConnectError::new(settings, Reason::Configuration, message));
    }
    Ok((roots, certificates))
}

pub(super) fn root_certificates(
    settings: &DatabaseSettings,
) -> Result<Vec<CertificateDer<'static>>, ConnectError> {
    match &settings.tls.root_cert {
        Some(path) => certificates(settings, path),
        None => Ok(rustls_native_certs::load_native_certs().certs),
    }
}

/// Returns a configuration that trusts the operating system's authorities, whose list is read once.
pub(crate) fn trusting_config(name: &str) -> Result<Arc<ClientConfig>, ConnectError> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(Arc::clone(config));
    }
    let mut roots = RootCertStore::empty();
    let list = rustls_native_certs::load_native_certs();
    let named = std::env::var_os("SSL_CERT_FILE").filter(|file| !Path::new(file).is_file());
    if let Some(file) = named.filter(|_| !list.errors.is_empty()) {
        let message = format!("there is no file {}, which SSL_CERT_FILE names", printable(&file));
        return Err(ConnectError::of_service(name, Reason::Configuration, message));
    }
    roots.add_parsable_certificates(list.certs.iter().cloned());
    let broken = |message: String| ConnectError::of_service(name, Reason::Tls, message);
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| broken(error.to_string()))?;
    // The list may appear later, as a mounted file.
    if roots.is_empty() {
        let message =
            "no authority is trusted here: the operating system, or the file of SSL_CERT_FILE, lists none";
        return Err(ConnectError::of_service(name, Reason::Configuration, message)
            .with_hint("Install `ca-certificates`, or set SSL_CERT_FILE to a file of authorities, in PEM."));
    }
    let verifier = Verifier::new(Trust::AuthorityAndName, list.certs, roots, provider()).map_err(broken)?;
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    let config = builder.with_no_client_auth();
    Ok(Arc::clone(CONFIG.get_or_init(|| Arc::new(config))))
}

/// The client's own certificate chain and key.
pub(super) type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// Fails if only one of the client's certificate and key is set.
pub(crate) fn check(settings: &DatabaseSettings) -> Result<(), ConnectError> {
    let message = match (&settings.tls.client_cert, &settings.tls.client_key) {
        (Some(_), None) => "`sslcert` is set and `sslkey` is not",
        (None, Some(_)) => "`sslkey` is set and `sslcert` is not",
        _ => return Ok(()),
    };
    Err(ConnectError::new(settings, Reason::Configuration, message))
}

pub(super) fn identity(settings: &DatabaseSettings) -> Result<Option<Identity>, ConnectError> {
    check(settings)?;
    let (Some(chain), Some(key)) = (&settings.tls.client_cert, &settings.tls.client_key) else {
        return Ok(None);
    };
    let chain = certificates(settings, chain)?;
    let pem = read_pem(settings, key)?;
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|error| pem_error(settings, key, &error))?;
    Ok(Some((chain, key)))
}

fn certificates(
    settings: &DatabaseSettings,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, ConnectError> {
    let pem = read_pem(settings, path)?;
    match CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>() {
        Ok(certificates) if certificates.is_empty() => {
            Err(bad_file(settings, path, "it holds no PEM certificate"))
        }
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(pem_error(settings, path, &error)),
    }
}

fn read_pem(settings: &DatabaseSettings, path: &Path) -> Result<Vec<u8>, ConnectError> {
    read_file(path, PEM_LIMIT).map_err(|error| bad_file(settings, path, &error.to_string()))
}

fn pem_error(settings: &DatabaseSettings, path: &Path, error: &pem::Error) -> ConnectError {
    match error {
        pem::Error::Io(error) => bad_file(settings, path, &error.to_string()),
        pem::Error::NoItemsFound => bad_file(settings, path, "it holds nothing of this kind in PEM form"),
        // The other errors repeat bytes of the file, which may be those of a key.
        _ => bad_file(settings, path, "it is not a PEM file"),
    }
}

fn bad_file(settings: &DatabaseSettings, path: &Path, why: &str) -> ConnectError {
    let tls = &settings.tls;
    let parameters =
        [("sslrootcert", &tls.root_cert), ("sslcert", &tls.client_cert), ("sslkey", &tls.client_key)];
    let named_by = parameters.iter().find(|(_, file)| file.as_deref() == Some(path));
    // A URL in place of a path is not shown, so the message names the parameter instead.
    let file = match named_by {
        Some((parameter, _)) if echo_name(path) != printable(path) => {
            format!("{parameter}, {}", echo_name(path))
        }
        _ => echo_name(path).into_owned(),
    };
    ConnectError::new(settings, Reason::Configuration, format!("{file}: {why}"))
}

/// Returns the error for a database connection that could not be encrypted.
pub(crate) fn tls_failure(settings: &DatabaseSettings, error: &rustls::Error) -> ConnectError {
    let (message, hint) = explain(error, Trusted::Settings(settings));
    let reported = ConnectError::new(settings, Reason::Tls, message);
    ConnectError { hint: hint.or_else(|| reported.hint.clone()), ..reported }
}

/// Returns the error for a server without encryption if encryption is required.
pub(crate) fn not_offered(settings: &DatabaseSettings) -> ConnectError {
    ConnectError::new(settings, Reason::Tls, "the server offers no encryption").with_hint(
        "Turn on TLS in the server. Where nobody can sit in between, the mode `prefer`, the default, also connects without it.",
    )
}

/// Returns the TLS error inside a socket error.
pub(crate) fn tls_error(error: &std::io::Error) -> Option<&rustls::Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Origin;

    fn settings(query: &str) -> DatabaseSettings {
        let url = format!("postgres://app@db/app?{query}");
        DatabaseSettings::from_url("default", &url, Origin::Code).expect("a URL")
    }

    #[test]
    fn modes_trust_as_libpq_does() {
        for (query, trust) in [
            ("", Trust::Anyone),
            ("sslrootcert=a.pem", Trust::Anyone),
            ("sslmode=require", Trust::Anyone),
            ("sslmode=require&sslrootcert=a.pem", Trust::Authority),
            ("sslmode=verify-ca", Trust::Authority),
            ("sslmode=verify-full", Trust::AuthorityAndName),
            ("sslrootcert=system", Trust::AuthorityAndName),
        ] {
            assert_eq!(Trust::of(&settings(query)), trust, "{query}");
        }
    }

    #[test]
    fn a_bad_file_is_named_and_its_bytes_are_not_shown() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("key.pem");
        let secret = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0!c2VjcmV0\n-----END PRIVATE KEY-----\n";
        std::fs::write(&path, secret).expect("a file");
        let shown = path.to_str().expect("UTF-8");
        for query in [
            format!("sslrootcert={shown}"),
            format!("sslrootcert={shown}.none"),
            format!("sslcert={shown}&sslkey={shown}"),
            format!("sslcert={shown}"),
            format!("sslkey={shown}"),
        ] {
            let settings = settings(&format!("sslmode=verify-full&{query}"));
            let failed = match query.starts_with("sslrootcert") {
                true => roots(&settings).err(),
                false => identity(&settings).err(),
            };
            let error = failed.expect("no certificate");
            assert_eq!(error.reason, Reason::Configuration);
            let reported = error.to_string();
            assert!(reported.contains(shown) || reported.contains("`sslkey`"), "{reported}");
            assert!(!reported.contains("c2V") && !reported.contains("secret"), "{reported}");
        }
    }
}
