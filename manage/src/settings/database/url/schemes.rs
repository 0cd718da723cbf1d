//! The database that a URL's scheme means, including the spellings of other frameworks.

/// What a scheme means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Postgres,
    Mysql,
    Mariadb,
    Sqlite,
    /// SQLite with a driver's name, whose paths begin one slash later.
    SqlalchemySqlite,
    /// A database that is not supported, and what to write instead.
    Other(&'static str),
}

/// Returns the meaning of a scheme; `None` if it is unknown. The part after a `+` is SQLAlchemy's driver,
/// which does not change the server.
pub(super) fn scheme(text: &str) -> Option<Scheme> {
    let text = text.to_ascii_lowercase();
    let (name, driver) = match text.split_once('+') {
        Some((name, driver)) => (name, Some(driver)),
        None => (text.as_str(), None),
    };
    if driver.is_some_and(|driver| {
        driver.is_empty() || !driver.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    }) {
        return None;
    }
    Some(match (name, driver) {
        ("postgres" | "postgresql" | "pgsql" | "psql", _) => Scheme::Postgres,
        // PostgreSQL with an extension: GeoDjango, dj-database-url.
        ("postgis" | "timescale" | "timescaledb" | "timescalegis", None) => Scheme::Postgres,
        ("mysql", _) => Scheme::Mysql,
        // Rails, dj-database-url, GeoDjango.
        ("mysql2" | "trilogy" | "mysql-connector" | "mysqlgis", None) => Scheme::Mysql,
        ("mariadb", _) => Scheme::Mariadb,
        ("sqlite" | "sqlite3", None) => Scheme::Sqlite,
        ("sqlite", Some("pysqlcipher" | "sqlcipher")) => {
            Scheme::Other("the files of SQLCipher are encrypted; write sqlite:PATH for a plain one")
        }
        ("sqlite", Some(_)) => Scheme::SqlalchemySqlite,
        ("spatialite", _) => Scheme::Other("write sqlite:PATH; the extension is not loaded"),
        ("libsql" | "turso", _) => Scheme::Other("write sqlite:PATH for a file"),
        ("cockroach" | "cockroachdb" | "crdb" | "redshift" | "yugabyte" | "yugabytedb", _) => {
            Scheme::Other("it has no advisory locks as PostgreSQL's, which migrations need")
        }
        ("mysqlx", _) => Scheme::Other("write mysql:// and the port of the classic protocol, 3306"),
        ("oracle" | "mssql" | "sqlserver" | "mongodb" | "db2" | "snowflake" | "clickhouse" | "duckdb", _) => {
            Scheme::Other("known are postgres, mysql, mariadb, sqlite")
        }
        _ => return None,
    })
}
