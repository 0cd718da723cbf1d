//! The contenders: the same handlers by different servers, pools and languages.

use std::fmt;
use std::process::ExitCode;

use axum::Router;
use manage::database::{Pool, PostgresConnection};
use manage::server::Site;
use manage::settings::Environment;

use crate::process::{ADDRESS, CONTENDER, DATABASE_URL, POOL_SIZE};
use crate::{article, json};

/// What is asked for, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scenario {
    /// A JSON document of 250 bytes, by HTTP/1.1.
    Json,
    /// The same by HTTP/2 without TLS, with prior knowledge.
    Http2,
    /// A page with a row of PostgreSQL, by its primary key, by HTTP/1.1.
    Query,
}

impl Scenario {
    pub(crate) const ALL: [Self; 3] = [Self::Json, Self::Http2, Self::Query];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Http2 => "http2",
            Self::Query => "query",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Json => "a JSON document, HTTP/1.1",
            Self::Http2 => "a JSON document, HTTP/2 (16 requests at a time on a connection)",
            Self::Query => "a page with a row by its primary key from PostgreSQL, HTTP/1.1",
        }
    }
}

/// A contender of one scenario.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) scenario: Scenario,
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    by: By,
}

/// How a contender serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// axum alone.
    Axum,
    /// The command of a `manage` program, with its options.
    Manage(&'static [&'static str]),
    /// Django, which this program only starts.
    Django,
}

const SERVE: By = By::Manage(&["serve"]);
const NO_LOG: By = By::Manage(&["serve", "--no-access-log"]);
const RUNSERVER: By = By::Manage(&["runserver", "--no-access-log"]);

const fn kind(scenario: Scenario, name: &'static str, by: By, what: &'static str) -> Kind {
    Kind { scenario, name, what, by }
}

/// All contenders. The first one of a scenario is what the others are compared with.
pub(crate) const ALL: &[Kind] = &[
    kind(Scenario::Json, "axum", By::Axum, "axum::serve"),
    kind(Scenario::Json, "serve", SERVE, "serve with its access log into a file"),
    kind(
        Scenario::Json,
        "serve-json",
        By::Manage(&["serve", "--log-format", "json"]),
        "the same, log lines as JSON",
    ),
    kind(Scenario::Json, "serve-no-log", NO_LOG, "serve without its access log"),
    kind(Scenario::Http2, "axum", By::Axum, "axum::serve"),
    kind(Scenario::Http2, "serve", SERVE, "serve with its access log into a file"),
    kind(Scenario::Http2, "serve-no-log", NO_LOG, "serve without its access log"),
    kind(
        Scenario::Query,
        "r2d2",
        By::Axum,
        "axum::serve, Diesel's r2d2 pool as it is by default (it asks SELECT 1 before each use), libpq",
    ),
    kind(Scenario::Query, "r2d2-untested", By::Axum, "the same with test_on_check_out(false)"),
    kind(Scenario::Query, "axum", By::Axum, "axum::serve, manage's pool, Connection"),
    kind(Scenario::Query, "axum-postgres", By::Axum, "axum::serve, manage's pool, PostgresConnection"),
    kind(Scenario::Query, "axum-asked", By::Axum, "axum::serve, manage's pool with a query before each use"),
    kind(Scenario::Query, "serve", SERVE, "serve with its access log, Db (Connection)"),
    kind(Scenario::Query, "serve-no-log", NO_LOG, "serve without its access log, Db (Connection)"),
    kind(Scenario::Query, "serve-postgres", SERVE, "serve with its access log, Db<PostgresConnection>"),
    kind(
        Scenario::Query,
        "serve-async",
        SERVE,
        "serve with its access log, AsyncPgConnection in diesel-async's deadpool",
    ),
    kind(Scenario::Query, "runserver", RUNSERVER, "runserver without its access log, Db (Connection)"),
    kind(
        Scenario::Query,
        "runserver-limited",
        RUNSERVER,
        "the same with a time limit for each request, as serve has, and so for its statements",
    ),
    kind(
        Scenario::Query,
        "gunicorn",
        By::Django,
        "Django, gunicorn with 2 workers as they are by default: no persistent connections to clients",
    ),
    kind(
        Scenario::Query,
        "gunicorn-threads",
        By::Django,
        "Django, gunicorn with 2 workers of 8 threads each, which keep connections",
    ),
    kind(Scenario::Query, "django", By::Django, "Django's development server, which has a thread per client"),
];

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.scenario.name(), self.name)
    }
}

impl Kind {
    /// Returns the contender of a name such as `json/serve`.
    pub(crate) fn named(name: &str) -> &'static Self {
        ALL.iter().find(|kind| kind.to_string() == name).expect("a contender")
    }

    /// Returns the variables that it gets beside those of all.
    pub(crate) fn variables(&self) -> &'static [(&'static str, &'static str)] {
        match (self.by, self.name) {
            (_, "runserver-limited") => {
                &[("MANAGE_ENV", "development"), ("MANAGE_SERVER_REQUEST_TIMEOUT", "30")]
            }
            (RUNSERVER, _) => &[("MANAGE_ENV", "development")],
            _ => &[],
        }
    }

    pub(crate) fn is_django(&self) -> bool {
        self.by == By::Django
    }

    /// Serves in this process, until it is ended.
    pub(crate) fn run(&self) -> ExitCode {
        let address = variable(ADDRESS);
        match self.by {
            By::Axum => by_axum(&address, self.router(None)),
            By::Manage(words) => {
                let words = ["--skip-checks"].into_iter().chain(words.iter().copied());
                let output = manage::console::Output::standard();
                let program = manage::Program::new(&["serving"]);
                program.run(words.chain([address.as_str()]), Environment::process(), output).into()
            }
            By::Django => unreachable!("it is another program"),
        }
    }

    /// Returns its routes; `site` is that of `serve`.
    fn router(&self, site: Option<&Site>) -> Router {
        if self.scenario != Scenario::Query {
            return json::router();
        }
        let url = variable(DATABASE_URL);
        let settings = || article::settings(&url);
        let size = variable(POOL_SIZE).parse().expect("a number");
        match (self.name, site) {
            ("serve-postgres", Some(site)) => article::by_db::<PostgresConnection>(site),
            ("serve-async", _) => article::by_deadpool(settings(), size),
            (_, Some(site)) => article::by_db::<manage::database::Connection>(site),
            ("axum", _) => article::by_pool(Pool::new(settings(), size)),
            ("axum-postgres", _) => article::by_pool(Pool::new_as::<PostgresConnection>(settings(), size)),
            ("axum-asked", _) => article::by_pool(Pool::new_as::<article::Asked>(settings(), size)),
            (name, _) => article::by_r2d2(&url, size as u32, name == "r2d2"),
        }
    }
}

#[manage::router]
fn routes(site: &Site) -> manage::Result<Router> {
    Ok(Kind::named(&variable(CONTENDER)).router(Some(site)))
}

fn by_axum(address: &str, routes: Router) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(address).await.expect("a free port");
        axum::serve(listener, routes).await.expect("it serves");
    });
    ExitCode::SUCCESS
}

pub(crate) fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("the variable {name} is set"))
}
