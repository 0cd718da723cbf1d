//! What a test needs that may not be installed.

use std::fmt;

use crate::find::{self, Unavailable};
use crate::{mariadb, postgres};

/// The environment variable that lists, with commas, the needs whose absence fails the tests instead of skipping them.
pub const REQUIRE: &str = "MANAGE_TEST_REQUIRE";

/// Something that a test needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// The PostgreSQL server and its client.
    Postgres,
    /// The MariaDB server and its client.
    MariaDb,
    /// Any program on PATH.
    Program(&'static str),
}

impl Need {
    /// Its name in [`REQUIRE`].
    pub fn name(&self) -> &str {
        match self {
            Self::Postgres => "postgres",
            Self::MariaDb => "mariadb",
            Self::Program(name) => name,
        }
    }

    /// How to install it.
    pub fn install(&self) -> String {
        match self {
            Self::Postgres => postgres::INSTALL.to_owned(),
            Self::MariaDb => mariadb::INSTALL.to_owned(),
            Self::Program(name) => format!("make the program `{name}` available on PATH"),
        }
    }

    /// Whether it is required on this machine.
    pub fn is_required(&self) -> bool {
        let list = std::env::var(REQUIRE).unwrap_or_default();
        list.split(',').any(|name| name.trim() == self.name())
    }

    /// Why it is not there, if it is not. Nothing is started to find out.
    pub fn missing(&self) -> Option<Unavailable> {
        let programs: &[&str] = match self {
            Self::Postgres => &["postgres", "initdb", "psql"],
            Self::MariaDb => &["mariadbd", "mariadb-install-db", "mariadb"],
            Self::Program(name) => {
                let missing =
                    || Unavailable::NotInstalled { program: (*name).to_owned(), install: self.install() };
                return find::on_path(name).is_none().then(missing);
            }
        };
        programs.iter().find_map(|program| find::find(program, &self.install()).err())
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postgres => f.write_str("PostgreSQL"),
            Self::MariaDb => f.write_str("MariaDB"),
            Self::Program(name) => write!(f, "the program `{name}`"),
        }
    }
}
