//! A RabbitMQ broker of one's own.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::process::Signal;

use crate::account::Account;
use crate::find::{self, Unavailable};
use crate::instance::{Instance, Kind};
use crate::port::free_port;
use crate::tls::Tls;
use crate::watch::Watch;
use crate::{PASSWORD, percent_encoded};

/// How to install it.
pub(crate) const INSTALL: &str =
    "apt-get install rabbitmq-server (Debian, Ubuntu), brew install rabbitmq (macOS)";

static SHARED: OnceLock<Result<RabbitMq, Unavailable>> = OnceLock::new();

static KIND: Kind = Kind {
    name: "RabbitMQ",
    stop: Signal::TERM,
    arguments: |instance| vec![instance.folder().join("run").into()],
    ready: |_, _, log| log.contains("Time to start RabbitMQ") || log.contains("Server startup complete"),
    sweep: |_| {},
};

/// Returns where it is: the program on PATH of a Debian is for root and for `rabbitmq` alone, and shares one
/// directory.
pub(crate) fn program() -> Result<PathBuf, Unavailable> {
    let packaged = PathBuf::from("/usr/lib/rabbitmq/bin/rabbitmq-server");
    if packaged.is_file() { Ok(packaged) } else { find::find("rabbitmq-server", INSTALL) }
}

/// A RabbitMQ broker in a temporary directory, on two ports of 127.0.0.1, one of them with TLS.
///
/// Users are `guest` (password `guest`, for `/`) and `app` (for `/`, `/shop` and `plain`); nobody may use
/// `closed`.
pub struct RabbitMq {
    instance: Instance,
    tls_port: u16,
    tls: Tls,
}

impl RabbitMq {
    /// Returns the broker that tests share. The first call starts it, and nobody waits: it takes some
    /// seconds.
    pub fn shared() -> Result<&'static Self, Unavailable> {
        SHARED.get_or_init(Self::start).as_ref().map_err(Clone::clone)
    }

    pub(crate) fn end_shared() {
        if let Some(Ok(broker)) = SHARED.get() {
            broker.instance.end();
        }
    }

    fn start() -> Result<Self, Unavailable> {
        let program = program()?;
        let account = Account::unprivileged(&["rabbitmq", "nobody"]).map_err(Unavailable::broken)?;
        let watch = Watch::with_folder(account).map_err(Unavailable::broken)?;
        let tls = Tls::create(watch.folder(), account).map_err(Unavailable::broken)?;
        let [tls_port, dist_port, epmd_port] = [free_port(), free_port(), free_port()];
        let instance = Instance::new(&KIND, PathBuf::from("/bin/sh"), account, watch);
        let (folder, port) = (instance.folder().to_owned(), instance.port());
        let write =
            |name: &str, text: String| fs::write(folder.join(name), text).map_err(Unavailable::broken);
        write("definitions.json", definitions())?;
        write("enabled_plugins", "[].".to_owned())?;
        write("rabbitmq.conf", configuration(&folder, port, tls_port, &tls))?;
        write("run", script(&folder, &program, [port, dist_port, epmd_port]))?;
        instance.spawn().map_err(Unavailable::broken)?;
        Ok(Self { instance, tls_port, tls })
    }

    /// Returns its port without TLS.
    pub fn port(&self) -> u16 {
        self.instance.port()
    }

    /// Returns its port with TLS.
    pub fn tls_port(&self) -> u16 {
        self.tls_port
    }

    /// Returns its certificates.
    pub fn tls(&self) -> &Tls {
        &self.tls
    }

    /// Returns whether it listens already.
    pub fn listens(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port())).is_ok()
    }

    /// Returns the end of its log, for a failing test.
    pub fn complaint(&self) -> String {
        self.instance.complaint("what it said")
    }

    /// Returns the password of `app` as a URL has it.
    pub fn url_password() -> String {
        percent_encoded(PASSWORD)
    }

    /// Returns the password of `app`.
    pub fn password() -> &'static str {
        PASSWORD
    }
}

fn script(folder: &Path, program: &Path, [port, dist_port, epmd_port]: [u16; 3]) -> String {
    let at = folder.display();
    // epmd is started here, in the group that is killed in the end: Erlang itself would start it as a daemon.
    format!(
        "epmd -address 127.0.0.1 -port {epmd_port} &\n\
         export RABBITMQ_NODENAME=manage{port}@localhost RABBITMQ_MNESIA_BASE={at}/mnesia RABBITMQ_LOG_BASE={at}/logs\n\
         export RABBITMQ_DIST_PORT={dist_port} ERL_EPMD_PORT={epmd_port} ERL_EPMD_ADDRESS=127.0.0.1\n\
         export RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_CONFIG_FILE={at}/rabbitmq.conf\n\
         export RABBITMQ_ENABLED_PLUGINS_FILE={at}/enabled_plugins\n\
         export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {{127,0,0,1}}'\n\
         exec {}\n",
        program.display()
    )
}

fn configuration(folder: &Path, port: u16, tls_port: u16, tls: &Tls) -> String {
    format!(
        "listeners.tcp.1 = 127.0.0.1:{port}\nlisteners.ssl.1 = 127.0.0.1:{tls_port}\n\
         ssl_options.cacertfile = {}\nssl_options.certfile = {}\nssl_options.keyfile = {}\n\
         ssl_options.verify = verify_none\nload_definitions = {}/definitions.json\n\
         log.console = true\nlog.file = false\n",
        tls.ca().display(),
        tls.certificate().display(),
        tls.key().display(),
        folder.display(),
    )
}

fn definitions() -> String {
    let password = PASSWORD.replace('\\', "\\\\").replace('"', "\\\"");
    let may = |user: &str, vhost: &str| {
        format!(r#"{{"user":"{user}","vhost":"{vhost}","configure":".*","write":".*","read":".*"}}"#)
    };
    let permissions =
        [may("guest", "/"), may("app", "/"), may("app", "/shop"), may("app", "plain")].join(",");
    format!(
        r#"{{"users":[{{"name":"guest","password":"guest","tags":""}},{{"name":"app","password":"{password}","tags":""}}],
"vhosts":[{{"name":"/"}},{{"name":"/shop"}},{{"name":"plain"}},{{"name":"closed"}}],"permissions":[{permissions}]}}"#
    )
}
