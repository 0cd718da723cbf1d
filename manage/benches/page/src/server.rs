//! The contenders: the same page by different servers and pools.

use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::response::Html;
use axum::routing::get;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::r2d2::ConnectionManager;
use manage::database::{Connect, ConnectError, Connection, Pool, Poolable, PostgresConnection};
use manage::server::Site;
use manage::settings::{Backend, DatabaseSettings, Environment, Origin};

/// The variable that makes this program a contender.
pub(crate) const CONTENDER: &str = "PAGE_CONTENDER";

pub(crate) const ADDRESS: &str = "PAGE_ADDRESS";
pub(crate) const URL: &str = "DATABASE_URL";
pub(crate) const POOL_SIZE: &str = "MANAGE_POOL_MAX_SIZE";

/// Their names, and what they are.
pub(crate) const CONTENDERS: &[(&str, &str)] = &[
    ("r2d2", "axum, Diesel's r2d2 pool as it is by default (it asks SELECT 1 before each use), libpq"),
    ("r2d2-untested", "the same with test_on_check_out(false)"),
    ("ours", "runserver without its access log, manage::Connection"),
    ("ours-limited", "the same with a time limit for each request, and so for its statements"),
    ("ours-log", "runserver with its access log into a file, manage::Connection"),
    ("ours-postgres", "runserver without its access log, PostgresConnection"),
    ("axum-ours", "axum, our pool, manage::Connection"),
    ("axum-postgres", "axum, our pool, PostgresConnection"),
    ("axum-asked", "axum, our pool with a query before each use, manage::Connection"),
];

diesel::table! {
    page_articles (id) {
        id -> Integer,
        title -> Text,
        text -> Text,
    }
}

type Row = (i32, String, String);

pub(crate) fn run(name: &str) -> ExitCode {
    let url = variable(URL);
    let address = variable(ADDRESS);
    let size: usize = variable(POOL_SIZE).parse().expect("a number");
    match name {
        "r2d2" | "r2d2-untested" => serve(&address, by_r2d2(&url, size as u32, name == "r2d2")),
        "axum-ours" => serve(&address, by_pool(Pool::new(settings(&url), size))),
        "axum-postgres" => serve(&address, by_pool(Pool::new_as::<PostgresConnection>(settings(&url), size))),
        "axum-asked" => serve(&address, by_pool(Pool::new_as::<Asked>(settings(&url), size))),
        _ => {
            let log = if name == "ours-log" { None } else { Some("--no-access-log") };
            let words = ["--skip-checks", "runserver", &address].into_iter().chain(log);
            let output = manage::console::Output::standard();
            manage::Program::new(&["page"]).run(words, Environment::process(), output).into()
        }
    }
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("the variable {name} is set"))
}

pub(crate) fn settings(url: &str) -> DatabaseSettings {
    DatabaseSettings::from_url("default", url, Origin::Code).expect("a URL")
}

/// Serves with axum alone.
fn serve(address: &str, routes: Router) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(address).await.expect("a free port");
        axum::serve(listener, routes).await.expect("it serves");
    });
    ExitCode::SUCCESS
}

#[manage::router]
fn routes(site: &Site) -> manage::Result<Router> {
    Ok(match std::env::var(CONTENDER).as_deref() {
        Ok("ours-postgres") => by_pool(site.pool_as::<PostgresConnection>()),
        _ => by_pool::<Connection>(site.pool()),
    })
}

fn by_pool<C>(pool: Pool<C>) -> Router
where
    C: Poolable + Article,
{
    let page = move |Path(id): Path<i32>| async move {
        Html(match pool.run(move |connection| connection.article(id).map_err(manage::Error::from)).await {
            Ok(row) => page(&row),
            Err(error) => format!("failed: {error:#}"),
        })
    };
    Router::new().route("/articles/{id}", get(page))
}

fn by_r2d2(url: &str, size: u32, tests: bool) -> Router {
    let manager = ConnectionManager::<PgConnection>::new(url);
    let builder = diesel::r2d2::Pool::builder().max_size(size).test_on_check_out(tests);
    let pool = builder.build(manager).expect("a pool");
    let page = move |Path(id): Path<i32>| async move {
        let work = move || {
            let mut connection = pool.get().map_err(|error| error.to_string())?;
            connection.article(id).map_err(|error| error.to_string())
        };
        Html(match tokio::task::spawn_blocking(work).await.expect("no panic") {
            Ok(row) => page(&row),
            Err(error) => format!("failed: {error}"),
        })
    };
    Router::new().route("/articles/{id}", get(page))
}

/// The page's query.
trait Article {
    fn article(&mut self, id: i32) -> QueryResult<Row>;
}

macro_rules! article {
    ($($connection:ty),+) => {
        $(impl Article for $connection {
            fn article(&mut self, id: i32) -> QueryResult<Row> {
                page_articles::table.find(id).first(self)
            }
        })+
    };
}

article!(PgConnection, PostgresConnection, Connection);

/// A connection that the pool tests by a query before each use.
struct Asked(Connection);

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

fn page((id, title, text): &Row) -> String {
    format!(
        "<!doctype html><title>{title}</title><article id=\"a{id}\"><h1>{title}</h1><p>{text}</p></article>"
    )
}

/// Creates the table with a thousand rows.
pub(crate) fn create_table(url: &str) {
    use diesel::connection::SimpleConnection as _;
    let mut connection = connect(url);
    let sql = "DROP TABLE IF EXISTS page_articles;
         CREATE TABLE page_articles (id integer PRIMARY KEY, title text NOT NULL, text text NOT NULL);
         INSERT INTO page_articles SELECT i, 'Title ' || i, repeat('some words ', 50) FROM generate_series(1, 1000) i;
         ANALYZE page_articles";
    connection.batch_execute(sql).expect("a table");
}

pub(crate) fn connect(url: &str) -> PgConnection {
    <PgConnection as diesel::Connection>::establish(url).expect("a server")
}

/// Ends the sessions that run nothing, and returns how many.
pub(crate) fn kill_idle(connection: &mut PgConnection) -> usize {
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND state = 'idle' AND pid <> pg_backend_pid()";
    diesel::sql_query(sql).execute(connection).expect("an answer")
}
