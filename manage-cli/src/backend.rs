//! The kinds of databases, and what a project's files say about them.

use crate::cli::DatabaseChoice;

/// A kind of database, in the order of Cargo features and directories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Backend {
    Mysql,
    Postgres,
    Sqlite,
}

pub(crate) const ALL: [Backend; 3] = [Backend::Mysql, Backend::Postgres, Backend::Sqlite];

impl Backend {
    /// Returns the name of the framework's feature, and of the backend in `migrations!`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mysql => "mysql",
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
        }
    }

    /// Returns the backend of a feature of Diesel or of diesel-async.
    pub(crate) fn of_feature(feature: &str) -> Option<Self> {
        match feature {
            "mysql" | "mysql_backend" => Some(Self::Mysql),
            "postgres" | "postgres_backend" => Some(Self::Postgres),
            "sqlite" | "returning_clauses_for_sqlite_3_35" => Some(Self::Sqlite),
            _ => None,
        }
    }

    /// Returns the backend of a directory of migrations.
    pub(crate) fn of_directory(name: &str) -> Option<Self> {
        match name {
            "mysql" | "mariadb" => Some(Self::Mysql),
            "postgres" | "postgresql" | "pg" => Some(Self::Postgres),
            "sqlite" | "sqlite3" => Some(Self::Sqlite),
            _ => None,
        }
    }
}

impl DatabaseChoice {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Several => "several",
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
        }
    }

    pub(crate) fn backends(self) -> Vec<Backend> {
        match self {
            Self::Several => ALL.to_vec(),
            Self::Sqlite => vec![Backend::Sqlite],
            Self::Postgres => vec![Backend::Postgres],
            Self::Mysql => vec![Backend::Mysql],
        }
    }

    /// Returns the type of the project's connection.
    pub(crate) fn connection(self) -> &'static str {
        match self {
            Self::Several => "manage::database::Connection",
            Self::Sqlite => "manage::database::SqliteConnection",
            Self::Postgres => "manage::database::PostgresConnection",
            Self::Mysql => "manage::database::MysqlConnection",
        }
    }

    /// Returns the URL of a database for development.
    pub(crate) fn url(self) -> String {
        match self {
            Self::Sqlite => "sqlite:db.sqlite3",
            Self::Postgres | Self::Several => "postgres://app:secret@localhost:5432/app",
            Self::Mysql => "mysql://app:secret@localhost:3306/app",
        }
        .to_owned()
    }
}
