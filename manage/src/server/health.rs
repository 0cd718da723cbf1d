//! `/healthz` and `/readyz`, for supervisors and load balancers.
//!
//! They are asked every few seconds, by address, and by anybody: so they are not logged, any host is allowed,
//! a response has no details, and the databases are asked at most about once a second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use hyper::header::{ALLOW, CACHE_CONTROL, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use tokio::sync::Mutex;

use super::draining::Draining;
use super::log::Log;
use super::page;
use super::routes::{AppRoutes, claims};
use crate::command::Program;
use crate::console::{Role, printable};
use crate::database::probe;
use crate::migrations;
use crate::settings::{DatabaseSettings, Settings};

/// The process serves.
const ALIVE: &str = "/healthz";
/// The process can handle requests: its databases answer, and all migrations are applied.
const READY: &str = "/readyz";

/// How long a result holds.
const CACHE: Duration = Duration::from_secs(1);

/// The time limit for one database.
const LIMIT: Duration = Duration::from_secs(1);

/// The server's health checks. By default it has none.
#[derive(Clone, Default)]
pub(crate) struct Health(Option<Arc<Shared>>);

struct Shared {
    program: Program,
    databases: Vec<DatabaseSettings>,
    draining: Draining,
    errors: Log,
    /// The paths that no app has.
    paths: Vec<&'static str>,
    readiness: Arc<Mutex<Option<(Instant, Readiness)>>>,
}

impl std::fmt::Debug for Health {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.paths()).finish()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Readiness {
    Ready,
    NoDatabase,
    NotMigrated,
    Draining,
}

impl Readiness {
    fn text(self) -> &'static str {
        match self {
            Self::Ready => "ready\n",
            Self::NoDatabase => "not ready: database\n",
            Self::NotMigrated => "not ready: migrations\n",
            Self::Draining => "not ready: shutting down\n",
        }
    }
}

impl Health {
    /// Creates the checks. A path for which an app has a route is the app's. `errors` gets a line when
    /// readiness changes.
    pub(crate) fn new(
        program: &Program,
        settings: &Settings,
        apps: &[AppRoutes],
        draining: Draining,
        errors: Log,
    ) -> Self {
        Self(Some(Arc::new(Shared {
            program: program.clone(),
            databases: settings.databases().cloned().collect(),
            draining,
            errors,
            paths: health_paths(apps),
            readiness: Arc::default(),
        })))
    }

    /// Returns whether a request for this path is a health check.
    pub(super) fn has(&self, path: &str) -> bool {
        self.paths().contains(&path)
    }

    fn paths(&self) -> &[&'static str] {
        self.0.as_ref().map_or(&[], |shared| &shared.paths)
    }

    /// Answers a health check.
    pub(super) async fn answer<B>(&self, request: &Request<B>) -> Response<Body> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut response = page::text(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed\n");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET,HEAD"));
            return response;
        }
        let mut response = if request.uri().path() == ALIVE {
            page::text(StatusCode::OK, "ok\n")
        } else {
            let readiness = self.readiness().await;
            let status = match readiness {
                Readiness::Ready => StatusCode::OK,
                _ => StatusCode::SERVICE_UNAVAILABLE,
            };
            page::text(status, readiness.text())
        };
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    async fn readiness(&self) -> Readiness {
        let Some(shared) = self.0.clone() else { return Readiness::NoDatabase };
        if shared.draining.has_begun() {
            return Readiness::Draining;
        }
        // A task of its own: a client that disconnects must not make the next one ask the databases again.
        let checked = tokio::spawn(async move {
            let mut last = shared.readiness.lock().await;
            if let Some((at, readiness)) = *last
                && at.elapsed() < CACHE
            {
                return readiness;
            }
            let readiness = shared.check(last.map(|(_, readiness)| readiness)).await;
            *last = Some((Instant::now(), readiness));
            readiness
        });
        checked.await.unwrap_or(Readiness::NoDatabase)
    }
}

/// Returns the paths of the health checks that no app has.
pub(super) fn health_paths(apps: &[AppRoutes]) -> Vec<&'static str> {
    [ALIVE, READY].into_iter().filter(|path| !claims(apps, path)).collect()
}

impl Shared {
    /// Asks all databases at the same time.
    async fn check(&self, before: Option<Readiness>) -> Readiness {
        let asked: Vec<_> = self
            .databases
            .iter()
            .map(|database| {
                let (program, database) = (self.program.clone(), database.clone());
                tokio::task::spawn_blocking(move || check_database(&program, &database))
            })
            .collect();
        let mut result = (Readiness::Ready, String::new());
        for checked in asked {
            match checked.await {
                Ok(Ok(())) => {}
                // The first reason is reported; a database that is down is worse than a missing migration.
                Ok(Err(found)) if result.0 != Readiness::NoDatabase => result = found,
                Ok(Err(_)) => {}
                Err(_) => result = (Readiness::NoDatabase, "the check failed".to_owned()),
            }
        }
        let (readiness, reason) = result;
        match readiness {
            _ if before == Some(readiness) => {}
            // Nothing has changed for the first time.
            Readiness::Ready if before.is_none() => {}
            Readiness::Ready => self.log(Role::Notice, "Ready again."),
            _ => self.log(Role::Warning, &format!("Not ready: {reason}")),
        }
        readiness
    }

    fn log(&self, role: Role, text: &str) {
        // A broken log is not a reason to stop serving.
        self.errors.report(role, &printable(text));
    }
}

/// Checks one database. The program's migrations belong to the database `default`.
fn check_database(program: &Program, database: &DatabaseSettings) -> Result<(), (Readiness, String)> {
    if database.alias != DatabaseSettings::DEFAULT_ALIAS {
        return probe(database, LIMIT)
            .map(drop)
            .map_err(|error| (Readiness::NoDatabase, format!("database {}: {error}", database.alias)));
    }
    match migrations::unapplied(program, database) {
        Ok(unapplied) if unapplied.is_empty() => Ok(()),
        Ok(unapplied) => {
            let text = format!("{} unapplied migration(s)", unapplied.len());
            Err((Readiness::NotMigrated, text))
        }
        Err(error) => Err((Readiness::NoDatabase, format!("database {}: {error:#}", database.alias))),
    }
}
