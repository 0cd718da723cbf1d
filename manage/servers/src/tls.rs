//! Certificates for a server that speaks TLS.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};

use crate::account::Account;

/// The files of a server's certificate, which is for `localhost` and 127.0.0.1.
#[derive(Clone, Debug)]
pub struct Tls {
    ca: PathBuf,
    untrusted_ca: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

impl Tls {
    /// The certificate of the authority that signed the server's.
    pub fn ca(&self) -> &Path {
        &self.ca
    }

    /// The certificate of another authority, which has signed nothing.
    pub fn untrusted_ca(&self) -> &Path {
        &self.untrusted_ca
    }

    /// The server's own certificate.
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// The server's private key.
    pub fn key(&self) -> &Path {
        &self.key
    }

    /// Makes them in `folder`. The key belongs to `account` alone, as PostgreSQL wants it.
    pub(crate) fn create(folder: &Path, account: Account) -> io::Result<Self> {
        let tls = Self {
            ca: folder.join("ca.pem"),
            untrusted_ca: folder.join("untrusted-ca.pem"),
            certificate: folder.join("server.pem"),
            key: folder.join("server.key"),
        };
        let authority = authority("Test CA").map_err(io::Error::other)?;
        let stranger = self::authority("Another CA").map_err(io::Error::other)?;
        let (certificate, key) = server(&authority).map_err(io::Error::other)?;
        fs::write(&tls.ca, authority.pem())?;
        fs::write(&tls.untrusted_ca, stranger.pem())?;
        fs::write(&tls.certificate, certificate)?;
        fs::write(&tls.key, key)?;
        fs::set_permissions(&tls.key, fs::Permissions::from_mode(0o600))?;
        account.own(&tls.key)?;
        Ok(tls)
    }
}

fn authority(name: &str) -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

fn server(authority: &CertifiedIssuer<'_, KeyPair>) -> Result<(String, String), rcgen::Error> {
    let mut params = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    Ok((params.signed_by(&key, authority)?.pem(), key.serialize_pem()))
}
