//! A MariaDB server of one's own.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;

use crate::account::Account;
use crate::find::{Unavailable, find};
use crate::instance::{Instance, Kind};
use crate::program::Program;
use crate::template::{self, DATA, Template};
use crate::tls::Tls;
use crate::{PASSWORD, USER};

/// How to install it.
pub(crate) const INSTALL: &str =
    "apt-get install mariadb-server (Debian, Ubuntu), brew install mariadb (macOS)";

/// The file that the server takes all its settings from.
const SETTINGS: &str = "my.cnf";

static TEMPLATE: Template = Template::new();

static KIND: Kind = Kind {
    name: "MariaDB",
    stop: Signal::TERM,
    arguments: |instance| {
        let mut settings = OsString::from("--defaults-file=");
        settings.push(instance.folder().join(SETTINGS));
        vec![settings, format!("--port={}", instance.port()).into()]
    },
    // The socket is there before; the greeting comes after.
    ready: |_, _, log| log.contains("ready for connections"),
    sweep: |instance| {
        let _ = fs::remove_file(instance.folder().join("socket"));
    },
};

/// A MariaDB server in a temporary directory, on a port of 127.0.0.1. It ends with this value and with the
/// process.
pub struct MariaDb {
    instance: Instance,
    client: PathBuf,
    tls: Option<Tls>,
}

/// What a [`MariaDb`] shall be like.
#[derive(Clone, Debug, Default)]
pub struct MariaDbBuilder {
    settings: Vec<String>,
    tls: bool,
}

impl MariaDbBuilder {
    crate::server::builder_methods!(MariaDb);

    /// Lets it listen at every IPv4 address: for a network namespace of one's own alone.
    #[must_use]
    pub fn everywhere(self) -> Self {
        self.setting("bind-address = 0.0.0.0")
    }

    /// Makes everything ready for [`MariaDb::start_again`], and starts nothing.
    pub fn prepare(self) -> Result<MariaDb, Unavailable> {
        let server = find("mariadbd", INSTALL)?;
        let install_db = find("mariadb-install-db", INSTALL)?;
        let client = find("mariadb", INSTALL)?;
        let account = Account::unprivileged(&["mysql", "nobody"]).map_err(Unavailable::broken)?;
        let watch = TEMPLATE.copy(account, |watch| {
            template::run(watch, account, &install_db, install_arguments(watch.folder()))
        })?;
        let folder = watch.folder();
        let tls = self.tls.then(|| Tls::create(folder, account)).transpose().map_err(Unavailable::broken)?;
        self.configure(folder, tls.as_ref()).map_err(Unavailable::broken)?;
        Ok(MariaDb { instance: Instance::new(&KIND, server, account, watch), client, tls })
    }

    fn configure(&self, folder: &Path, tls: Option<&Tls>) -> std::io::Result<()> {
        let path = |name: &str| folder.join(name).display().to_string();
        let mut lines = vec![
            "[mysqld]".to_owned(),
            format!("datadir = {}", path(DATA)),
            format!("tmpdir = {}", folder.display()),
            format!("socket = {}", path("socket")),
            format!("pid-file = {}", path("pid")),
            format!("init-file = {}", path("init.sql")),
        ];
        let fixed = ["bind-address = 127.0.0.1", "skip-name-resolve", "character-set-server = utf8mb4"];
        lines.extend(fixed.map(str::to_owned));
        lines.extend(SMALL.map(str::to_owned));
        if let Some(tls) = tls {
            lines.push(format!("ssl-ca = {}", tls.ca().display()));
            lines.push(format!("ssl-cert = {}", tls.certificate().display()));
            lines.push(format!("ssl-key = {}", tls.key().display()));
        }
        lines.extend(self.settings.iter().cloned());
        fs::write(folder.join(SETTINGS), lines.join("\n") + "\n")?;
        // It runs at every start, before the server listens to anyone.
        let password = PASSWORD.replace('\\', "\\\\").replace('\'', "''");
        let init = format!(
            "CREATE USER IF NOT EXISTS '{USER}'@'%' IDENTIFIED BY '{password}';\n\
             GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'%' WITH GRANT OPTION;\n"
        );
        fs::write(folder.join("init.sql"), init)
    }
}

/// A test's data may be lost with its machine, but not with a killed server.
const SMALL: [&str; 5] = [
    "innodb-flush-method = nosync",
    "innodb-flush-log-at-trx-commit = 2",
    "innodb-buffer-pool-size = 16M",
    "innodb-log-file-size = 4M",
    "innodb-buffer-pool-dump-at-shutdown = OFF",
];

fn install_arguments(folder: &Path) -> Vec<OsString> {
    let fixed = [
        "--no-defaults",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        "--skip-name-resolve",
    ];
    let mut arguments: Vec<OsString> = fixed.map(OsString::from).into();
    arguments.extend(SMALL.iter().map(|setting| format!("--{}", setting.replace(" = ", "=")).into()));
    let mut data = OsString::from("--datadir=");
    data.push(folder.join(DATA));
    arguments.push(data);
    arguments
}

impl MariaDb {
    /// Returns its Unix socket.
    pub fn socket(&self) -> PathBuf {
        self.instance.folder().join("socket")
    }

    pub(crate) fn try_drop_database(&self, name: &str) -> Result<String, String> {
        self.sql("mysql", &format!("DROP DATABASE IF EXISTS {}", quoted(name)))
    }

    /// Runs SQL as `root` in `database`, and returns what the client printed, without headers and frames.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String, String> {
        let transcript = Program::new(&self.client)
            .args(["--no-defaults", "--user=root", "--batch", "--raw", "--skip-column-names"])
            .args(["--default-character-set=utf8mb4", "--socket"])
            .arg(self.socket())
            .args(["--database", database, "--execute", sql])
            .run(Duration::from_secs(30));
        transcript.into_output()
    }

    crate::server::server_methods!(MariaDbBuilder, "mysql", "mysql");
}

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
