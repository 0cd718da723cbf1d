//! RSA by the program `openssl`: the key of a server that wants to read passwords.

use std::io::{self, Write as _};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// A pair of keys.
pub(super) struct RsaKey {
    private: tempfile::NamedTempFile,
    public: Vec<u8>,
}

impl RsaKey {
    /// Returns the one key of all servers: on a busy machine a new one takes longer than a client waits.
    pub(super) fn of_this_process() -> io::Result<&'static Self> {
        static KEY: OnceLock<RsaKey> = OnceLock::new();
        if let Some(key) = KEY.get() {
            return Ok(key);
        }
        let key = Self::generate()?;
        Ok(KEY.get_or_init(|| key))
    }

    fn generate() -> io::Result<Self> {
        let mut private = tempfile::NamedTempFile::new()?;
        private.write_all(&openssl(Command::new("openssl").args(["genrsa", "2048"]), &[])?)?;
        let public =
            openssl(Command::new("openssl").args(["rsa", "-pubout", "-in"]).arg(private.path()), &[])?;
        Ok(Self { private, public })
    }

    /// Returns the public key in PEM.
    pub(super) fn public(&self) -> &[u8] {
        &self.public
    }

    pub(super) fn decrypt(&self, encrypted: &[u8]) -> io::Result<Vec<u8>> {
        let mut command = Command::new("openssl");
        command.args(["pkeyutl", "-decrypt", "-pkeyopt", "rsa_padding_mode:oaep", "-inkey"]);
        openssl(command.arg(self.private.path()), encrypted)
    }
}

fn openssl(command: &mut Command, input: &[u8]) -> io::Result<Vec<u8>> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    child.stdin.take().expect("a pipe").write_all(input)?;
    let Output { status, stdout, .. } = child.wait_with_output()?;
    if !status.success() {
        return Err(io::Error::other("openssl failed"));
    }
    Ok(stdout)
}
