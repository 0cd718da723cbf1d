//! Requests to a project's routes, without a server.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use tower_service::Service as _;

use super::Project;
use super::project::reported;
use crate::block_on::block_on;
use crate::cli::failure_hint;
use crate::error::Result;
use crate::server::{Site, failed, router};

/// What a route has answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answer {
    /// The status: `200 OK`.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
    /// The error with which the handler failed, and its causes. The server writes them to its log.
    pub error: Option<String>,
}

impl Answer {
    /// Returns the body as text.
    ///
    /// # Panics
    ///
    /// If it is not UTF-8.
    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_else(|error| panic!("The body is not UTF-8: {error}"))
    }

    /// Returns itself if its status is this one.
    ///
    /// # Panics
    ///
    /// With the handler's error or the body, if not.
    #[track_caller]
    pub fn expect_status(self, status: u16) -> Self {
        let body = String::from_utf8_lossy(&self.body);
        let why = self.error.as_deref().unwrap_or(&body);
        assert!(self.status == status, "expected status {status}, not {}:\n{why}", self.status);
        self
    }
}

impl Project {
    /// Sends a GET request to the program's routes, as [`Project::request`] does.
    ///
    /// ```no_run
    /// use manage::testing::Project;
    ///
    /// let project = Project::new(manage::program!(shop)).with_database();
    /// assert_eq!(project.get("/").expect_status(200).text(), "A shop\n");
    /// assert_eq!(project.get("/no/such/page").status, 404);
    /// ```
    ///
    /// # Panics
    ///
    /// As [`Project::request`], and if `path` is not a path with an optional query.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).body(Body::empty());
        self.request(request.unwrap_or_else(|error| panic!("'{path}' is not a path: {error}")))
    }

    /// Sends a request to the program's routes, with the project's settings and databases, and returns the
    /// answer. There is no server in between: no host is checked, no limit applies, and nothing is logged.
    ///
    /// # Panics
    ///
    /// If the program has no routes, its function for them fails, a handler panics, or the body cannot be read.
    #[track_caller]
    pub fn request(&self, request: Request<impl Into<Body>>) -> Answer {
        self.answer(request.map(Into::into)).unwrap_or_else(|error| panic!("{}", reported(&error)))
    }

    fn answer(&self, request: Request<Body>) -> Result<Answer> {
        let answered = self.call(|cx| {
            let routes = router(cx.program(), &Site::new(cx.settings()?.clone()))?;
            let Some(mut routes) = routes else { anyhow::bail!("The program has no routes.") };
            block_on(async {
                let response = match routes.call(request).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                };
                let (parts, body) = response.into_parts();
                let error = failed(&parts.extensions).map(|error| {
                    let hint = failure_hint(cx, error).map(|hint| format!("\nHint: {hint}"));
                    format!("{error:#}{}", hint.unwrap_or_default())
                });
                let body = to_bytes(body, usize::MAX).await?.to_vec();
                Ok::<_, anyhow::Error>(Answer { status: parts.status, headers: parts.headers, body, error })
            })
        });
        answered.returned
    }
}
