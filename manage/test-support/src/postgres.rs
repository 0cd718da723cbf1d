//! A PostgreSQL server of one's own.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
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
    "apt-get install postgresql (Debian, Ubuntu), brew install postgresql (macOS)";

/// Returns why its servers cannot encrypt, if they cannot.
pub(crate) fn without_tls() -> Option<Unavailable> {
    static BUILT_WITH: OnceLock<Option<String>> = OnceLock::new();
    let built_with = BUILT_WITH.get_or_init(|| {
        let server = find("postgres", INSTALL).ok()?.canonicalize().ok()?;
        let asked = Program::new(server.with_file_name("pg_config")).arg("--configure");
        asked.run(Duration::from_secs(10)).into_output().ok()
    });
    // Distributions build it with TLS, and some have pg_config in another package.
    let is_without = built_with.as_ref().is_some_and(|options| !options.contains("ssl"));
    is_without.then(|| Unavailable::NotInstalled {
        program: "postgres --with-ssl".to_owned(),
        install: INSTALL.to_owned(),
    })
}

static TEMPLATE: Template = Template::new();

static KIND: Kind = Kind {
    name: "PostgreSQL",
    stop: Signal::INT,
    arguments: |instance| {
        vec![
            "-D".into(),
            instance.folder().join(DATA).into(),
            "-p".into(),
            instance.port().to_string().into(),
        ]
    },
    ready: |instance, pid, _| {
        // The server writes its state into line 8, for pg_ctl.
        let Ok(file) = fs::read_to_string(pid_file(instance)) else { return false };
        let mut lines = file.lines().map(str::trim);
        lines.next() == Some(pid.to_string().as_str()) && lines.nth(6) == Some("ready")
    },
    sweep: |instance| {
        let socket = format!(".s.PGSQL.{}", instance.port());
        let _ = fs::remove_file(pid_file(instance));
        let _ = fs::remove_file(instance.folder().join(&socket));
        let _ = fs::remove_file(instance.folder().join(socket + ".lock"));
    },
};

fn pid_file(instance: &Instance) -> PathBuf {
    instance.folder().join(DATA).join("postmaster.pid")
}

/// A PostgreSQL server in a temporary directory, on a port of 127.0.0.1. It ends with this value and with the
/// process.
pub struct Postgres {
    instance: Instance,
    psql: PathBuf,
    tls: Option<Tls>,
}

/// What a [`Postgres`] shall be like.
#[derive(Clone, Debug, Default)]
pub struct PostgresBuilder {
    settings: Vec<String>,
    hba: Option<Vec<String>>,
    tls: bool,
}

impl PostgresBuilder {
    crate::server::builder_methods!(Postgres);

    /// Replaces what `pg_hba.conf` says about TCP. The socket stays open to everyone, for
    /// [`Postgres::execute`].
    #[must_use]
    pub fn hba<S: Into<String>>(mut self, lines: impl IntoIterator<Item = S>) -> Self {
        self.hba = Some(lines.into_iter().map(Into::into).collect());
        self
    }

    /// Lets it listen at every IPv4 address: for a network namespace of one's own alone.
    #[must_use]
    pub fn everywhere(self) -> Self {
        self.setting("listen_addresses = '0.0.0.0'").hba(["host all all 0.0.0.0/0 scram-sha-256"])
    }

    /// Starts a standby that follows this server, which must let its superuser replicate over TCP.
    pub fn standby_of(self, primary: &Postgres) -> Result<Postgres, Unavailable> {
        let standby = self.prepare_from(Some(primary))?;
        standby.instance.first_start()?;
        Ok(standby)
    }

    /// Makes everything ready for [`Postgres::start_again`], and starts nothing.
    pub fn prepare(self) -> Result<Postgres, Unavailable> {
        self.prepare_from(None)
    }

    fn prepare_from(self, primary: Option<&Postgres>) -> Result<Postgres, Unavailable> {
        let server = find("postgres", INSTALL)?;
        let server = server.canonicalize().unwrap_or(server);
        // What is on PATH beside it may be a wrapper for several versions.
        let beside = |name: &str| {
            let path = server.with_file_name(name);
            if path.exists() { Ok(path) } else { find(name, INSTALL) }
        };
        let (initdb, psql) = (beside("initdb")?, beside("psql")?);
        let account = Account::unprivileged(&["postgres", "nobody"]).map_err(Unavailable::broken)?;
        let watch = TEMPLATE.copy(account, |watch| {
            let password = watch.folder().join("password");
            fs::write(&password, PASSWORD).map_err(Unavailable::broken)?;
            template::run(watch, account, &initdb, initdb_arguments(watch.folder(), &password))
        })?;
        let folder = watch.folder();
        if let Some(primary) = primary {
            fs::remove_dir_all(folder.join(DATA)).map_err(Unavailable::broken)?;
            let to = folder.join(DATA).into_os_string();
            let from = primary.url("postgres").into();
            let arguments: [OsString; 8] = [
                "--dbname".into(),
                from,
                "--pgdata".into(),
                to,
                "--write-recovery-conf".into(),
                "--wal-method=stream".into(),
                "--checkpoint=fast".into(),
                "--no-sync".into(),
            ];
            template::run(&watch, account, &beside("pg_basebackup")?, arguments)?;
        }
        let tls = self.tls.then(|| Tls::create(folder, account)).transpose().map_err(Unavailable::broken)?;
        self.configure(folder, tls.as_ref()).map_err(Unavailable::broken)?;
        Ok(Postgres { instance: Instance::new(&KIND, server, account, watch), psql, tls })
    }

    fn configure(&self, folder: &Path, tls: Option<&Tls>) -> std::io::Result<()> {
        let data = folder.join(DATA);
        let mut conf = OpenOptions::new().append(true).open(data.join("postgresql.conf"))?;
        writeln!(conf, "listen_addresses = '127.0.0.1'")?;
        writeln!(conf, "unix_socket_directories = '{}'", folder.display())?;
        // A test's data may be lost with its machine, but not with a killed server.
        conf.write_all(b"fsync = off\nfull_page_writes = off\n")?;
        conf.write_all(b"shared_buffers = 16MB\nautovacuum = off\nlogging_collector = off\n")?;
        // In its own directory, where nothing outlives a killed server.
        writeln!(conf, "dynamic_shared_memory_type = mmap")?;
        if let Some(tls) = tls {
            writeln!(conf, "ssl = on")?;
            writeln!(conf, "ssl_cert_file = '{}'", tls.certificate().display())?;
            writeln!(conf, "ssl_key_file = '{}'", tls.key().display())?;
        }
        for line in &self.settings {
            writeln!(conf, "{line}")?;
        }
        let hba =
            self.hba.clone().unwrap_or_else(|| vec!["host all all 127.0.0.1/32 scram-sha-256".to_owned()]);
        fs::write(data.join("pg_hba.conf"), format!("local all all trust\n{}\n", hba.join("\n")))
    }
}

fn initdb_arguments(folder: &Path, password: &Path) -> Vec<OsString> {
    let fixed = [
        "--no-sync",
        "--auth=trust",
        "--encoding=UTF8",
        "--no-locale",
        "--wal-segsize=1",
        "--username",
        USER,
    ];
    let mut arguments: Vec<OsString> = fixed.map(OsString::from).into();
    arguments.extend(["--pwfile".into(), password.into(), "-D".into(), folder.join(DATA).into()]);
    arguments
}

impl Postgres {
    /// Returns its major version.
    #[track_caller]
    pub fn version(&self) -> u32 {
        let number: u32 = self.query_value("SHOW server_version_num").parse().expect("a number");
        number / 10_000
    }

    /// Returns the directory of its Unix socket, which libpq takes as a host.
    pub fn socket_dir(&self) -> &Path {
        self.instance.folder()
    }

    pub(crate) fn try_drop_database(&self, name: &str) -> Result<String, String> {
        self.sql("postgres", &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(name)))
    }

    /// Returns the program `psql` of this server's version.
    pub fn psql(&self) -> Program {
        Program::new(&self.psql).args(["--no-psqlrc", "--no-password"])
    }

    /// Runs SQL as the superuser in `database`, and returns what `psql` printed, without headers and
    /// alignment.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String, String> {
        let transcript = Program::new(&self.psql)
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", USER, "-d", database])
            .args(["-p", &self.port().to_string(), "-h"])
            .arg(self.socket_dir())
            .args(["-c", sql])
            .run(Duration::from_secs(30));
        transcript.into_output()
    }

    crate::server::server_methods!(PostgresBuilder, "postgres", "postgres");
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
