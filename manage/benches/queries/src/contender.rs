//! The connections that take part, behind one trait.

use std::path::Path;
use std::time::Duration;

use diesel::connection::{CacheSize, Connection as _, SimpleConnection as _};
use diesel_async::{AsyncConnection as _, AsyncMysqlConnection, AsyncPgConnection};
use manage::settings::{DatabaseSettings, Origin};
use tokio::runtime::Runtime;

use crate::measure::{Sample, Watch};
use crate::rows::Row;
use crate::servers::Addresses;
use crate::work;

pub type Outcome = Result<Sample, Box<dyn std::error::Error>>;

/// One type of connection. It keeps one open from row to row.
pub trait Contender {
    fn name(&self) -> &'static str;

    /// Does the work of a row so many times. `None`: this type does not support it.
    fn run(&mut self, row: Row, times: usize, first: i32) -> Option<Outcome>;
}

/// Writes the implementation for a type whose methods block.
macro_rules! blocking {
    ($name:ident, $title:literal, $module:ident, $connection:ty, [$($also:ident),*]) => {
        pub struct $name {
            connection: $connection,
            addresses: Addresses,
        }

        impl $name {
            pub fn new(addresses: &Addresses) -> Result<Self, Box<dyn std::error::Error>> {
                let mut connection = <$connection as Opens>::open(&addresses.main)?;
                if addresses.without_cache {
                    Opens::disable_cache(&mut connection);
                }
                Ok(Self { connection, addresses: addresses.clone() })
            }
        }

        impl Contender for $name {
            fn name(&self) -> &'static str {
                $title
            }

            fn run(&mut self, row: Row, times: usize, first: i32) -> Option<Outcome> {
                use work::$module;
                let connection = &mut self.connection;
                let outcome = match row {
                    Row::SelectOne => $module::select_one(connection, times),
                    Row::ByKey => $module::by_key(connection, times),
                    Row::Load => $module::load(connection, times),
                    Row::Insert => $module::insert(connection, times),
                    Row::Update => $module::update(connection, times),
                    Row::Delete => $module::delete(connection, first, times),
                    $(row if row.is(stringify!($also)) => $module::$also(connection, times),)*
                    Row::Connect | Row::ConnectPassword => {
                        let url = self.addresses.connect(row)?;
                        return Some(opening::<$connection>(url, times));
                    }
                    _ => return None,
                };
                Some(outcome.map_err(Into::into))
            }
        }
    };
}

/// Opens a connection as a program would.
trait Opens: Sized {
    type From;

    fn prepare(url: &str) -> Result<Self::From, Box<dyn std::error::Error>>;

    fn open_from(from: &Self::From) -> Result<Self, Box<dyn std::error::Error>>;

    fn open(url: &str) -> Result<Self, Box<dyn std::error::Error>> {
        Self::open_from(&Self::prepare(url)?)
    }

    /// For a pooler that does not support prepared statements.
    fn disable_cache(_connection: &mut Self) {}
}

fn opening<C: Opens>(url: &str, times: usize) -> Outcome {
    let from = C::prepare(url)?;
    let watch = Watch::start();
    for _ in 0..times {
        drop(C::open_from(&from)?);
    }
    Ok(watch.stop())
}

impl Opens for diesel::PgConnection {
    type From = String;

    fn prepare(url: &str) -> Result<String, Box<dyn std::error::Error>> {
        Ok(url.to_owned())
    }

    fn open_from(url: &String) -> Result<Self, Box<dyn std::error::Error>> {
        Ok(Self::establish(url)?)
    }

    fn disable_cache(connection: &mut Self) {
        connection.set_prepared_statement_cache_size(CacheSize::Disabled);
    }
}

impl Opens for diesel::MysqlConnection {
    type From = String;

    fn prepare(url: &str) -> Result<String, Box<dyn std::error::Error>> {
        Ok(url.to_owned())
    }

    fn open_from(url: &String) -> Result<Self, Box<dyn std::error::Error>> {
        Ok(Self::establish(url)?)
    }
}

impl Opens for diesel::SqliteConnection {
    type From = String;

    fn prepare(url: &str) -> Result<String, Box<dyn std::error::Error>> {
        Ok(crate::servers::sqlite_file(url).to_owned())
    }

    /// With the settings of this crate's connections, which a program needs as well.
    fn open_from(file: &String) -> Result<Self, Box<dyn std::error::Error>> {
        assert!(Path::new(file).exists());
        let mut connection = Self::establish(file)?;
        connection.batch_execute("PRAGMA busy_timeout = 30000; PRAGMA foreign_keys = ON;")?;
        Ok(connection)
    }
}

/// Our own types open from settings.
macro_rules! ours {
    ($($connection:ty),*) => {
        $(impl Opens for $connection {
            type From = DatabaseSettings;

            fn prepare(url: &str) -> Result<DatabaseSettings, Box<dyn std::error::Error>> {
                let mut settings = DatabaseSettings::from_url("default", url, Origin::Code)
                    .map_err(|error| error.problem.to_string())?;
                settings.connect_timeout = Duration::from_secs(10);
                Ok(settings)
            }

            fn open_from(settings: &DatabaseSettings) -> Result<Self, Box<dyn std::error::Error>> {
                Ok(<Self as manage::database::Connect>::open(settings)?)
            }
        })*
    };
}

ours!(manage::database::PostgresConnection, manage::database::MysqlConnection);
ours!(manage::database::SqliteConnection, manage::database::Connection);

blocking!(LibPq, "diesel::PgConnection", pg, diesel::PgConnection, [returning, batch]);
blocking!(LibMysql, "diesel::MysqlConnection", mysql, diesel::MysqlConnection, [batch]);
blocking!(DieselSqlite, "diesel::SqliteConnection", sqlite, diesel::SqliteConnection, [returning, batch]);
blocking!(Any, "manage::Connection", any, manage::database::Connection, [batch]);
blocking!(
    OurPg,
    "manage PostgresConnection",
    our_pg,
    manage::database::PostgresConnection,
    [returning, batch]
);
blocking!(OurMysql, "manage MysqlConnection", our_mysql, manage::database::MysqlConnection, [batch]);
blocking!(
    OurSqlite,
    "manage SqliteConnection",
    our_sqlite,
    manage::database::SqliteConnection,
    [returning, batch]
);

/// Writes the implementation for a type of diesel-async's, with a runtime on one thread.
macro_rules! asynchronous {
    ($name:ident, $title:literal, $module:ident, $connection:ty, [$($also:ident),*], |$cache:ident| $disable:expr) => {
        pub struct $name {
            // The order matters: the connection's task belongs to the runtime.
            connection: $connection,
            runtime: Runtime,
            addresses: Addresses,
        }

        impl $name {
            pub fn new(addresses: &Addresses) -> Result<Self, Box<dyn std::error::Error>> {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                #[allow(unused_mut)]
                let mut connection = runtime.block_on(<$connection>::establish(&addresses.main))?;
                if addresses.without_cache {
                    let $cache = &mut connection;
                    $disable;
                }
                Ok(Self { connection, runtime, addresses: addresses.clone() })
            }
        }

        impl Contender for $name {
            fn name(&self) -> &'static str {
                $title
            }

            fn run(&mut self, row: Row, times: usize, first: i32) -> Option<Outcome> {
                use work::$module;
                let connection = &mut self.connection;
                let runtime = &self.runtime;
                let outcome = match row {
                    Row::SelectOne => runtime.block_on($module::select_one(connection, times)),
                    Row::ByKey => runtime.block_on($module::by_key(connection, times)),
                    Row::Load => runtime.block_on($module::load(connection, times)),
                    Row::Insert => runtime.block_on($module::insert(connection, times)),
                    Row::Update => runtime.block_on($module::update(connection, times)),
                    Row::Delete => runtime.block_on($module::delete(connection, first, times)),
                    $(row if row.is(stringify!($also)) => runtime.block_on($module::$also(connection, times)),)*
                    Row::Connect | Row::ConnectPassword => {
                        let url = self.addresses.connect(row)?;
                        return Some(runtime.block_on(async {
                            let watch = Watch::start();
                            for _ in 0..times {
                                drop(<$connection>::establish(url).await?);
                            }
                            Ok(watch.stop())
                        }));
                    }
                    _ => return None,
                };
                Some(outcome.map_err(Into::into))
            }
        }
    };
}

asynchronous!(AsyncPg, "diesel-async", async_pg, AsyncPgConnection, [returning, batch], |connection| {
    use diesel_async::AsyncConnection as _;
    connection.set_prepared_statement_cache_size(CacheSize::Disabled)
});
asynchronous!(AsyncMysql, "diesel-async", async_mysql, AsyncMysqlConnection, [batch], |_connection| ());
