//! What a test needs that may not be installed.

use std::fmt;
use std::fs::OpenOptions;
use std::path::PathBuf;
use std::process::Command;

use crate::find::{self, Unavailable};
use crate::{cell, docker, mariadb, pgbouncer, postgres, rabbitmq, redis};

/// The environment variable that lists, with commas, the needs whose absence fails the tests instead of
/// skipping them.
pub const REQUIRE: &str = "MANAGE_TEST_REQUIRE";

/// The environment variable that names the Python interpreter to use instead of `python3`.
pub(crate) const PYTHON: &str = "MANAGE_TEST_PYTHON";

/// The version of python-dotenv that `.env` files are compared with: others read some of them differently.
pub(crate) const PYTHON_DOTENV: &str = "1.2.4";

/// The versions of the packages from PyPI that check the files of deployments.
const KUBERNETES_VALIDATE: &str = "1.37.0";
const CHECK_JSONSCHEMA: &str = "0.39.0";

/// Returns the Python interpreter that tests use.
pub fn python() -> PathBuf {
    std::env::var_os(PYTHON).map_or_else(|| PathBuf::from("python3"), PathBuf::from)
}

/// Something that a test needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// The PostgreSQL server and its client.
    Postgres,
    /// The PostgreSQL server, built with TLS.
    PostgresTls,
    /// The MariaDB server and its client.
    MariaDb,
    /// Network, mount and process namespaces, as [`crate::Suite::inside`] makes them.
    Namespaces,
    /// Being root, to run programs as several accounts.
    Accounts,
    /// The program `socat`, and the right to make network devices in user space (TUN).
    Tun,
    /// The Redis server.
    Redis,
    /// The RabbitMQ broker.
    RabbitMq,
    /// PgBouncer, and the PostgreSQL server behind it.
    PgBouncer,
    /// Docker Engine, docker-compose, and the images that this repository's `docker-compose.yml` and
    /// `Dockerfile` end in.
    Docker,
    /// Python with the package python-dotenv, of one pinned version.
    PythonDotenv,
    /// Python with the package kubernetes-validate, which has the schemas of Kubernetes' API.
    KubernetesValidate,
    /// Python with the package check-jsonschema, which has the schema of GitHub's workflows.
    CheckJsonschema,
    /// Docker Engine with the image of Rust that the written Dockerfiles name.
    RustImage,
    /// Chromium, its driver, and Python with the package axe-selenium-python.
    Chromium,
    /// Any program on PATH.
    Program(&'static str),
    /// A shell, and tmux as the terminal that it runs in.
    Shell(&'static str),
}

impl Need {
    /// Returns its name in [`REQUIRE`].
    pub fn name(&self) -> &str {
        match self {
            Self::Postgres => "postgres",
            Self::PostgresTls => "postgres-tls",
            Self::MariaDb => "mariadb",
            Self::Namespaces => "namespaces",
            Self::Accounts => "accounts",
            Self::Tun => "tun",
            Self::Redis => "redis",
            Self::RabbitMq => "rabbitmq",
            Self::PgBouncer => "pgbouncer",
            Self::Docker => "docker",
            Self::PythonDotenv => "python-dotenv",
            Self::KubernetesValidate => "kubernetes-validate",
            Self::CheckJsonschema => "check-jsonschema",
            Self::RustImage => "rust-image",
            Self::Chromium => "chromium",
            Self::Program(name) | Self::Shell(name) => name,
        }
    }

    /// Returns how to install it.
    pub fn install(&self) -> String {
        match self {
            Self::Postgres | Self::PostgresTls => postgres::INSTALL.to_owned(),
            Self::MariaDb => mariadb::INSTALL.to_owned(),
            Self::Namespaces => {
                "be root, or allow user namespaces (Linux), and apt-get install util-linux iproute2"
                    .to_owned()
            }
            Self::Accounts => "be root".to_owned(),
            Self::Tun => "apt-get install socat, and be allowed to use /dev/net/tun (Linux)".to_owned(),
            Self::Redis => redis::INSTALL.to_owned(),
            Self::RabbitMq => rabbitmq::INSTALL.to_owned(),
            Self::PgBouncer => pgbouncer::INSTALL.to_owned(),
            Self::Docker => docker::INSTALL.to_owned(),
            Self::PythonDotenv => {
                format!("pip install python-dotenv=={PYTHON_DOTENV}, and set {PYTHON} to that Python")
            }
            Self::KubernetesValidate => {
                format!("pip install kubernetes-validate=={KUBERNETES_VALIDATE}, and set {PYTHON} to that Python")
            }
            Self::CheckJsonschema => {
                format!("pip install check-jsonschema=={CHECK_JSONSCHEMA}, and set {PYTHON} to that Python")
            }
            Self::RustImage => {
                "install Docker Engine, and pull the image rust:1-slim-bookworm, or make a stand-in with app/tests/docker/base-images.sh"
                    .to_owned()
            }
            Self::Chromium => {
                format!(
                    "apt-get install chromium chromium-driver, pip install axe-selenium-python, and set {PYTHON} to that Python"
                )
            }
            Self::Program(name) => format!("make the program `{name}` available on PATH"),
            Self::Shell(name) => {
                format!("apt-get install {name} tmux, or the packages of those names elsewhere")
            }
        }
    }

    /// Returns whether it is required on this machine.
    pub fn is_required(&self) -> bool {
        let list = std::env::var(REQUIRE).unwrap_or_default();
        list.split(',').any(|name| name.trim() == self.name())
    }

    /// Returns why it is not there, if it is not. No server is started to find out.
    pub fn missing(&self) -> Option<Unavailable> {
        let programs: &[&str] = match self {
            Self::Postgres => &["postgres", "initdb", "psql"],
            Self::PostgresTls => return Self::Postgres.missing().or_else(postgres::without_tls),
            Self::MariaDb => &["mariadbd", "mariadb-install-db", "mariadb"],
            Self::Accounts => {
                let is_root = rustix::process::geteuid().is_root();
                return (!is_root).then(|| Unavailable::broken(self.install()));
            }
            Self::Namespaces => return cell::missing(&self.install()),
            Self::Tun => {
                let device = OpenOptions::new().read(true).write(true).open("/dev/net/tun");
                let refused = device.err().map(|error| Unavailable::broken(format!("/dev/net/tun: {error}")));
                return refused.or_else(|| find::find("socat", &self.install()).err());
            }
            Self::Redis => &["redis-server"],
            Self::RabbitMq => return rabbitmq::program().err(),
            Self::Docker => return docker::missing(),
            Self::PgBouncer => {
                let missing = find::find("pgbouncer", &self.install()).err();
                return missing.or_else(|| Self::Postgres.missing());
            }
            Self::PythonDotenv => return package_missing("python-dotenv", PYTHON_DOTENV, &self.install()),
            Self::KubernetesValidate => {
                return package_missing("kubernetes-validate", KUBERNETES_VALIDATE, &self.install());
            }
            Self::CheckJsonschema => {
                return package_missing("check-jsonschema", CHECK_JSONSCHEMA, &self.install());
            }
            Self::RustImage => return docker::missing_rust(self.install()),
            Self::Chromium => return chromium_missing(&self.install()),
            Self::Program(name) => {
                let missing =
                    || Unavailable::NotInstalled { program: (*name).to_owned(), install: self.install() };
                return find::on_path(name).is_none().then(missing);
            }
            Self::Shell(name) => &[name, "tmux"],
        };
        programs.iter().find_map(|program| find::find(program, &self.install()).err())
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postgres => f.write_str("PostgreSQL"),
            Self::PostgresTls => f.write_str("PostgreSQL with TLS"),
            Self::MariaDb => f.write_str("MariaDB"),
            Self::Namespaces => f.write_str("what makes network namespaces"),
            Self::Accounts => f.write_str("root's right to run programs as other accounts"),
            Self::Tun => f.write_str("what makes slow links"),
            Self::Redis => f.write_str("Redis"),
            Self::RabbitMq => f.write_str("RabbitMQ"),
            Self::PgBouncer => f.write_str("PgBouncer"),
            Self::Docker => f.write_str("Docker with its base images"),
            Self::PythonDotenv => f.write_str("python-dotenv"),
            Self::KubernetesValidate => f.write_str("kubernetes-validate"),
            Self::CheckJsonschema => f.write_str("check-jsonschema"),
            Self::RustImage => f.write_str("Docker with the image of Rust"),
            Self::Chromium => f.write_str("Chromium with axe-selenium-python"),
            Self::Program(name) => write!(f, "the program `{name}`"),
            Self::Shell(name) => write!(f, "the shell {name} or tmux"),
        }
    }
}

fn chromium_missing(install: &str) -> Option<Unavailable> {
    let missing = |program: &str| Unavailable::NotInstalled {
        program: program.to_owned(),
        install: install.to_owned(),
    };
    if let Some(program) = ["chromium", "chromedriver"].into_iter().find(|name| find::on_path(name).is_none())
    {
        return Some(missing(program));
    }
    let question = "import axe_selenium_python, selenium";
    let answer = Command::new(python()).args(["-c", question]).output();
    let is_there = answer.is_ok_and(|output| output.status.success());
    (!is_there).then(|| missing("axe-selenium-python"))
}

/// Returns why Python does not have this version of a package, if it does not.
fn package_missing(package: &str, wanted: &str, install: &str) -> Option<Unavailable> {
    let question = format!("from importlib.metadata import version; print(version('{package}'))");
    let answer = Command::new(python()).args(["-c", &question]).output();
    match answer {
        Ok(output) if output.status.success() => {
            let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            (version != wanted)
                .then(|| Unavailable::broken(format!("{package} {version} is not {wanted}: {install}")))
        }
        _ => Some(Unavailable::NotInstalled { program: package.to_owned(), install: install.to_owned() }),
    }
}
