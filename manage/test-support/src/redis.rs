//! A Redis server of one's own.

use std::fs;
use std::path::Path;

use rustix::process::Signal;

use crate::account::Account;
use crate::find::{Unavailable, find};
use crate::instance::{Instance, Kind};
use crate::tls::Tls;
use crate::watch::Watch;
use crate::{PASSWORD, percent_encoded};

/// How to install it.
pub(crate) const INSTALL: &str = "apt-get install redis-server (Debian, Ubuntu), brew install redis (macOS)";

static KIND: Kind = Kind {
    name: "Redis",
    stop: Signal::TERM,
    arguments: |instance| {
        let port = if encrypts(instance) { "--tls-port" } else { "--port" };
        vec![config(instance).into(), port.into(), instance.port().to_string().into()]
    },
    // A look by a connection would take the place of a test's own, where there is room for few.
    ready: |_, _, log| log.contains("eady to accept connections"),
    sweep: |_| {},
};

fn config(instance: &Instance) -> std::path::PathBuf {
    instance.folder().join("redis.conf")
}

fn encrypts(instance: &Instance) -> bool {
    fs::read_to_string(config(instance)).is_ok_and(|text| text.contains("tls-cert-file"))
}

/// A Redis server in a temporary directory, on a port of 127.0.0.1. It ends with this value and with the
/// process.
pub struct Redis {
    instance: Instance,
    tls: Option<Tls>,
}

impl Redis {
    /// Starts one with these lines in its configuration, and waits until it accepts connections.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[track_caller]
    pub fn start(lines: &[&str]) -> Self {
        Self::prepare(lines, false).started()
    }

    /// Starts one that speaks TLS alone.
    #[track_caller]
    pub fn start_with_tls(lines: &[&str]) -> Self {
        Self::prepare(lines, true).started()
    }

    /// Makes everything ready for [`Redis::start_again`], and starts nothing.
    #[track_caller]
    pub fn prepare(lines: &[&str], encrypts: bool) -> Self {
        Self::try_prepare(lines, encrypts).unwrap_or_else(|error| panic!("{error}"))
    }

    fn try_prepare(lines: &[&str], encrypts: bool) -> Result<Self, Unavailable> {
        let program = find("redis-server", INSTALL)?;
        let account = Account::unprivileged(&["redis", "nobody"]).map_err(Unavailable::broken)?;
        let watch = Watch::with_folder(account).map_err(Unavailable::broken)?;
        let folder = watch.folder();
        let mut text = format!("bind 127.0.0.1\ndir {}\nsave \"\"\n", folder.display());
        let tls = encrypts.then(|| Tls::create(folder, account)).transpose().map_err(Unavailable::broken)?;
        if let Some(tls) = &tls {
            text.push_str(&format!(
                "port 0\ntls-auth-clients no\ntls-cert-file {}\ntls-key-file {}\ntls-ca-cert-file {}\n",
                tls.certificate().display(),
                tls.key().display(),
                tls.ca().display(),
            ));
        }
        for line in lines {
            text.push_str(&format!("{line}\n"));
        }
        fs::write(folder.join("redis.conf"), text).map_err(Unavailable::broken)?;
        Ok(Self { instance: Instance::new(&KIND, program, account, watch), tls })
    }

    #[track_caller]
    fn started(self) -> Self {
        self.instance.first_start().unwrap_or_else(|error| panic!("{error}"));
        self
    }

    /// Starts it without waiting for it.
    #[track_caller]
    pub fn start_again(&self) {
        self.instance.spawn().unwrap_or_else(|error| panic!("{error}"));
    }

    /// Stops it in good order.
    pub fn stop(&self) {
        self.instance.stop();
    }

    /// Returns its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.instance.port()
    }

    /// Returns where it keeps its data.
    pub fn folder(&self) -> &Path {
        self.instance.folder()
    }

    /// Returns its certificates, if it speaks TLS.
    pub fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    /// Returns a password of all odd characters but a space, as the configuration has it between quotes.
    pub fn quoted_password() -> String {
        format!("\"{}\"", PASSWORD.replace('\\', "\\\\").replace('"', "\\\""))
    }

    /// The same as a URL has it.
    pub fn url_password() -> String {
        percent_encoded(PASSWORD)
    }

    /// The same as it is.
    pub fn password() -> &'static str {
        PASSWORD
    }
}
