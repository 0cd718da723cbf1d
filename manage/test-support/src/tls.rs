//! Certificates for a server that speaks TLS.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

use crate::account::Account;

/// The files of a server's certificate, which is for `localhost` and 127.0.0.1.
#[derive(Clone, Debug)]
pub struct Tls {
    ca: PathBuf,
    untrusted_ca: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
    expired: PathBuf,
    other_name: PathBuf,
    self_signed: PathBuf,
}

impl Tls {
    /// Returns the certificate of the authority that signed the server's.
    pub fn ca(&self) -> &Path {
        &self.ca
    }

    /// Returns the certificate of another authority, which has signed nothing.
    pub fn untrusted_ca(&self) -> &Path {
        &self.untrusted_ca
    }

    /// Returns the server's own certificate.
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// Returns the server's private key.
    pub fn key(&self) -> &Path {
        &self.key
    }

    /// Returns a certificate for the same key that has expired.
    pub fn expired(&self) -> &Path {
        &self.expired
    }

    /// Returns a certificate for the same key and another host.
    pub fn other_name(&self) -> &Path {
        &self.other_name
    }

    /// Returns a certificate for the same key that no authority has signed.
    pub fn self_signed(&self) -> &Path {
        &self.self_signed
    }

    /// Makes them in `folder`, for this account.
    pub fn in_folder(folder: &Path) -> io::Result<Self> {
        Self::create(folder, Account::oneself())
    }

    /// Makes them in `folder`. The key belongs to `account` alone, as PostgreSQL wants it.
    pub(crate) fn create(folder: &Path, account: Account) -> io::Result<Self> {
        let tls = Self {
            ca: folder.join("ca.pem"),
            untrusted_ca: folder.join("untrusted-ca.pem"),
            certificate: folder.join("server.pem"),
            key: folder.join("server.key"),
            expired: folder.join("expired.pem"),
            other_name: folder.join("other-name.pem"),
            self_signed: folder.join("self-signed.pem"),
        };
        let authority = authority("Test CA").map_err(io::Error::other)?;
        let stranger = self::authority("Another CA").map_err(io::Error::other)?;
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut expired = server("localhost").map_err(io::Error::other)?;
        (expired.not_before, expired.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
        let right = server("localhost").map_err(io::Error::other)?;
        let self_signed = right.self_signed(&key).map_err(io::Error::other)?.pem();
        let other_name = server("elsewhere.example").map_err(io::Error::other)?;
        for (path, params) in
            [(&tls.certificate, right), (&tls.expired, expired), (&tls.other_name, other_name)]
        {
            fs::write(path, params.signed_by(&key, &authority).map_err(io::Error::other)?.pem())?;
        }
        fs::write(&tls.self_signed, self_signed)?;
        fs::write(&tls.ca, authority.pem())?;
        fs::write(&tls.untrusted_ca, stranger.pem())?;
        fs::write(&tls.key, key.serialize_pem())?;
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

/// For one host; `localhost` is 127.0.0.1, too.
fn server(host: &str) -> Result<CertificateParams, rcgen::Error> {
    let names = [host.to_owned(), "127.0.0.1".to_owned()];
    let names = if host == "localhost" { names.to_vec() } else { names[..1].to_vec() };
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, host);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}
