//! The servers of the benchmark's own, and the addresses of their databases.

use std::path::{Path, PathBuf};

use diesel::connection::{Connection as _, SimpleConnection as _};
use manage_test_support::{MariaDb, PgBouncer, Postgres};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::rows::Row;
use crate::schema::{ITEMS, WIDE, fill};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Where the contenders connect to.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// For all rows but those that connect.
    pub main: String,
    /// Without a password.
    pub trusted: Option<String>,
    /// With a password: SCRAM on PostgreSQL, `mysql_native_password` on MariaDB.
    pub password: Option<String>,
    /// A pooler does not support prepared statements: Diesel's and diesel-async's connections work only
    /// without their statement cache.
    pub without_cache: bool,
}

impl Addresses {
    pub fn connect(&self, row: Row) -> Option<&str> {
        match row {
            Row::ConnectPassword => self.password.as_deref(),
            _ => self.trusted.as_deref(),
        }
    }
}

/// How PostgreSQL is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Via {
    /// TCP on 127.0.0.1
    #[default]
    Tcp,
    /// A Unix socket
    Socket,
    /// PgBouncer with transaction pooling, over TCP
    Pgbouncer,
}

/// A database with its tables, which ends with this value.
pub struct Database {
    pub addresses: Addresses,
    /// For the untimed work: through Diesel's own connection.
    admin: Admin,
    _server: Server,
}

enum Admin {
    Pg(diesel::PgConnection),
    Mysql(diesel::MysqlConnection),
    Sqlite(diesel::SqliteConnection),
}

/// What ends with the benchmark, in this order.
enum Server {
    Postgres(#[expect(dead_code)] Option<PgBouncer>, #[expect(dead_code)] Postgres),
    MariaDb(#[expect(dead_code)] MariaDb),
    Sqlite(#[expect(dead_code)] tempfile::TempDir),
}

/// No write waits for the disk: a disk would be all that is measured.
const POSTGRES: [&str; 5] =
    ["fsync = off", "synchronous_commit = off", "shared_buffers = 128MB", "max_wal_size = 4GB", "jit = off"];

const MARIADB: [&str; 3] =
    ["innodb-buffer-pool-size = 256M", "innodb-log-file-size = 256M", "innodb-flush-log-at-trx-commit = 0"];

impl Database {
    pub fn postgres(via: Via) -> Result<Self> {
        let mut builder = Postgres::builder()
            .hba(["host trusted all 127.0.0.1/32 trust", "host all all 127.0.0.1/32 scram-sha-256"]);
        for line in POSTGRES {
            builder = builder.setting(line);
        }
        let server = builder.start()?;
        server.create_database("bench");
        server.create_database("trusted");
        let plain = |database| server.url(database) + "?sslmode=disable";
        let directory =
            utf8_percent_encode(&server.socket_dir().to_string_lossy(), NON_ALPHANUMERIC).to_string();
        let socket = format!("postgres://{}@{directory}:{}/bench", server.user(), server.port());
        let admin = Admin::Pg(diesel::PgConnection::establish(&plain("bench"))?);
        let mut addresses = Addresses {
            main: plain("bench"),
            trusted: Some(plain("trusted")),
            password: Some(plain("bench")),
            without_cache: false,
        };
        let mut bouncer = None;
        match via {
            Via::Tcp => {}
            Via::Socket => {
                addresses.main = socket.clone();
                addresses.trusted = Some(socket);
                addresses.password = None;
            }
            Via::Pgbouncer => {
                let started = PgBouncer::start(
                    &server,
                    &["pool_mode = transaction", "ignore_startup_parameters = extra_float_digits"],
                )?;
                addresses.main = started.url("bench") + "?sslmode=disable";
                addresses.trusted = None;
                addresses.password = Some(addresses.main.clone());
                addresses.without_cache = true;
                bouncer = Some(started);
            }
        }
        let mut database = Self { addresses, admin, _server: Server::Postgres(bouncer, server) };
        database.create("SERIAL PRIMARY KEY", "BIGINT", "TEXT", "BOOLEAN", "TEXT")?;
        database.execute("ANALYZE")?;
        Ok(database)
    }

    pub fn mariadb() -> Result<Self> {
        let mut builder = MariaDb::builder();
        for line in MARIADB {
            builder = builder.setting(line);
        }
        let server = builder.start()?;
        server.create_database("bench");
        server.execute("CREATE USER open@'%'; GRANT ALL PRIVILEGES ON *.* TO open@'%'");
        let main = server.url("bench");
        let trusted = format!("mysql://open@127.0.0.1:{}/bench", server.port());
        let admin = Admin::Mysql(diesel::MysqlConnection::establish(&main)?);
        let addresses = Addresses {
            main: main.clone(),
            trusted: Some(trusted),
            password: Some(main),
            without_cache: false,
        };
        let mut database = Self { addresses, admin, _server: Server::MariaDb(server) };
        database.execute("SET max_recursive_iterations = 10000000")?;
        database.create("INTEGER AUTO_INCREMENT PRIMARY KEY", "BIGINT", "TEXT", "BOOLEAN", "CHAR")?;
        Ok(database)
    }

    /// In memory where the system has a directory for it, so that no commit waits for a disk.
    pub fn sqlite() -> Result<Self> {
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let directory = tempfile::Builder::new().prefix("manage-queries-").tempdir_in(parent)?;
        let file: PathBuf = directory.path().join("bench.sqlite3");
        let file = file.to_str().ok_or("the temporary directory is not UTF-8")?;
        let mut admin = diesel::SqliteConnection::establish(file)?;
        admin.batch_execute("PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 30000;")?;
        let main = format!("sqlite://{file}");
        let addresses =
            Addresses { main: main.clone(), trusted: Some(main), password: None, without_cache: false };
        let mut database =
            Self { addresses, admin: Admin::Sqlite(admin), _server: Server::Sqlite(directory) };
        database.create("INTEGER PRIMARY KEY NOT NULL", "BIGINT", "TEXT", "BOOLEAN", "TEXT")?;
        Ok(database)
    }

    fn create(&mut self, id: &str, big: &str, text: &str, flag: &str, text_cast: &str) -> Result<()> {
        for table in ["items", "wide", "notes", "doomed"] {
            self.execute(&format!(
                "CREATE TABLE {table} (id {id}, owner {big} NOT NULL, title {text} NOT NULL, \
                 body {text} NOT NULL, active {flag} NOT NULL)"
            ))?;
        }
        self.execute(&fill("items", ITEMS, text_cast))?;
        self.execute(&fill("wide", WIDE, text_cast))
    }

    /// Fills the table that the deletes empty, with ids from 1.
    pub fn fill_doomed(&mut self, count: i32) -> Result<()> {
        let text_cast = if matches!(self.admin, Admin::Mysql(_)) { "CHAR" } else { "TEXT" };
        self.empty("doomed")?;
        self.execute(&fill("doomed", count, text_cast))
    }

    /// Empties a table.
    pub fn empty(&mut self, table: &str) -> Result<()> {
        let sql = if matches!(self.admin, Admin::Sqlite(_)) { "DELETE FROM" } else { "TRUNCATE TABLE" };
        self.execute(&format!("{sql} {table}"))
    }

    fn execute(&mut self, sql: &str) -> Result<()> {
        match &mut self.admin {
            Admin::Pg(connection) => connection.batch_execute(sql)?,
            Admin::Mysql(connection) => connection.batch_execute(sql)?,
            Admin::Sqlite(connection) => connection.batch_execute(sql)?,
        }
        Ok(())
    }
}

/// Returns the file of an address.
pub fn sqlite_file(url: &str) -> &str {
    url.trim_start_matches("sqlite://")
}
