//! Why nothing was written.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::console::{echo, printable, printable_lines};
use crate::error::{CommandError, Exit};

/// Why there are no files for a deployment.
#[derive(Debug)]
pub(crate) enum DeployError {
    /// The program's `main` does not record its package.
    NotRecorded,
    /// A manifest is not on this machine.
    NoSource(PathBuf),
    NoCargo,
    /// What cargo reported.
    Cargo(String),
    /// `Cargo.lock` is missing or cannot be parsed.
    NoLock(PathBuf),
    /// A toolchain file, and its channel, for which no official image exists.
    Toolchain(PathBuf, String),
    /// Packages outside of the directory that can be the context of a build, and that directory.
    Outside(Vec<PathBuf>, PathBuf),
    /// A name that a package or a command has, and what it cannot be.
    Name(String, &'static str),
    /// An alias that no variable can set.
    Alias(String),
    /// No database is set.
    NoDatabase,
    /// No hosts are allowed.
    NoHosts,
    /// An alias whose SQLite file pods cannot share.
    Sqlite(String),
    /// An image, and what is wrong with it.
    Image(String, &'static str),
    /// A schedule, and what is wrong with it.
    Schedule(String, String),
    /// A port that a process without privileges cannot listen at.
    Port(u16),
    /// A host name where systemd needs an address.
    HostName(String),
    /// Files that exist with another text.
    Exists(Vec<PathBuf>),
    /// A file that cannot be read or written.
    Io(PathBuf, io::Error),
}

impl fmt::Display for DeployError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRecorded => {
                f.write_str("The program does not know its package: its main does not use manage::program!.")
            }
            Self::NoSource(path) => {
                write!(f, "The source is not on this machine: {} is missing.", printable(path))
            }
            Self::NoCargo => f.write_str("Cargo is missing: there is no cargo on PATH."),
            Self::Cargo(text) => write!(f, "cargo metadata failed: {}", printable_lines(text)),
            Self::NoLock(path) => write!(f, "{} is missing, or is not a lock file.", printable(path)),
            Self::Toolchain(path, channel) => write!(
                f,
                "{} selects the toolchain '{}', and there is no official image of it.",
                printable(path),
                echo(channel)
            ),
            Self::Outside(paths, _) => {
                write!(f, "The build needs files outside of the project: {}.", list(paths))
            }
            Self::Name(name, what) => write!(f, "'{}' cannot be {what}.", echo(name)),
            Self::Alias(alias) => write!(f, "No variable can set the database '{}'.", echo(alias)),
            Self::NoDatabase => f.write_str("No database is set, and a deployment assumes none."),
            Self::NoHosts => f.write_str("No allowed hosts are set, and `serve` requires them."),
            Self::Sqlite(alias) => {
                write!(f, "The database '{}' is an SQLite file, which pods cannot share.", echo(alias))
            }
            Self::Image(image, why) => write!(f, "'{}' cannot be the image: {why}.", echo(image)),
            Self::Schedule(text, why) => write!(f, "'{}' is not a schedule: {why}.", echo(text)),
            Self::Port(port) => write!(f, "A process without privileges cannot listen at port {port}."),
            Self::HostName(host) => {
                write!(f, "A socket of systemd needs an address, and '{}' is a name.", echo(host))
            }
            Self::Exists(paths) if paths.len() == 1 => {
                write!(f, "{} already exists with another text; nothing was written.", list(paths))
            }
            Self::Exists(paths) => {
                write!(
                    f,
                    "These files already exist with another text; nothing was written: {}.",
                    list(paths)
                )
            }
            Self::Io(path, error) => write!(f, "{} cannot be written: {error}.", printable(path)),
        }
    }
}

impl std::error::Error for DeployError {}

impl DeployError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotRecorded => "Write `manage::main!(…)`, or `manage::program!(…).main()`.".to_owned(),
            Self::NoSource(_) => "Run the command where the project is built.".to_owned(),
            Self::NoCargo => "Run the command where the project is built, as `cargo run --bin NAME startdeploy …`."
                .to_owned(),
            Self::NoLock(_) => "Run `cargo generate-lockfile`, and commit the file: images are built with its versions.".to_owned(),
            Self::Toolchain(..) => "Select a release there, such as 1.89.0 or stable.".to_owned(),
            Self::Outside(_, limit) => format!(
                "A build with Docker reads only one directory, here {}: move the packages into it, or name them by `git` or \
                 `version`.",
                printable(limit)
            ),
            Self::Alias(_) => {
                "Rename it: an alias of lower-case letters, digits and underscores is set by DATABASE_URL_<ALIAS>.".to_owned()
            }
            Self::NoDatabase => {
                "Set the kind of database that the deployment uses, such as DATABASE_URL=postgres://shop@db/shop: nothing of the \
                 URL is written. If an SQLite file is meant, name it: DATABASE_URL=sqlite:db.sqlite3."
                    .to_owned()
            }
            Self::NoHosts => {
                "Set MANAGE_SERVER_ALLOWED_HOSTS=example.org, or allowed_hosts = [\"example.org\"] below [server] in manage.toml, \
                 to the site's names."
                    .to_owned()
            }
            Self::Sqlite(_) => "Set the database that the pods use, such as DATABASE_URL=postgres://shop@db/shop, or use \
                                `startdeploy systemd`, which keeps the file on one machine."
                .to_owned(),
            Self::Image(..) => {
                "Write the name with the tag of a release, or with a digest: registry.example/shop:1.4.0.".to_owned()
            }
            Self::Port(_) => "Set address below [server] in manage.toml to a port from 1024 up; the Service listens at 80.".to_owned(),
            Self::HostName(_) => "Set address below [server] in manage.toml to an IP address and a port.".to_owned(),
            Self::Exists(_) => {
                "Compare with `--dry-run`, which prints the files. `--force` replaces what exists.".to_owned()
            }
            Self::Cargo(_) | Self::Name(..) | Self::Schedule(..) | Self::Io(..) => return None,
        })
    }
}

impl From<DeployError> for CommandError {
    fn from(error: DeployError) -> Self {
        let exit = match &error {
            DeployError::NoDatabase
            | DeployError::NoHosts
            | DeployError::Sqlite(_)
            | DeployError::Alias(_)
            | DeployError::HostName(_)
            | DeployError::Port(_) => Exit::CONFIGURATION,
            DeployError::Image(..) | DeployError::Schedule(..) => Exit::USAGE,
            _ => Exit::FAILURE,
        };
        let message = Self::new(error.to_string()).exit_code(exit);
        match error.hint() {
            Some(hint) => message.hint(hint),
            None => message,
        }
    }
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| printable(path).into_owned()).collect::<Vec<_>>().join(", ")
}
