//! PgBouncer in front of a PostgreSQL server.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};

use rustix::process::Signal;

use crate::account::Account;
use crate::find::{Unavailable, find};
use crate::instance::{Instance, Kind};
use crate::watch::Watch;
use crate::{PASSWORD, Postgres, USER, percent_encoded};

/// How to install it.
pub(crate) const INSTALL: &str = "apt-get install pgbouncer (Debian, Ubuntu), brew install pgbouncer (macOS)";

static KIND: Kind = Kind {
    name: "PgBouncer",
    stop: Signal::INT,
    arguments: |instance| vec![instance.folder().join("pgbouncer.ini").into()],
    ready: |instance, _, _| TcpStream::connect((Ipv4Addr::LOCALHOST, instance.port())).is_ok(),
    sweep: |_| {},
};

/// A PgBouncer in a temporary directory, on a port of 127.0.0.1. It ends with this value and with the
/// process.
pub struct PgBouncer {
    instance: Instance,
}

impl PgBouncer {
    /// Starts one in front of a server, with these lines in its section `[pgbouncer]`: `pool_mode =
    /// transaction`.
    pub fn start(server: &Postgres, lines: &[&str]) -> Result<Self, Unavailable> {
        let program = find("pgbouncer", INSTALL)?;
        let account = Account::unprivileged(&["postgres", "nobody"]).map_err(Unavailable::broken)?;
        let watch = Watch::with_folder(account).map_err(Unavailable::broken)?;
        let instance = Instance::new(&KIND, program, account, watch);
        let folder = instance.folder();
        // It logs in to the server by its socket, and asks its own clients for the same password.
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let configuration = format!(
            "[databases]\n* = host={} port={} user={USER}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {}\n\
             unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {}\n{}\n",
            server.socket_dir().display(),
            server.port(),
            instance.port(),
            folder.join("users").display(),
            lines.join("\n"),
        );
        fs::write(folder.join("users"), format!("{} {}\n", quoted(USER), quoted(PASSWORD)))
            .and_then(|()| fs::write(folder.join("pgbouncer.ini"), configuration))
            .map_err(Unavailable::broken)?;
        instance.first_start()?;
        Ok(Self { instance })
    }

    /// Returns the URL of a database of the server, through it.
    pub fn url(&self, database: &str) -> String {
        let [user, password, database] = [USER, PASSWORD, database].map(percent_encoded);
        format!("postgres://{user}:{password}@127.0.0.1:{}/{database}", self.instance.port())
    }

    /// Returns what it has logged so far.
    pub fn log(&self) -> String {
        self.instance.log()
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        self.instance.end();
    }
}
