//! The page with one query: the same for each pool.

use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::response::Html;
use axum::routing::get;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::r2d2::ConnectionManager;
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::Pool as AsyncPool;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use manage::database::{Connect, ConnectError, Connection, Pool, Poolable, PostgresConnection};
use manage::server::{Db, HandlerError, Site};
use manage::settings::{Backend, DatabaseSettings, Origin};

diesel::table! {
    serving_articles (id) {
        id -> Integer,
        title -> Text,
        text -> Text,
    }
}

const PATH: &str = "/articles/{id}";

type Row = (i32, String, String);

fn page((id, title, text): &Row) -> Html<String> {
    Html(format!(
        "<!doctype html><title>{title}</title><article id=\"a{id}\"><h1>{title}</h1><p>{text}</p></article>"
    ))
}

fn failed(error: impl std::fmt::Display) -> Html<String> {
    Html(format!("failed: {error}"))
}

/// As an app of `serve` does it.
pub(crate) fn by_db<C: Poolable + Article>(site: &Site) -> Router {
    let handler = async |Path(id): Path<i32>, db: Db<C>| -> Result<Html<String>, HandlerError> {
        let row = db.run(move |connection| connection.article(id)).await?;
        Ok(page(&row))
    };
    Router::new().route(PATH, get(handler)).with_state(site.clone())
}

pub(crate) fn by_pool<C: Poolable + Article>(pool: Pool<C>) -> Router {
    let handler = move |Path(id): Path<i32>| async move {
        let row = pool.run(move |connection| connection.article(id).map_err(manage::Error::from)).await;
        row.map_or_else(failed, |row| page(&row))
    };
    Router::new().route(PATH, get(handler))
}

pub(crate) fn by_r2d2(url: &str, size: u32, tests: bool) -> Router {
    let manager = ConnectionManager::<PgConnection>::new(url);
    let builder = diesel::r2d2::Pool::builder().max_size(size).test_on_check_out(tests);
    let pool = builder.build(manager).expect("a pool");
    let handler = move |Path(id): Path<i32>| async move {
        let work = move || {
            let mut connection = pool.get().map_err(|error| error.to_string())?;
            connection.article(id).map_err(|error| error.to_string())
        };
        let row = tokio::task::spawn_blocking(work).await.expect("no panic");
        row.map_or_else(failed, |row| page(&row))
    };
    Router::new().route(PATH, get(handler))
}

/// The pool of docs/guide/diesel-async.md.
pub(crate) fn by_deadpool(settings: DatabaseSettings, size: usize) -> Router {
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(move |_url| {
        let opening = manage::database::open_async(settings.clone());
        Box::pin(async {
            opening.await.map_err(|error| diesel::ConnectionError::BadConnection(error.to_string()))
        })
    });
    let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new_with_config("", config);
    let pool = AsyncPool::builder(manager).max_size(size).build().expect("a pool");
    let handler = move |Path(id): Path<i32>| async move {
        let mut connection = match pool.get().await {
            Ok(connection) => connection,
            Err(error) => return failed(error),
        };
        let query = serving_articles::table.find(id);
        let row = diesel_async::RunQueryDsl::first::<Row>(query, &mut connection).await;
        row.map_or_else(failed, |row| page(&row))
    };
    Router::new().route(PATH, get(handler))
}

/// The page's query.
pub(crate) trait Article {
    fn article(&mut self, id: i32) -> QueryResult<Row>;
}

macro_rules! article {
    ($($connection:ty),+) => {
        $(impl Article for $connection {
            fn article(&mut self, id: i32) -> QueryResult<Row> {
                serving_articles::table.find(id).first(self)
            }
        })+
    };
}

article!(PgConnection, PostgresConnection, Connection);

/// A connection that the pool tests by a query before each use.
pub(crate) struct Asked(Connection);

impl Connect for Asked {
    fn backends() -> &'static [Backend] {
        Connection::backends()
    }

    fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        Connection::open(settings).map(Self)
    }
}

impl Poolable for Asked {
    fn check(&mut self, settings: &DatabaseSettings, limit: Duration) -> Result<(), ConnectError> {
        self.0.check(settings, limit)
    }

    fn is_broken(&mut self) -> bool {
        self.0.is_broken()
    }
}

impl Article for Asked {
    fn article(&mut self, id: i32) -> QueryResult<Row> {
        self.0.article(id)
    }
}

pub(crate) fn settings(url: &str) -> DatabaseSettings {
    DatabaseSettings::from_url("default", url, Origin::Code).expect("a URL")
}

/// Creates the table with a thousand rows.
pub(crate) fn create_table(url: &str) {
    use diesel::connection::SimpleConnection as _;
    let sql = "DROP TABLE IF EXISTS serving_articles;
         CREATE TABLE serving_articles (id integer PRIMARY KEY, title text NOT NULL, text text NOT NULL);
         INSERT INTO serving_articles SELECT i, 'Title ' || i, repeat('some words ', 50) FROM generate_series(1, 1000) i;
         ANALYZE serving_articles";
    connect(url).batch_execute(sql).expect("a table");
}

pub(crate) fn connect(url: &str) -> PgConnection {
    <PgConnection as diesel::Connection>::establish(url).expect("a server")
}
